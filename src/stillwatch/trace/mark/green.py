"""The layer that students inherit: after each context, half the vocabulary is a little likelier.

References: Kirchenbauer et al. (2023), ICML; Fernandez et al. (2023), WIFS (exact tail over unique contexts); Sander et
al. (2024), NeurIPS (radioactivity).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import binom

__all__ = ["is_green", "log_tail", "raised"]

_DEEP: Final = -600.0
"""Below this a double cannot hold the tail itself (1e-308 is e^-708)."""


def is_green(numbers: NDArray[np.float64], gamma: float) -> NDArray[np.bool_]:
    """Which tokens are green, by their secret numbers.

    gamma       Share of green tokens, in (0, 1).

    >>> is_green(np.array([0.2, 0.7]), 0.5).tolist()
    [True, False]
    """
    return np.asarray(numbers < gamma)


def raised(
    logits: NDArray[np.float64], numbers: NDArray[np.float64], gamma: float, delta: float
) -> NDArray[np.float64]:
    """Logits with `delta` nats added where the token is green.

    >>> raised(np.zeros(2), np.array([0.2, 0.7]), 0.5, 2.0).tolist()
    [2.0, 0.0]
    """
    return logits + delta * is_green(numbers, gamma)


def log_tail(greens: int, count: int, gamma: float) -> float:
    """Natural log of P(at least `greens` of `count` tokens green): the exact binomial tail, at any depth.

    greens      Above `count` is impossible: minus infinity.

    >>> round(float(np.exp(log_tail(2, 2, 0.5))), 6)
    0.25
    >>> log_tail(0, 10, 0.5)
    0.0
    >>> round(log_tail(10_000, 10_000, 0.5) / 10_000, 6)
    -0.693147
    """
    if greens <= 0:
        return 0.0
    if greens > count:
        return -float("inf")
    shallow = float(binom.logsf(greens - 1, count, gamma))
    if shallow > _DEEP:
        return min(shallow, 0.0)
    return _deep_tail(greens, count, gamma)


def _deep_tail(greens: int, count: int, gamma: float) -> float:
    """First term in logs and the rest relative to it: so far out each term is smaller than the one before."""
    first = gammaln(count + 1) - gammaln(greens + 1) - gammaln(count - greens + 1)
    first += greens * np.log(gamma) + (count - greens) * np.log1p(-gamma)
    places = np.arange(greens, count)
    shrinking = np.cumprod((count - places) / (places + 1) * (gamma / (1 - gamma)))
    return float(first + np.log1p(shrinking.sum()))
