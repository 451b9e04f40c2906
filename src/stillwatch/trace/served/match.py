"""Was this data set made from what we served? Records, accounts and campaigns, with their chance levels."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.stats.holm import holm
from stillwatch.stats.tails import clopper_pearson, log_hypergeometric_tail
from stillwatch.trace.served.chance import log_chance
from stillwatch.trace.served.index import ServedIndex
from stillwatch.trace.served.join import Joined, joined
from stillwatch.trace.served.pool import Pool, Texts, texts_of
from stillwatch.trace.served.result import Attribution, LogMatch, RecordMatch
from stillwatch.trace.served.secret import IndexSecret

__all__ = ["MatchOptions", "log_match"]


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """How a join is made; chosen before the suspect is looked at.

    alpha             Chance of any false record or account, in (0, 1).
    phrases_needed    Phrases, five tokens each and without overlap, that make a record count for an account; 1 or more.
    most_holders      A shingle that more outputs hold is a set phrase, and counts for nothing; 1 or more.
    most_told         Records told one by one.
    """

    alpha: float = 1e-3
    phrases_needed: int = 3
    most_holders: int = 20
    most_told: int = 1000

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if not 0 < self.alpha < 1:
            message = f"alpha must be in (0, 1), got {self.alpha}"
            raise InvalidInput(message)
        if min(self.phrases_needed, self.most_holders) < 1 or self.most_told < 0:
            message = "phrases_needed and most_holders must be 1 or more, most_told 0 or more"
            raise InvalidInput(message)


class _Case(NamedTuple):
    served: ServedIndex
    pool: Pool
    join: Joined
    options: MatchOptions


class _Levels(NamedTuple):
    chance: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    ranks: NDArray[np.float64]


def log_match(
    index: ServedIndex,
    secret: IndexSecret,
    suspect: Iterable[tuple[str, str]],
    background: Iterable[tuple[str, str]],
    options: MatchOptions | None = None,
) -> LogMatch:
    """Join a suspect data set with what was served.

    The background is dealt out in turn: one half says which phrases are public, the other is joined as if it were the
    suspect and shows how many records match by chance. Were the suspect made of texts like those, then of all that
    match each would be as likely in one as in the other: the p-value of an account is the hypergeometric tail.

    suspect       Id and text of each record.
    background    The same, of texts of the suspect's kind that cannot come from the answers, in no order that tells
                  anything: older than the service, say. Without them, accounts have p-values of 1.
    Raises        InvalidInput when the index was made with another secret.
    """
    index.check(secret)
    options = options or MatchOptions()
    public, control = _dealt(texts_of(background, secret))
    pool = Pool.of(texts_of(suspect, secret), control)
    case = _Case(index, pool, joined(index, pool, public, options.most_holders), options)
    chance = log_chance(
        case.join.phrases, case.join.usable[case.join.records], case.join.holders, max(index.n_exchanges, 1)
    )
    best = _best(case.join.records, chance)
    of_suspect = case.join.records[best] < pool.n_suspect
    ours, theirs = best[of_suspect], best[~of_suspect]
    adjusted = holm(chance[ours], max(pool.n_suspect, len(ours)))
    ranks = _log_ranks(chance[ours], chance[theirs], len(pool.ids) - pool.n_suspect)
    bar = math.log(options.alpha)
    told = np.lexsort((case.join.records[ours], chance[ours]))[: options.most_told]
    told = told[case.join.phrases[ours[told]] > 1]
    accounts, campaigns = (_codes(index.table[name]) for name in ("account_id", "campaign_id"))
    return LogMatch(
        alpha=options.alpha,
        phrases_needed=options.phrases_needed,
        n_records=pool.n_suspect,
        n_records_empty=int((case.join.usable[: pool.n_suspect] == 0).sum()),
        n_background=len(pool.ids) - pool.n_suspect,
        n_exchanges=index.n_exchanges,
        n_found=int((adjusted <= bar).sum()),
        n_background_found=int((chance[theirs] + math.log(max(pool.n_suspect, 1)) <= bar).sum()),
        records=tuple(_records(case, ours[told], _Levels(chance[ours[told]], adjusted[told], ranks[told]))),
        accounts=_attributed(case, accounts),
        campaigns=_attributed(case, campaigns),
        anybody=_anybody(case),
    )


def _dealt(background: Texts) -> tuple[NDArray[np.uint64], Texts]:
    """Shingles of every other text, and the rest of the texts."""
    odd = background.rows % 2 == 1
    rest = Texts(background.ids[1::2], background.values[odd], background.places[odd], background.rows[odd] // 2)
    return background.values[~odd], rest


def _best(records: NDArray[np.int64], chance: NDArray[np.float64]) -> NDArray[np.int64]:
    """The pair of each record that chance explains least."""
    order = np.lexsort((chance, records))
    first = np.ones(len(order), np.bool_)
    first[1:] = records[order[1:]] != records[order[:-1]]
    return order[first]


def _log_ranks(ours: NDArray[np.float64], theirs: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Log of the share of `n` texts and the record itself that are at least as surprising as the record."""
    at_least = np.where(ours < 0, np.searchsorted(np.sort(theirs), ours, side="right"), n)
    return np.asarray(np.log((1 + at_least) / (n + 1)), np.float64)


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Number of each row's value, -1 for null, and the values."""
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(codes, np.int64), encoded.dictionary.to_pylist()


def _reaching(case: _Case) -> NDArray[np.bool_]:
    return case.join.phrases >= case.options.phrases_needed


def _attributed(case: _Case, coded: tuple[NDArray[np.int64], list[str]]) -> tuple[Attribution, ...]:
    codes, names = coded
    reach = _reaching(case) & (codes[case.join.exchanges] >= 0)
    records, whose = case.join.records[reach], codes[case.join.exchanges[reach]]
    pairs = np.unique(records * max(len(names), 1) + whose)
    records, whose = np.divmod(pairs, max(len(names), 1))
    n_owners = np.bincount(records, minlength=len(case.pool.ids))
    ours = records < case.pool.n_suspect
    n_ours, n_theirs = (np.bincount(whose[rows], minlength=len(names)) for rows in (ours, ~ours))
    n_alone = np.bincount(whose[ours & (n_owners[records] == 1)], minlength=len(names))
    seen = np.flatnonzero(n_ours)
    log_p = _log_p(case, n_ours[seen], n_theirs[seen])
    adjusted = holm(log_p, len(names)) if len(seen) else log_p
    expected = n_theirs / max(len(case.pool.ids) - case.pool.n_suspect, 1) * case.pool.n_suspect
    return tuple(
        Attribution(
            names[seen[i]],
            int(n_ours[seen[i]]),
            int(n_alone[seen[i]]),
            int(n_theirs[seen[i]]),
            float(expected[seen[i]]),
            float(log_p[i]),
            float(adjusted[i]),
        )
        for i in np.lexsort((-n_ours[seen], log_p))
    )


def _anybody(case: _Case) -> Attribution:
    n = case.pool.n_suspect
    records = np.unique(case.join.records[_reaching(case)])
    ours, theirs = int((records < n).sum()), int((records >= n).sum())
    log_p = float(_log_p(case, np.array([ours]), np.array([theirs]))[0])
    expected = theirs / max(len(case.pool.ids) - n, 1) * n
    return Attribution("", ours, ours, theirs, expected, log_p, log_p)


def _log_p(case: _Case, ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Exact, whichever records match: each is as likely in one set as in the other."""
    return log_hypergeometric_tail(ours, case.pool.n_suspect, ours + theirs, len(case.pool.ids))


def _records(case: _Case, pairs: NDArray[np.int64], levels: _Levels) -> Iterator[RecordMatch]:
    join, table = case.join, case.served.table
    owners = _codes(table["account_id"])[0]
    rows = table.select(["exchange_id", "account_id", "campaign_id"]).take(pa.array(join.exchanges[pairs])).to_pylist()
    reach = _reaching(case)
    for i, (pair, row) in enumerate(zip(pairs.tolist(), rows, strict=True)):
        record = int(join.records[pair])
        start, stop = np.searchsorted(join.records, [record, record + 1])
        others = join.exchanges[start:stop][reach[start:stop]]
        usable, shared = int(join.usable[record]), int(join.shared[pair])
        low, high = clopper_pearson(shared, usable)
        yield RecordMatch(
            record_id=case.pool.ids[record],
            exchange_id=row["exchange_id"],
            account_id=row["account_id"],
            campaign_id=row["campaign_id"],
            n_shingles=usable,
            n_shared=shared,
            n_phrases=int(join.phrases[pair]),
            n_exchanges=len(others),
            n_accounts=len(np.unique(owners[others])),
            containment=shared / usable,
            low=low,
            high=high,
            log_chance=float(levels.chance[i]),
            log_chance_adjusted=float(levels.adjusted[i]),
            log_p=float(levels.ranks[i]),
        )
