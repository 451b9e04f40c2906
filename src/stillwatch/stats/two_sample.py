"""Is one sample of rows drawn as the other is? Excesses over sets of rows, and a permutation p-value that is exact.

Every set of rows (prompts that hold a word, prompts near another, long prompts) is asked one thing: does the marked
sample hold too much of it? The answers are summed by stratum at several cuts, so that one strong set, a few middling
ones and many weak ones all have their statistic. What any of them means is found by marking other rows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from stillwatch.errors import InvalidInput
from stillwatch.stats._kernels_two_sample import LEVELS, marked_rows, sums_over_sets

__all__ = [
    "LEVELS",
    "Excesses",
    "RowSets",
    "combine",
    "excess_nats",
    "excess_tables",
    "holm",
    "log_tail",
    "permutation_p_value",
    "random_labels",
    "scan_sets",
]

TAIL_SHARE, TAIL_ROWS = 0.01, 20
"""Where the tail of a statistic begins that is continued beyond what was drawn."""

_SAFE_SIZE, _SAFE_SPREAD, _SAFE_COUNT = 64, 10.0, 20
"""Sets over this size have a table up to ten standard deviations and twenty rows above what is expected."""


class RowSets(NamedTuple):
    """Sets of rows, each in a stratum.

    starts   Where each set begins in `rows`, and the end of the last, int64[sets + 1].
    rows     Row numbers, none twice in a set, int32.
    strata   Stratum of each set, int64[sets]; sets of a stratum are summed.
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    strata: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows in each set."""
        return np.diff(self.starts)


def excess_nats(marked: ArrayLike, size: ArrayLike, n_marked: int, n_rows: int) -> NDArray[np.float64]:
    """How far a set is over-represented among marked rows: the log likelihood ratio of its two by two table.

    marked      Marked rows in the set, as far as they can be: at most its size and `n_marked`.
    size        Rows in the set.
    Returns     Nats; 0 where the marked rows hold no more of the set than the others.
    References  Dunning (1993), Computational Linguistics 19, 61-74, section 4 (half of his -2 log lambda).

    >>> excess_nats([5, 20], 20, 100, 400).round(2).tolist()
    [0.0, 29.37]
    """
    k, d = np.broadcast_arrays(np.asarray(marked, np.float64), np.asarray(size, np.float64))
    expected = d * (n_marked / n_rows)
    cells = (k, d - k, n_marked - k, n_rows - n_marked - d + k)
    means = (expected, d - expected, n_marked - expected, n_rows - n_marked - d + expected)
    nats = sum((xlogy(cell, cell) - xlogy(cell, mean) for cell, mean in zip(cells, means, strict=True)), np.zeros(1))
    return np.where(k > expected, np.maximum(nats, 0.0), 0.0)


def random_labels(n_rows: int, n_marked: int, n_columns: int, seed: int) -> NDArray[np.uint8]:
    """Columns that each mark `n_marked` of the rows at random, uint8[rows, columns].

    Raises  InvalidInput unless some rows are marked and some are not.

    >>> random_labels(5, 2, 3, seed=1).sum(axis=0).tolist()
    [2, 2, 2]
    """
    if not 0 < n_marked < n_rows:
        message = f"marked rows must be more than none and fewer than all {n_rows:,}, got {n_marked:,}"
        raise InvalidInput(message)
    mixed = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
    return np.asarray(marked_rows(n_rows, n_marked, n_columns, mixed))


class Excesses(NamedTuple):
    """Excess of every set at every count of marked rows that can matter.

    places   Per set: where its nats begin, the count they begin at, and how many follow the first, int64[sets, 3].
    nats     float32; sets of one size share theirs.
    """

    places: NDArray[np.int64]
    nats: NDArray[np.float32]


def excess_tables(sizes: NDArray[np.int64], n_marked: int, n_rows: int) -> Excesses:
    """Tables that `scan_sets` looks excesses up in; far beyond what is expected they stay level.

    sizes    Rows in each set.
    """
    kinds, kind = np.unique(sizes, return_inverse=True)
    expected = kinds * (n_marked / n_rows)
    reach = np.where(kinds <= _SAFE_SIZE, kinds, expected + _SAFE_SPREAD * np.sqrt(expected) + _SAFE_COUNT)
    least = np.floor(expected).astype(np.int64)
    last = np.minimum(reach.astype(np.int64), np.minimum(kinds, n_marked)) - least
    first = np.concatenate([[0], np.cumsum(last + 1)])
    steps = np.arange(first[-1]) - np.repeat(first[:-1], last + 1)
    nats = excess_nats(np.repeat(least, last + 1) + steps, np.repeat(kinds, last + 1), n_marked, n_rows)
    places = np.stack([first[:-1], least, last], axis=1)[kind]
    return Excesses(np.ascontiguousarray(places), nats.astype(np.float32))


def scan_sets(sets: RowSets, labels: NDArray[np.uint8], excesses: Excesses, n_strata: int) -> NDArray[np.float32]:
    """Sums of excesses over a cut, and the largest excess, of every stratum for every column of labels.

    labels      uint8[rows, columns] of 0 and 1, in every column as many ones as `excesses` were made for.
    Returns     Nats, float32[strata, LEVELS, columns]. Sums over a cut find a few strong sets among many idle ones.
    References  Donoho and Jin (2004), Ann. Statist. 32, 962-994; Berk and Jones (1979), Z. Wahrsch. 47, 47-59.

    >>> sets = RowSets(np.array([0, 4]), np.arange(4, dtype=np.int32), np.array([0]))
    >>> labels = np.array([[1, 0]] * 4 + [[0, 1]] * 4, np.uint8)
    >>> scan_sets(sets, labels, excess_tables(sets.sizes, 4, 8), 1)[0, -1].astype(int).tolist()
    [5, 0]
    """
    out = np.zeros((n_strata, LEVELS, labels.shape[1]), np.float32)
    sums_over_sets(sets.starts, sets.rows, sets.strata, labels, excesses.places, excesses.nats, out)
    return out


def log_tail(values: ArrayLike, reference: ArrayLike, floor: float = 1.0) -> NDArray[np.float64]:
    """-ln of how often a reference reaches each value, continued beyond the reference as an exponential tail.

    Nothing about it need be true for a permutation p-value to be exact: it only puts statistics on one scale.

    values      float[..., n].
    reference   float[..., m], of the same leading shape.
    floor       Least mean excess of a tail, in the unit of the values; discrete statistics have none of their own.
    Returns     Nats, rising with the value.
    References  Davison and Smith (1990), J. R. Stat. Soc. B 52, 393-442 (exceedances over a high threshold).

    >>> log_tail([[0.5, 9.0]], [np.linspace(0, 1, 101)], floor=0.1).round(1).tolist()
    [[0.7, 79.7]]
    """
    x, drawn = np.asarray(values, np.float64), np.sort(np.asarray(reference, np.float64), axis=-1)
    flat = [
        _log_tail(a, b, floor)
        for a, b in zip(x.reshape(-1, x.shape[-1]), drawn.reshape(-1, drawn.shape[-1]), strict=True)
    ]
    return np.stack(flat).reshape(x.shape)


def _log_tail(x: NDArray[np.float64], drawn: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    m = len(drawn)
    n_tail = min(max(int(TAIL_SHARE * m), TAIL_ROWS), m - 1)
    threshold = drawn[m - n_tail - 1]
    scale = max(float((drawn[m - n_tail :] - threshold).mean()), floor)
    reached = m - np.searchsorted(drawn, x, side="left")
    body = -np.log(np.maximum(reached, n_tail) / m)
    return np.asarray(body + np.maximum(x - threshold, 0.0) / scale)


def combine(
    statistics: NDArray[np.float32], part: NDArray[np.int64], reference: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Statistics to one number a part (their tails added, as Fisher does) and one in all.

    The one in all is the larger of two: the part that stands out most, and the sum of all parts.

    statistics  float[statistics, columns].
    part        Part each belongs to, from 0, int64[statistics].
    reference   Columns that say what is usual; no column in it may be marked differently from the rest.
    Returns     Nats of the parts, float64[parts, columns], and of all, float64[columns].
    References  Fisher (1932); Westfall and Young (1993), Resampling-based multiple testing, 2.3 (smallest p-value).

    >>> rng = np.random.default_rng(1)
    >>> parts, whole = combine(rng.random((4, 200)), np.array([0, 0, 1, 1]), slice(None))
    >>> parts.shape, whole.shape
    ((2, 200), (200,))
    """
    nats = log_tail(statistics, statistics[:, reference])
    sums = np.zeros((int(part.max()) + 1, nats.shape[1]))
    np.add.at(sums, part, nats)
    parts = log_tail(sums, sums[:, reference])
    both = np.stack([parts.max(axis=0), parts.sum(axis=0)])
    return parts, log_tail(both, both[:, reference]).max(axis=0)


def permutation_p_value(statistic: float, others: ArrayLike) -> float:
    """Share of relabelled samples, the sample itself among them, whose statistic is as large: never 0.

    References  Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9, 39: (b + 1) / (m + 1).

    >>> permutation_p_value(3.0, [1.0, 2.0, 3.0])
    0.5
    """
    drawn = np.asarray(others, np.float64)
    return float((np.count_nonzero(drawn >= statistic) + 1) / (drawn.size + 1))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """P-values adjusted for how many tests there are; holds under any dependence.

    References  Holm (1979), Scand. J. Stat. 6, 65-70.

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(np.minimum(p[order] * (p.size - np.arange(p.size)), 1.0))
    out = np.empty_like(adjusted)
    out[order] = adjusted
    return out
