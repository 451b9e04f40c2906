"""Noise on counts: discrete Laplace, from a library that draws it without leaks of floating point.

References
----------
Ghosh, Roughgarden, Sundararajan (2009), Universally utility-maximizing privacy mechanisms, STOC (geometric mechanism).
Canonne, Kamath, Steinke (2020), The discrete Gaussian for differential privacy, NeurIPS (exact sampling).
"""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import opendp.prelude as dp

from stillwatch.errors import InvalidInput

__all__ = ["Noise", "laplace", "most_noise"]


class Noise(Protocol):
    """Adds noise to counts of which one event changes one, by one."""

    def __call__(self, counts: Sequence[int], /) -> list[int]:
        """Counts with noise, each with its own."""
        ...


def laplace(epsilon: float) -> Noise:
    """Discrete Laplace noise of scale 1 / epsilon.

    Raises      InvalidInput unless 0 < epsilon <= 10.

    >>> len(laplace(1.0)([3, 0, 12]))
    3
    """
    if not 0 < epsilon <= 10:
        message = f"epsilon must be in (0, 10], got {epsilon}"
        raise InvalidInput(message)
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    measured: Callable[[list[int]], list[int]] = dp.m.make_laplace(*space, scale=1 / epsilon)
    return lambda counts: [int(value) for value in measured(list(counts))]


def most_noise(epsilon: float, chance: float) -> int:
    """Size that noise exceeds, up or down, with that chance at most.

    >>> most_noise(1.0, 0.05)
    3
    """
    q = math.exp(-epsilon)  # the chance of exceeding t is 2 q^(t + 1) / (1 + q)
    return max(0, math.ceil(math.log(chance * (1 + q) / 2) / math.log(q)) - 1)
