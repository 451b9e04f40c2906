"""How much of the suspect texts cannot come from the benign source: a share with its interval."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import norm

from stillwatch.stats.two_sample import RowSets

__all__ = ["Share", "estimate_share"]

FOLDS = 5
LEAST_Z = 2.0
"""Sets whose share differs by fewer standard errors say nothing about a single text."""

USUAL = (0.5, 0.75, 0.9, 0.97)
"""Shares of the benign texts that count as looking benign: the larger, the sharper for what is told apart well."""

SIDE = 0.025
"""Chance to miss on either side."""

DESIGN = 2.0
"""Variance of scores from folds that share their training texts, against that of independent ones; measured."""


class Share(NamedTuple):
    """Share of the suspect texts that the benign source does not explain, 0 to 1.

    estimate    What is missing of texts that look benign, where this is told best.
    low         The share is at least this (97.5 %).
    high        And at most this (97.5 %), if foreign texts look less benign than the median benign one.
    """

    estimate: float
    low: float
    high: float


def estimate_share(sets: RowSets, is_suspect: NDArray[np.bool_], rng: np.random.Generator) -> Share:
    """Estimate it from how many suspect texts look as most benign ones do.

    Texts are scored by sets that other texts have chosen. If a share w is foreign, texts that look benign are at
    least 1 - w times as frequent among the suspect as among the benign.

    References  Blanchard, Lee and Scott (2010), J. Mach. Learn. Res. 11, 2973-3009, section 5 (w as 1 - inf P/Q).
    """
    scores = _scores(sets, is_suspect, rng)
    suspect, benign = scores[is_suspect], scores[~is_suspect]
    shares = [_share(suspect, benign, usual) for usual in USUAL]
    best = max(shares, key=lambda share: share.low)
    return Share(best.estimate, best.low, max(shares[0].high, best.estimate))


def _scores(sets: RowSets, is_suspect: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Evidence of every text for the suspect side, ranked within its fold; the fold itself was not looked at."""
    n_rows, n_sets = len(is_suspect), len(sets.starts) - 1
    members = np.repeat(np.arange(n_sets, dtype=np.int64), sets.sizes)
    table = csr_matrix((np.ones(len(sets.rows), np.float32), (sets.rows, members)), shape=(n_rows, n_sets))
    fold = np.zeros(n_rows, np.int64)
    for side in (is_suspect, ~is_suspect):
        fold[side] = rng.permutation(np.arange(side.sum()) % FOLDS)
    scores = np.zeros(n_rows)
    for held in range(FOLDS):
        weights = _weights(table, fold != held, is_suspect)
        out = fold == held
        raw = np.asarray(table[out] @ weights).ravel()
        # Ranks among the benign of the fold make folds alike.
        usual = np.sort(raw[~is_suspect[out]])
        scores[out] = (np.searchsorted(usual, raw, "left") + np.searchsorted(usual, raw, "right")) / (2 * len(usual))
    return scores


def _weights(table: csr_matrix, shown: NDArray[np.bool_], is_suspect: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log ratio of a set's share among suspect and among benign texts, 0 unless it is told from chance."""
    k, d = (np.asarray(table[rows].sum(axis=0)).ravel() for rows in (shown & is_suspect, shown & ~is_suspect))
    n, m = int((shown & is_suspect).sum()), int((shown & ~is_suspect).sum())
    p, q, pooled = (k + 0.5) / (n + 1), (d + 0.5) / (m + 1), (k + d + 0.5) / (n + m + 1)
    z = (p - q) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return np.where(np.abs(z) >= LEAST_Z, np.log(p / q), 0.0)


def _share(suspect: NDArray[np.float64], benign: NDArray[np.float64], usual: float) -> Share:
    """Share by one cut; its low end allows for that the best of several cuts is taken."""
    k, n = int((suspect <= usual).sum()), len(suspect)
    d, m = max(int((benign <= usual).sum()), 1), len(benign)
    ratio = (k / n) / (d / m)
    # The logarithm of a ratio of proportions has this standard error; an empty count has an exact bound instead.
    error = np.sqrt(DESIGN * (max(1 / max(k, 1) - 1 / n, 0.0) + 1 / d - 1 / m))
    most = ratio * np.exp(norm.isf(SIDE / len(USUAL)) * error) if k else (1 - SIDE ** (1 / n)) / (d / m)
    least = ratio * np.exp(-norm.isf(SIDE) * error)
    return Share(*(float(np.clip(1 - value, 0.0, 1.0)) for value in (ratio, most, least)))
