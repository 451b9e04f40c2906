"""Conformal calibration: what a score means among held-out scores, exactly, whatever their distribution."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput

__all__ = ["conformal_p_values", "conformal_quantile"]


def conformal_p_values(scores: ArrayLike, calibration: ArrayLike) -> NDArray[np.float64]:
    """Chance that a score exchangeable with the calibration scores is as large: (1 + number as large) / (n + 1).

    scores          Scores to judge, large is strange. Shape m.
    calibration     Scores of held-out legitimate families. Shape n.
    References      Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, section 2.2.

    >>> conformal_p_values([5.0, 0.0], [1.0, 2.0, 3.0]).tolist()
    [0.25, 1.0]
    """
    held_out = np.sort(np.asarray(calibration, dtype=np.float64))
    as_large = held_out.size - np.searchsorted(held_out, np.asarray(scores, dtype=np.float64), side="left")
    return np.asarray((1 + as_large) / (held_out.size + 1))


def conformal_quantile(calibration: ArrayLike, alpha: float) -> float:
    """Smallest bar that one more exchangeable score exceeds with probability at most alpha.

    It is the ceil((n + 1)(1 - alpha))-th smallest calibration score, and inf when n is too small to promise alpha.

    alpha       In (0, 1).
    Raises      InvalidInput if alpha is out of range.
    References  Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), J. Am. Stat. Assoc. 113, 1094-1111, section 2.2.

    >>> conformal_quantile(range(1, 100), 0.05)
    95.0
    >>> conformal_quantile(range(1, 10), 0.05)
    inf
    """
    if not 0 < alpha < 1:
        message = f"alpha must be in (0, 1), got {alpha}"
        raise InvalidInput(message)
    held_out = np.sort(np.asarray(calibration, dtype=np.float64))
    rank = math.ceil((held_out.size + 1) * (1 - alpha) - 1e-9)
    return float(held_out[rank - 1]) if rank <= held_out.size else math.inf
