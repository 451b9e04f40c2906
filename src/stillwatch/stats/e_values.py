"""E-values in bits: combining them, the bound on their maximum over time, and false discovery control."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.stats._kernels_e_values import means_by_row

__all__ = ["e_benjamini_hochberg", "mean_bits", "mean_bits_by_row", "ville_bound"]


def mean_bits(bits: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Bits of the mean of e-values, an e-value again under any dependence.

    bits        log2 of each e-value; -inf is an e-value of 0. Any shape.
    weights     Not negative, same shape; scaled to sum 1. None means equal.
    References  Vovk and Wang (2021), Ann. Stat. 49, 1736-1754, section 3.

    >>> mean_bits([2.0, 2.0])
    2.0
    >>> mean_bits([10.0, float("-inf")])
    9.0
    """
    values = np.asarray(bits, dtype=np.float64).ravel()
    if weights is None:
        return float(mean_bits_by_row(values[None, :])[0]) if values.size else -np.inf
    shares = np.asarray(weights, dtype=np.float64).ravel()
    values, shares = values[shares > 0], shares[shares > 0] / shares.sum()
    largest = values.max(initial=-np.inf)
    if not np.isfinite(largest):
        return float(largest)
    return float(largest + np.log2(np.exp2(values - largest) @ shares))


def mean_bits_by_row(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    """`mean_bits` of each row, equally weighted. Shape (rows, at least 1).

    >>> mean_bits_by_row(np.array([[2.0, 2.0], [10.0, -np.inf]])).tolist()
    [2.0, 9.0]
    """
    return np.asarray(means_by_row(bits), np.float64)


def ville_bound(peak_bits: float) -> float:
    """Largest probability that an e-process ever reaches `peak_bits` under its null.

    References  Ville (1939), Étude critique de la notion de collectif.

    >>> ville_bound(10.0) == 1 / 1024
    True
    """
    return float(min(1.0, 2.0**-peak_bits))


def e_benjamini_hochberg(bits: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Families to report so that the expected share of false ones is at most alpha, under any dependence.

    It does not hold for running maxima: use final values at times fixed beforehand.

    bits        log2 of each family's e-value.
    alpha       False discovery rate, in (0, 1].
    References  Wang and Ramdas (2022), J. R. Stat. Soc. B 84, 822-852.

    >>> e_benjamini_hochberg([10.0, 1.0, 7.0], 0.05).tolist()
    [True, False, True]
    """
    values = np.asarray(bits, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    needed = np.log2(values.size / (alpha * np.arange(1, values.size + 1)))
    passed = np.flatnonzero(values[order] >= needed)
    reported = np.zeros(values.size, dtype=np.bool_)
    reported[order[: passed[-1] + 1 if passed.size else 0]] = True
    return reported
