"""Records and answers that share rare shingles: one pass over the index, however large."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.trace.served._kernels_join import passages
from stillwatch.trace.served.index import ServedIndex, flat
from stillwatch.trace.served.pool import Pool
from stillwatch.trace.served.shingles import SHINGLE_TOKENS

__all__ = ["Joined", "joined"]

_SLICE: Final = 1 << 22


class Joined(NamedTuple):
    """Pairs of a record and an exchange that share a shingle, ascending by record and exchange.

    records      Record of each pair, int64.
    exchanges    Row of the index, int64.
    shared       Shingles in both, int64.
    phrases      Of them, how many do not overlap in the record, int32.
    holders      Outputs that hold the most common of them, int64.
    usable       Shingles of each record that count, int64[records of the pool].
    """

    records: NDArray[np.int64]
    exchanges: NDArray[np.int64]
    shared: NDArray[np.int64]
    phrases: NDArray[np.int32]
    holders: NDArray[np.int64]
    usable: NDArray[np.int64]


def joined(index: ServedIndex, pool: Pool, public: NDArray[np.uint64], most_holders: int) -> Joined:
    """Join a pool with an index.

    public          Shingles of texts that are public: they count for nothing, as do those of any prompt.
    most_holders    A shingle that more outputs than this hold counts for nothing.
    """
    barred = np.zeros(pool.n_numbers, np.bool_)
    barred[_known(pool, public)] = True
    for values, _ in flat(index.table["prompt"]):
        barred[_known(pool, values)] = True
    numbers, rows = _hits(pool, index.table["output"])
    holders = np.bincount(numbers, minlength=pool.n_numbers)
    counts = ~barred & (holders <= most_holders)
    usable = np.bincount(pool.rows[counts[pool.numbers]], minlength=len(pool.ids))
    kept = counts[numbers]
    return _pairs(pool, (numbers[kept], rows[kept]), holders, usable)


def _known(pool: Pool, values: NDArray[np.uint64]) -> NDArray[np.int32]:
    parts = [np.empty(0, np.int32)]
    for start in range(0, len(values), _SLICE):
        found = pool.numbers_of(values[start : start + _SLICE])
        parts.append(found[found >= 0])
    return np.concatenate(parts)


def _hits(pool: Pool, outputs: pa.ChunkedArray) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Shingles of the index that some record has: number of each, and row of the index."""
    numbers, rows, before = [np.empty(0, np.int32)], [np.empty(0, np.int64)], 0
    for values, offsets in flat(outputs):
        for start in range(0, len(values), _SLICE):
            found = pool.numbers_of(values[start : start + _SLICE])
            at = np.flatnonzero(found >= 0)
            numbers.append(found[at])
            rows.append(before + np.searchsorted(offsets, at + start, side="right") - 1)
        before += len(offsets) - 1
    return np.concatenate(numbers), np.concatenate(rows)


def _pairs(
    pool: Pool, hits: tuple[NDArray[np.int32], NDArray[np.int64]], holders: NDArray[np.int64], usable: NDArray[np.int64]
) -> Joined:
    """Every record of every hit, put together by pair."""
    by_number = np.argsort(pool.numbers, kind="stable")
    starts = np.searchsorted(pool.numbers[by_number], np.arange(pool.n_numbers + 1))
    numbers, exchanges = hits
    n_each = starts[numbers + 1] - starts[numbers]
    whose = np.repeat(np.arange(len(numbers)), n_each)
    within = np.arange(len(whose)) - np.repeat(np.cumsum(n_each) - n_each, n_each)
    place = by_number[starts[numbers[whose]] + within]
    order = np.lexsort((pool.places[place], exchanges[whose], pool.rows[place]))
    place, whose = place[order], whose[order]
    records, exchanges = pool.rows[place], exchanges[whose]
    new = np.ones(len(records), np.bool_)
    new[1:] = (records[1:] != records[:-1]) | (exchanges[1:] != exchanges[:-1])
    first, groups = np.flatnonzero(new), np.cumsum(new) - 1
    common = holders[numbers[whose]]
    most = np.maximum.reduceat(common, first) if len(first) else common
    phrases = passages(groups, pool.places[place], SHINGLE_TOKENS)
    return Joined(records[first], exchanges[first], np.bincount(groups), phrases, most, usable)
