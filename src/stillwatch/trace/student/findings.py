"""Tests of a student in words: their nulls, how often was tested, what was found, and what that does not prove."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from stillwatch.model.trace_report import (
    Finding,
    Input,
    KeyUsed,
    NullRun,
    RankedP,
    Suspect,
    Test,
    TraceReport,
)
from stillwatch.stats.holm import holm
from stillwatch.stats.ranked import ranked
from stillwatch.trace.keys.key import MarkKey
from stillwatch.trace.student.canary import CanaryTest
from stillwatch.trace.student.closed import ClosedTest
from stillwatch.trace.student.open_weights import OpenTest

__all__ = ["Asked", "canary_report", "closed_report", "open_report"]

_LIMITS: Final = (
    "A null result clears nobody: paraphrase, further training and too few questions hide what was learnt.",
    "It shows that the model carries the campaign's mark, not who trained it, nor that all of its data was ours.",
    "The marked answers may have come to the trainer through others: resellers, data sets, the web.",
    "Whoever holds a key can make its mark. The commitment shows since when the key was bound to the campaign.",
    "The p-value says how surprising the evidence would be without the mark, not how much was learnt.",
)
_COIN: Final = math.log(2)
"""What a green token tells at most where half of all are green; with fewer it tells more."""
_ANY_TIME: Final = "evidence that may be looked at at any time (e-process)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report says of its occasion.

    keys        Of the campaigns, in the order of the tests.
    """

    subject: str
    alpha: float
    made_at: datetime
    version: str
    keys: Sequence[MarkKey]
    inputs: Sequence[Input] = ()
    counts: Sequence[tuple[str, int]] = ()


def open_report(tests: Sequence[OpenTest], asked: Asked) -> TraceReport:
    """Report on a model whose probabilities were read."""
    made = [
        Test(
            f"campaign {key.for_id}",
            "weighted probability on green tokens",
            one.total,
            one.expected,
            one.spread,
            one.count,
            one.log_p,
            one.log_p,
        )
        for one, key in zip(tests, asked.keys, strict=True)
    ]
    runs = tuple(
        NullRun(f"campaign {key.for_id}", tuple(one.decoys.tolist()), one.total, one.log_rank)
        for one, key in zip(tests, asked.keys, strict=True)
    )
    n_decoys = len(tests[0].decoys) if tests else 0
    return replace(
        _report(made, asked, Suspect.STUDENT, ("contexts, each once", _COIN)),
        null="The model was trained without any text that holds this campaign's mark. The key was drawn at random.",
        population=(
            "All keys that might have been drawn, the model as it is. Nothing is assumed of the model or its data; "
            "each context counts once over the whole test."
        ),
        multiplicity=(
            f"{len(made)} campaigns; Holm over all of them. Each p is the smaller of the rank among {n_decoys:,} "
            "unused keys and Chernoff's bound, paid for two."
        ),
        null_runs=runs,
    )


def closed_report(tests: Sequence[ClosedTest], asked: Asked) -> TraceReport:
    """Report on a model that was only asked. The evidence reached is told, whatever failed."""
    made = [
        Test(
            f"campaign {key.for_id}",
            "green tokens",
            float(one.greens),
            one.count * one.gamma,
            math.sqrt(one.count * one.gamma * (1 - one.gamma)),
            one.count,
            one.log_p,
            one.log_p,
        )
        for one, key in zip(tests, asked.keys, strict=True)
    ]
    counts = [*asked.counts, *(_reached(tests[0]) if tests else ())]
    apart = [
        f"campaign {key.for_id}: {_ANY_TIME}: p = {math.exp(one.bets.log_p):.3g}"
        for one, key in zip(tests, asked.keys, strict=True)
    ]
    told = _report(made, replace(asked, counts=counts), Suspect.STUDENT, ("sampled tokens, each context once", _COIN))
    return replace(
        told,
        null="The model was trained without any text that holds this campaign's mark. The key was drawn at random.",
        population=(
            "All keys that might have been drawn, the answers as they are. Contexts of prompts count nowhere; each "
            "other context counts once."
        ),
        multiplicity=(
            f"{len(made)} campaigns; Holm over all of them. For a number of questions fixed before; who looks earlier "
            "takes the e-process."
        ),
        apart=tuple(apart),
    )


def _reached(one: ClosedTest) -> Iterator[tuple[str, int]]:
    yield "questions asked", one.asked
    yield "of them answered", one.answered
    for problem, count in sorted(one.problems.items()):
        yield f"of them not answered: {problem}", count


def canary_report(tests: Sequence[CanaryTest], asked: Asked) -> TraceReport:
    """Report on planted secrets."""
    made = [
        Test(
            f"campaign {key.for_id}",
            "sum of ranks of served secrets, low is known",
            float(sum(one.ranks)),
            sum((size + 1) / 2 for size in one.sizes),
            math.sqrt(sum((size**2 - 1) / 12 for size in one.sizes)),
            len(one.ranks),
            one.log_p,
            one.log_p,
        )
        for one, key in zip(tests, asked.keys, strict=True)
    ]
    return replace(
        _report(made, asked, Suspect.CANARY, ("canaries", math.log(max(size for one in tests for size in one.sizes)))),
        null="The model never saw which of each canary's secrets was served; all were drawn alike.",
        population="All draws of the served one among its like; the model and its scores as they are.",
        multiplicity=f"{len(made)} campaigns; Holm over all of them.",
    )


def _report(made: Sequence[Test], asked: Asked, suspect: Suspect, counted: tuple[str, float]) -> TraceReport:
    """What all reports have in common.

    counted     What is counted, and the most nats of evidence that each can give.
    """
    what, nats = counted
    log_p = np.array([one.log_p for one in made])
    adjusted = holm(log_p) if made else log_p
    order = np.lexsort((log_p, adjusted))
    tests = tuple(replace(made[i], log_p_adjusted=float(adjusted[i])) for i in order)
    found = [i for i in order if adjusted[i] <= math.log(asked.alpha)]
    ranks, values = ranked(log_p)
    count = max((one.count for one in made), default=0)
    finding = _finding(len(found), count * nats, len(made), asked.alpha)
    return TraceReport(
        suspect=suspect,
        subject=asked.subject,
        alpha=asked.alpha,
        finding=finding,
        answer=_answer(finding, [made[i].about for i in found], count, what),
        null="",
        population="",
        multiplicity="",
        tests=tests,
        n_tests=len(made),
        ranked=tuple(RankedP(int(rank), float(value)) for rank, value in zip(ranks, values, strict=True)),
        null_runs=(),
        intervals=(),
        counts=(*asked.counts, (what, count)),
        inputs=tuple(asked.inputs),
        keys=tuple(_used(asked.keys[i]) for i in found),
        limits=_LIMITS,
        apart=(),
        made_at=asked.made_at,
        version=asked.version,
    )


def _finding(n_found: int, most_nats: float, n_tests: int, alpha: float) -> Finding:
    if n_found:
        return Finding.FOUND
    return Finding.TOO_LITTLE if most_nats < math.log(max(n_tests, 1) / alpha) else Finding.NOT_FOUND


def _answer(finding: Finding, names: Sequence[str], count: int, what: str) -> str:
    if finding is Finding.FOUND:
        return f"The suspect carries what only {', '.join(names[:5])} was given, over {count:,} {what}."
    if finding is Finding.TOO_LITTLE:
        return f"There are {count:,} {what}: too few to tell anything."
    return f"Nothing of any campaign was found over {count:,} {what}."


def _used(key: MarkKey) -> KeyUsed:
    return KeyUsed(key.purpose.value, key.for_id, key.epoch, key.commitment)
