"""A search in words: its null, what was tested how often, what was found, and what that does not prove."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from stillwatch.model.trace_report import Finding, Input, KeyUsed, RankedP, Suspect, Test, TraceReport
from stillwatch.stats.holm import holm
from stillwatch.stats.ranked import ranked
from stillwatch.trace.keys.key import MarkKey
from stillwatch.trace.leak.scoring import KeyTable
from stillwatch.trace.leak.search import Leak
from stillwatch.trace.leak.share import marked_records
from stillwatch.trace.mark import green, gumbel
from stillwatch.trace.mark.options import Scheme

__all__ = ["About", "leak_report"]

_MOST_TESTS: Final = 50
_SCORES: Final = "sum of -ln(1 - u)"

NULL: Final = (
    "The texts were made without the key: by people, by another model, or by this one for somebody else. The key was "
    "drawn at random before the texts existed."
)
POPULATION: Final = (
    "All keys that might have been drawn. Nothing is assumed of the texts: each context counts once, so repeats and "
    "quotations add nothing."
)
LIMITS: Final = (
    "A mark shows that text was generated for an account under its key, not who put it anywhere or trained on it.",
    "Accounts are stolen, shared and resold: an account is not a person.",
    "Whoever holds a key can make its mark. The commitment shows since when the key was bound to the account.",
    "A null result clears nobody: paraphrase, translation and neutralisation remove marks.",
    "The p-value says how surprising the evidence would be without the key, not how much was taken.",
)


@dataclass(frozen=True, slots=True)
class About:
    """What the report says of its occasion.

    subject     Name of the suspect.
    alpha       Probability of any false rejection, in (0, 1).
    inputs      Files that were read.
    keys        Keys of the accounts, in the table's order: the commitments of those found are told.
    committed_at    Time of the ledger's entry that committed to them.
    """

    suspect: Suspect
    subject: str
    alpha: float
    made_at: datetime
    version: str
    inputs: Sequence[Input] = ()
    keys: Sequence[MarkKey] = ()
    apart: Sequence[str] = ()
    committed_at: datetime | None = None


def leak_report(leak: Leak, table: KeyTable, about: About) -> TraceReport:
    """Report of a search; Holm over every account, campaign and reader and the global key together."""
    others = list(_others(leak, table.scheme))
    log_p = np.concatenate([leak.account_log_p, [one.log_p for one in others]])
    adjusted = holm(log_p) if log_p.size else log_p
    order = np.lexsort((log_p, adjusted))[:_MOST_TESTS]
    n = len(table)
    tests = tuple(
        _account(leak, table, int(i), float(adjusted[i])) if i < n else _with(others[i - n], float(adjusted[i]))
        for i in order
        if log_p[i] < 0 or i >= n
    )
    found = [one for one in tests if one.log_p_adjusted <= math.log(about.alpha)]
    finding = _finding(leak, len(found), log_p.size, about.alpha)
    ranks, values = ranked(log_p)
    named = [int(i) for i in order if i < n and adjusted[i] <= math.log(about.alpha)]
    return TraceReport(
        suspect=about.suspect,
        subject=about.subject,
        alpha=about.alpha,
        finding=finding,
        answer=_answer(finding, found, leak, n),
        null=NULL,
        population=POPULATION,
        multiplicity=_multiplicity(n, len(others), leak),
        tests=tests,
        n_tests=int(log_p.size),
        ranked=tuple(RankedP(int(rank), float(value)) for rank, value in zip(ranks, values, strict=True)),
        null_runs=(),
        intervals=(marked_records(leak.record_log_p),) if len(leak.record_log_p) > 1 else (),
        counts=tuple(_counts(leak, table, named)),
        inputs=tuple(about.inputs),
        keys=tuple(_used(about.keys[i], about.committed_at) for i in named if about.keys),
        limits=(*LIMITS, *_public(leak)),
        apart=tuple(about.apart),
        made_at=about.made_at,
        version=about.version,
    )


def _others(leak: Leak, scheme: Scheme) -> Iterator[Test]:
    """Tests that are not of accounts."""
    if leak.global_count:
        log_p = gumbel.log_tail(leak.global_sum, leak.global_count)
        yield Test(
            "the provider's global key",
            _SCORES,
            leak.global_sum,
            leak.global_count,
            math.sqrt(leak.global_count),
            leak.global_count,
            log_p,
            log_p,
        )
    for one in leak.campaigns:
        log_p = green.log_tail(one.greens, one.count, scheme.gamma)
        spread = math.sqrt(one.count * scheme.gamma * (1 - scheme.gamma))
        expected = one.count * scheme.gamma
        name = f"campaign {one.key.for_id}"
        yield Test(name, "green tokens", one.greens, expected, spread, one.count, log_p, log_p)
    for reading in leak.readers:
        log_p = reading.log_p
        yield Test(
            f"reader {reading.reader.name}",
            "sum of scores",
            reading.total,
            math.nan,
            math.nan,
            reading.count,
            log_p,
            log_p,
        )


def _with(test: Test, adjusted: float) -> Test:
    return Test(test.about, test.statistic, test.observed, test.expected, test.spread, test.count, test.log_p, adjusted)


def _account(leak: Leak, table: KeyTable, row: int, adjusted: float) -> Test:
    name = f"account {table.accounts[row]}"
    observed, count = float(leak.sums[row]), leak.count
    return Test(name, _SCORES, observed, count, math.sqrt(count), count, float(leak.account_log_p[row]), adjusted)


def _finding(leak: Leak, n_found: int, n_tests: int, alpha: float) -> Finding:
    """Even text of two nats a token gives less than one nat of evidence a context: fewer than the bar are too few."""
    if n_found:
        return Finding.FOUND
    contexts = max([leak.n_places, *(one.count for one in leak.readers), *(one.count for one in leak.campaigns)])
    return Finding.TOO_LITTLE if contexts < math.log(max(n_tests, 1) / alpha) else Finding.NOT_FOUND


def _answer(finding: Finding, found: Sequence[Test], leak: Leak, n_accounts: int) -> str:
    if finding is Finding.TOO_LITTLE:
        return f"There are {leak.n_places:,} contexts that count, too few for {n_accounts:,} accounts."
    if finding is Finding.NOT_FOUND:
        return f"No mark of {n_accounts:,} accounts was found in {leak.n_places:,} contexts."
    accounts = [one.about.removeprefix("account ") for one in found if one.about.startswith("account ")]
    rest = [one.about for one in found if not one.about.startswith("account ")]
    told = []
    if accounts:
        shown = ", ".join(accounts[:5]) + (f" and {len(accounts) - 5} more" if len(accounts) > 5 else "")
        told.append(f"{len(accounts)} of {n_accounts:,} accounts: text was generated for {shown}.")
    if rest:
        told.append(f"Marks were found of {', '.join(rest[:5])}.")
    return " ".join(told)


def _multiplicity(n_accounts: int, n_others: int, leak: Leak) -> str:
    told = f"{n_accounts + n_others:,} tests: {n_accounts:,} accounts and {n_others} others; Holm over all of them."
    if leak.n_left_out:
        told += f" {leak.n_left_out:,} contexts were left out, chosen without looking at any account."
    return told


def _counts(leak: Leak, table: KeyTable, named: Sequence[int]) -> Iterator[tuple[str, int]]:
    tally = leak.tally
    yield "records read", tally.read
    yield "of them with contexts that count", leak.n_tested
    yield "of them too short", tally.too_short
    yield "of them all repeated", tally.read - leak.n_tested - tally.too_short - tally.n_quarantined
    yield "of them quarantined", tally.n_quarantined
    yield "tokens read", leak.n_tokens
    yield "contexts that count, each once", leak.n_places
    if leak.n_left_out:
        yield "contexts left out, beyond memory or effort", leak.n_left_out
    for row in named:
        yield f"records that alone point at account {table.accounts[row]} (p <= 1e-4)", leak.pointing.get(row, 0)


def _public(leak: Leak) -> Iterator[str]:
    """What must be said of marks under keys that are printed in a scheme's documents."""
    for one in leak.readers:
        if getattr(one.reader, "public_key", False):
            yield f"The key of {one.reader.name} is public: anybody can find that mark, and forge it."


def _used(key: MarkKey, committed_at: datetime | None) -> KeyUsed:
    return KeyUsed(key.purpose.value, key.for_id, key.epoch, key.commitment, committed_at)
