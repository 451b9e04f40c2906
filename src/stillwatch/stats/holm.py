"""Believing some of very many tests with no false one among them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput

__all__ = ["holm"]


def holm(log_p: ArrayLike, tests: int | None = None) -> NDArray[np.float64]:
    """Natural log of each test's p-value adjusted by Holm: reject those at or below ln(alpha); any dependence.

    log_p       Natural log of each p-value, any order.
    tests       How many tests were made, when only the smallest p-values are at hand; at least as many as given.
    Raises      InvalidInput when fewer tests are named than given.
    References  Holm (1979), Scand. J. Stat. 6, 65-70.

    >>> np.exp(holm(np.log([0.01, 0.04, 0.03]))).round(3).tolist()
    [0.03, 0.06, 0.06]
    >>> np.exp(holm(np.log([0.001]), tests=25)).round(3).tolist()
    [0.025]
    """
    given = np.asarray(log_p, np.float64)
    made = given.size if tests is None else tests
    if made < given.size:
        message = f"tests must be at least the number of p-values, got {made} for {given.size}"
        raise InvalidInput(message)
    order = np.argsort(given, kind="stable")
    adjusted = np.empty(given.size)
    adjusted[order] = np.maximum.accumulate(given[order] + np.log(made - np.arange(given.size)))
    return np.minimum(adjusted, 0.0)
