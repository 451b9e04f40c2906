"""The search of a suspect data set: one pass over its records, then every account on what counts."""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.mark_reader import MarkReader
from stillwatch.model.progress import Progress
from stillwatch.model.tokenizer import Tokenizer
from stillwatch.trace.keys.key import MarkKey
from stillwatch.trace.leak import _kernels_scores as kernels
from stillwatch.trace.leak.gathered import Gathered, log_tails
from stillwatch.trace.leak.kept import Kept
from stillwatch.trace.leak.records import Record, Tally
from stillwatch.trace.leak.scoring import KeyTable, Places
from stillwatch.trace.leak.seen import Seen
from stillwatch.trace.mark import green, gumbel
from stillwatch.trace.mark.prf import contexts
from stillwatch.trace.tokenizers.same import check_same

__all__ = ["CampaignSum", "Leak", "ReaderSum", "Search", "find_leak"]

EFFORT: Final = 2e10
"""Numbers to compute for accounts, some three minutes of one core."""
_CANDIDATES: Final = 256
_MAY_BE_NAMED: Final = 0.1
"""Highest alpha at which accounts with shared symbols are told apart; reports use a far lower one."""
_CODE_WORTH: Final = 2_000
"""Accounts above which code words choose who is looked at with the account's own key."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for.

    table       Keys of all accounts.
    tokenizer   The one that made the marked text.
    made_with   Hash of that tokenizer, as the provider noted it; None when it was not noted.
    campaigns   Keys of campaigns whose streams were marked for students.
    readers     Marks of engines, each under a key.
    effort      Numbers to compute for accounts at most; beyond it the records that look most marked are taken.
    most_contexts   Contexts to remember at most.
    """

    table: KeyTable
    tokenizer: Tokenizer
    made_with: str | None = None
    campaigns: tuple[MarkKey, ...] = ()
    readers: tuple[MarkReader, ...] = ()
    effort: float = EFFORT
    most_contexts: int = 100_000_000

    def __post_init__(self) -> None:
        """Refuse a tokenizer that did not make the marks: with another one every text looks innocent."""
        check_same(self.made_with, self.tokenizer)


@dataclass(slots=True)
class ReaderSum:
    """A reader's sum over contexts that count."""

    reader: MarkReader
    seen: Seen
    total: float = 0.0
    count: int = 0

    @property
    def log_p(self) -> float:
        """Natural log of its exact tail."""
        return self.reader.log_tail(self.total, self.count)


@dataclass(slots=True)
class CampaignSum:
    """Green tokens under a campaign's key."""

    key: MarkKey
    greens: int = 0
    count: int = 0


@dataclass(slots=True)
class Leak:
    """What was found in a data set, before any word about it.

    account_log_p   Natural log of each account's p-value, shape (accounts,); 0 where it was not looked at.
    sums            Sum of each account's scores, over `count` places; 0 where it was not looked at.
    global_sum, global_count    Of the global key's scores.
    record_log_p    Of each record under the global key; empty when it draws nowhere.
    n_places        Contexts that count, all turns together.
    n_looked_at     Records that accounts were tested on.
    n_left_out      Contexts that found no room, and contexts of records beyond the effort.
    pointing        For accounts with small p-values: records that point at them alone.
    """

    tally: Tally
    account_log_p: NDArray[np.float64]
    sums: NDArray[np.float64]
    count: int = 0
    global_sum: float = 0.0
    global_count: int = 0
    record_log_p: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    campaigns: list[CampaignSum] = field(default_factory=list)
    readers: list[ReaderSum] = field(default_factory=list)
    n_tokens: int = 0
    n_places: int = 0
    n_tested: int = 0
    n_looked_at: int = 0
    n_left_out: int = 0
    pointing: dict[int, int] = field(default_factory=dict)


def find_leak(records: Iterable[Record], tally: Tally, search: Search, progress: Progress | None = None) -> Leak:
    """Search records for marks of every account, campaign and reader.

    records     In the order in which first occurrences are to count.
    tally       That of the records: too short ones are counted in it.
    """
    n = len(search.table)
    leak = Leak(tally, np.zeros(n), np.zeros(n))
    holder = _read(records, search, leak)
    kept = holder.records()
    leak.n_left_out += holder.n_left_out
    leak.n_looked_at = len(kept)
    _accounts(kept, search, leak, progress)
    return leak


def _read(records: Iterable[Record], search: Search, leak: Leak) -> Kept:
    """First pass: what counts of each record, and its p-value under the global key."""
    width, table = search.table.scheme.account_width, search.table
    seen, seen_green = Seen(search.most_contexts), Seen(search.most_contexts)
    leak.readers = [ReaderSum(reader, Seen(search.most_contexts)) for reader in search.readers]
    leak.campaigns = [CampaignSum(key) for key in search.campaigns]
    kept = Kept(search.effort / max(len(table), 1))
    record_log_p = array("d")
    for record in records:
        tokens = search.tokenizer.encode(record.text)
        leak.n_tokens += len(tokens)
        _add_readers(tokens, leak)
        _add_greens(tokens, seen_green, search, leak)
        places = np.flatnonzero(seen.new(contexts(tokens, width))) + width
        if not len(places):
            leak.tally.too_short += len(tokens) <= width
            continue
        one = Places(tokens.astype(np.int64), places, table.turns(tokens, places))
        leak.n_places += len(places)
        scores = gumbel.scores(table.global_numbers(one))
        leak.global_sum += float(scores.sum())
        leak.global_count += len(scores)
        screened = gumbel.log_tail(float(scores.sum()), len(scores))
        leak.n_tested += 1
        if table.scheme.global_share > 0:
            record_log_p.append(screened)
        kept.add(screened, one)
    leak.n_left_out = seen.left_out
    leak.record_log_p = np.array(record_log_p)
    return kept


def _add_readers(tokens: NDArray[np.int64], leak: Leak) -> None:
    for one in leak.readers:
        is_new = one.seen.new(one.reader.contexts(tokens))
        one.total += float(one.reader.scores(tokens)[is_new].sum())
        one.count += int(is_new.sum())


def _add_greens(tokens: NDArray[np.int64], seen: Seen, search: Search, leak: Leak) -> None:
    if not leak.campaigns:
        return
    scheme = search.table.scheme
    width = scheme.campaign_width
    places = np.flatnonzero(seen.new(contexts(tokens, width))) + width
    for one in leak.campaigns:
        numbers = kernels.numbers_of(np.array(one.key.words, np.uint64), tokens, places, width)
        one.greens += int(green.is_green(np.asarray(numbers), scheme.gamma).sum())
        one.count += len(places)


def _accounts(kept: Sequence[Places], search: Search, leak: Leak, progress: Progress | None) -> None:
    """Second pass: all accounts, or those that their code words point at."""
    rows = None
    if search.table.scheme.symbol_share > 0 and len(search.table) > _CODE_WORTH:
        rows = _candidates(kept, search.table)
    gathered = Gathered(len(search.table) if rows is None else len(rows), len(kept))
    for i, one in enumerate(kept):
        gathered.add(search.table.sums(one, rows), one.n_by_account)
        if progress:
            progress("keys", i + 1, len(kept))
    at = np.arange(len(search.table)) if rows is None else rows
    leak.account_log_p[at] = gathered.log_p()
    leak.sums[at] = gathered.sums
    leak.count = gathered.count
    if search.table.has_code:
        _apart(kept, search.table, leak)
    leak.pointing = _pointing(kept, search.table, leak.account_log_p)


def _candidates(kept: Sequence[Places], table: KeyTable) -> NDArray[np.int64]:
    """Accounts whose code words explain most; the choice is paid for as if all had been looked at."""
    by_code = Gathered(len(table), len(kept))
    for one in kept:
        sums = np.zeros(len(table))
        table.add_symbols(one, sums)
        by_code.add(sums, int((one.turns >= 0).sum()))
    return np.argsort(by_code.log_p(), kind="stable")[:_CANDIDATES]


def _apart(kept: Sequence[Places], table: KeyTable, leak: Leak) -> None:
    """Test again whoever may be named, strongest first, on symbols that no stronger one explains."""
    bar = math.log(_MAY_BE_NAMED / len(table))
    rows = np.argsort(leak.account_log_p, kind="stable")[:_CANDIDATES]
    named: list[int] = []
    for row in map(int, rows[leak.account_log_p[rows] <= bar]):
        if named:
            gathered = Gathered(1, len(kept))
            for one in kept:
                total, count = table.apart_from(one, row, named)
                gathered.add(np.array([total]), count)
            leak.account_log_p[row] = gathered.log_p()[0]
        if leak.account_log_p[row] <= bar:
            named.append(row)


def _pointing(kept: Sequence[Places], table: KeyTable, log_p: NDArray[np.float64]) -> dict[int, int]:
    """How many records alone have p <= 1 in 10,000 for each account that may be named."""
    rows = np.flatnonzero(log_p <= math.log(1e-6))[:_CANDIDATES]
    counts = np.zeros(len(rows), np.int64)
    for one in kept if len(rows) else ():
        counts += log_tails(table.sums(one, rows), one.n_by_account) <= math.log(1e-4)
    return dict(zip(rows.tolist(), counts.tolist(), strict=True))
