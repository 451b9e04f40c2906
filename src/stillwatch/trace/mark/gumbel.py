"""The account layer: a draw that is the model's own to everyone without the key.

The token is argmax of ln(u_v) / p_v, u_v the secret number of v after the last tokens. Over keys its distribution is p
exactly, so nothing is lost; with the key, the drawn token's u is high more often than chance.
References: Aaronson (2023), Reform AI Alignment talk; Kuditipudi et al. (2024), TMLR; Fernandez et al. (2023), WIFS.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammaln

__all__ = ["draw", "log_tail", "scores"]


def draw(probabilities: NDArray[np.float64], numbers: NDArray[np.float64]) -> int:
    """Token that the numbers choose under a distribution.

    probabilities   Not negative, sum 1, shape (vocabulary,): after penalties, grammar, temperature, top-k and top-p.
    numbers         In (0, 1), same shape: `prf.uniforms`.

    >>> draw(np.array([0.5, 0.5, 0.0]), np.array([0.2, 0.9, 0.99]))
    1
    """
    possible = np.flatnonzero(probabilities > 0)
    races = -np.log(numbers[possible]) / probabilities[possible]
    return int(possible[np.argmin(races)])


def scores(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """What drawn tokens add to the sum: -ln(1 - u), exponential with mean 1 under the null.

    >>> scores(np.array([0.5])).round(4).tolist()
    [0.6931]
    """
    return -np.log1p(-numbers)


def log_tail(total: float, count: int) -> float:
    """Natural log of P(sum of `count` exponentials >= total): the exact Gamma tail, far below the smallest float.

    >>> round(log_tail(3.0, 1), 6)
    -3.0
    >>> log_tail(2000.0, 2) < -1900
    True
    """
    if count == 0 or total <= 0:
        return 0.0
    tail = float(gammaincc(count, total))
    if tail > 1e-280:
        return float(np.log(tail))
    return _log_upper_gamma(float(count), total)


def _log_upper_gamma(shape: float, x: float) -> float:
    """Log of Q(shape, x) where it underflows: Legendre's continued fraction, by Lentz (1976)."""
    tiny = 1e-300
    b = x + 1.0 - shape
    c, d = 1.0 / tiny, 1.0 / b
    fraction = d
    for i in range(1, 10_000):
        a = -i * (i - shape)
        b += 2.0
        d = 1.0 / (a * d + b or tiny)
        c = b + a / c or tiny
        step = c * d
        fraction *= step
        if abs(step - 1.0) < 1e-14:
            break
    return float(shape * np.log(x) - x - gammaln(shape) + np.log(fraction))
