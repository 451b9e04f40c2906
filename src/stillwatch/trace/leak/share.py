"""At least how many records hold marked text: a bound that assumes nothing of the text."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from stillwatch.model.trace_report import Interval

__all__ = ["LEVEL", "marked_records"]

LEVEL = 0.01
"""A record counts as hit when its p-value under the global key is at most this."""
_CONFIDENCE = 0.95


def marked_records(log_p: NDArray[np.float64]) -> Interval:
    """Share of records that hold marked text, from below.

    With m marked among R, the others give a binomial number of hits; the bound is the smallest m that would give as
    many hits with a probability of at least one in twenty. How many marked records give no hit nobody knows, so the
    upper end is 1.

    log_p       Natural log of each record's p-value under the global key, at least one record.

    >>> marked_records(np.log(np.array([1e-9] * 30 + [0.5] * 70))).low
    0.28
    """
    n, hits = len(log_p), int((log_p <= np.log(LEVEL)).sum())
    marked = np.arange(n + 1)
    reached = binom.sf(hits - marked - 1, n - marked, LEVEL) >= 1 - _CONFIDENCE
    low = int(marked[reached][0]) / n
    value = max(low, (hits - LEVEL * n) / (n * (1 - LEVEL)))
    told = "share of records that hold marked text"
    return Interval(told, min(value, 1.0), low, 1.0, _CONFIDENCE, "nothing more: what was unmarked again is not seen")
