"""Maximum mean discrepancy between an account's window and benign queries, against benign windows of the same size."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.baselines._windows import Windows, spread_rows
from stillwatch.model.baseline import Setting

__all__ = [
    "ACCOUNTS",
    "MIXED",
    "NONE",
    "Discrepancies",
    "Vectors",
    "discrepancies",
    "inverse_bandwidth",
    "squared_mmd",
    "standardised",
    "suspicion",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MIXED, ACCOUNTS, NONE = 0, 1, 2
"""Null of a window: benign queries of many accounts at random; windows of single benign accounts; not standardised."""

_SEED: Final = 2606
_NULL_WINDOWS: Final = 1_000
_NEIGHBOURS: Final = 200


class Vectors(Protocol):
    """Unit vectors of rows of windows."""

    def cosines(self, rows: Ints) -> Floats:
        """Every row with every other, shape (rows, rows)."""
        ...

    def kernel_sums(self, rows: Ints, bounds: Ints, reference: Ints, gamma: float) -> Floats:
        """Sums of exp(-gamma (1 - cosine)): ordered pairs of different rows inside each group, group with reference.

        Shape (groups, 2).
        """
        ...


@dataclass(frozen=True, slots=True)
class Discrepancies:
    """Squared MMD of windows against benign queries.

    n           Queries in each account's window, int64[accounts].
    squared     Squared MMD of each account, NaN below two queries.
    benign      Accounts taken for benign.
    null_n      Queries in each random benign window.
    null        Squared MMD of each.
    """

    n: Ints
    squared: Floats
    benign: Ints
    null_n: Ints
    null: Floats


def squared_mmd(
    within: NDArray[np.float64], between: NDArray[np.float64], n: NDArray[np.int64], reference_within: float, m: int
) -> Floats:
    """Unbiased squared MMD of windows of `n` queries against a reference of `m`; below 0 by chance when they are alike.

    within, between     Kernel sums of a window's ordered pairs of different queries, and of window and reference.
    References          Gretton et al. (2012), J. Mach. Learn. Res. 13, 723-773, eq. 3.

    >>> squared_mmd(np.array([2.0]), np.array([0.0]), np.array([2]), 2.0, 2).tolist()
    [2.0]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(within / (n * (n - 1)) + reference_within / (m * (m - 1)) - 2 * between / (n * m))


def inverse_bandwidth(cosines: Floats, factor: float = 1.0) -> float:
    """Gamma of exp(-gamma (1 - cosine)), which is exp(-distance^2 / (2 sigma^2)) with sigma = factor x median distance.

    References  Gretton et al. (2012), section 8: the median heuristic.

    >>> inverse_bandwidth(np.array([[1.0, 0.5], [0.5, 1.0]]))
    1.0
    """
    squared = 2 - 2 * cosines[np.triu_indices(len(cosines), 1)]
    median = float(np.median(squared)) if len(squared) else 0.0
    return 1.0 / (factor**2 * (median or 1.0))


def discrepancies(
    vectors: Vectors, windows: Windows, benign: Ints, factor: float, n_reference: int, n_pool: int
) -> Discrepancies:
    """Hold every account against queries of one half of the benign accounts, and that half against the other.

    So nobody is compared with his own queries. `n_reference` queries stand for each half; random windows are drawn
    from `n_pool` queries of the second half and held against the first.
    """
    rng = np.random.default_rng(_SEED)
    shuffled = rng.permutation(benign)
    first, second = np.sort(shuffled[::2]), np.sort(shuffled[1::2])
    reference, other = (spread_rows(windows, half, n_reference, rng) for half in (first, second))
    gamma = inverse_bandwidth(vectors.cosines(reference), factor)
    everybody = np.arange(windows.bounds[-1])
    squared = _held_against(vectors, everybody, windows.bounds, reference, gamma)
    own = np.isin(windows.account, first)
    bounds = np.concatenate([[0], np.cumsum(windows.n_texts[first])])
    squared[first] = _held_against(vectors, everybody[own], bounds, other, gamma)
    pool = spread_rows(windows, second, n_pool, rng)
    null_n = _sizes(rng, len(pool) // 2)
    rows = np.concatenate([np.zeros(0, np.int64), *(rng.choice(pool, n, replace=False) for n in null_n)])
    null = _held_against(vectors, rows, np.concatenate([[0], np.cumsum(null_n)]), reference, gamma)
    return Discrepancies(windows.n_texts, squared, benign, null_n, null)


def _sizes(rng: np.random.Generator, largest: int) -> Ints:
    """Sizes of random windows from 2 up, as many in every octave."""
    if largest < 2:
        return np.zeros(0, np.int64)
    return np.exp(rng.uniform(np.log(2), np.log(largest + 1), _NULL_WINDOWS)).astype(np.int64)


def _held_against(vectors: Vectors, rows: Ints, bounds: Ints, reference: Ints, gamma: float) -> Floats:
    m = len(reference)
    if m < 2 or not len(rows):
        return np.full(len(bounds) - 1, np.nan)
    within = vectors.kernel_sums(reference, np.array([0, m]), reference[:0], gamma)[0, 0]
    sums = vectors.kernel_sums(rows, bounds, reference, gamma)
    return squared_mmd(sums[:, 0], sums[:, 1], np.diff(bounds), float(within), m)


def standardised(n: Ints, value: Floats, null_n: Ints, null: Floats) -> Floats:
    """Standard deviations above the mean of the 200 null values whose n is nearest, by ratio; NaN without two of them.

    >>> standardised(np.array([5]), np.array([4.0]), np.array([4, 5, 6]), np.array([1.0, 2.0, 3.0])).round(3).tolist()
    [2.449]
    """
    if len(null) < 2:
        return np.full(len(n), np.nan)
    order = np.argsort(null_n, kind="stable")
    sizes, values = np.log(null_n[order]), null[order]
    k = min(_NEIGHBOURS, len(values))
    start = np.clip(np.searchsorted(sizes, np.log(np.maximum(n, 1))) - k // 2, 0, len(values) - k)
    windows = np.lib.stride_tricks.sliding_window_view(values, k)
    mean, deviation = windows.mean(axis=1), windows.std(axis=1)
    return np.asarray((value - mean[start]) / np.maximum(deviation[start], 1e-12))


def suspicion(found: Discrepancies, setting: Setting) -> Floats:
    """Score of every account by the null and least number of queries of the setting; -inf below that number."""
    n, value = found.n, found.squared
    if setting["null"] == MIXED:
        value = standardised(n, value, found.null_n, found.null)
    elif setting["null"] == ACCOUNTS:
        peers = found.benign[n[found.benign] >= setting["min_prompts"]]
        value = standardised(n, value, n[peers], found.squared[peers])
    return np.where((n >= setting["min_prompts"]) & np.isfinite(value), value, -np.inf)
