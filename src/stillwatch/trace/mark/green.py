"""The layer that students inherit: after each context, half the vocabulary is a little likelier.

References: Kirchenbauer et al. (2023), ICML; Fernandez et al. (2023), WIFS (exact tail over unique contexts); Sander et
al. (2024), NeurIPS (radioactivity).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

__all__ = ["is_green", "log_tail", "raised"]


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
    """Natural log of P(at least `greens` of `count` tokens green): the exact binomial tail.

    >>> round(float(np.exp(log_tail(2, 2, 0.5))), 6)
    0.25
    >>> log_tail(0, 10, 0.5)
    0.0
    """
    return float(min(binom.logsf(greens - 1, count, gamma), 0.0)) if greens > 0 else 0.0
