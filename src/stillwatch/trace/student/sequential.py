"""Evidence that may be looked at after every answer: an e-process of bets on green tokens.

For each share q above gamma a bettor stakes on green; wealth is the product of q / gamma after a green token and
(1 - q) / (1 - gamma) after another. Under the null the mean of their wealths is a martingale, so that by Ville's
inequality the chance that it ever reaches 1 / alpha is at most alpha: one may stop whenever one likes.
References: Ville (1939); Ramdas et al. (2023), Stat. Sci. 38, 576-601.
"""

import math
from typing import Final

import numpy as np

from stillwatch.errors import InvalidInput

__all__ = ["Sequential"]

_STEPS: Final = 24


class Sequential:
    """Wealth after the tokens so far.

    gamma       Share of green tokens under the null, in (0, 1).

    >>> bets = Sequential(0.5)
    >>> bets.add([True] * 40)
    >>> bets.log_p < math.log(1e-6)
    True
    """

    def __init__(self, gamma: float) -> None:
        if not 0 < gamma < 1:
            message = f"gamma must be in (0, 1), got {gamma}"
            raise InvalidInput(message)
        shares = gamma + (1 - gamma) * np.geomspace(0.01, 0.95, _STEPS)
        self._green, self._other = np.log(shares / gamma), np.log((1 - shares) / (1 - gamma))
        self._wealth = np.zeros(_STEPS)
        self._highest = 0.0
        self.count = 0

    def add(self, is_green: "list[bool] | np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        """Tokens of new contexts, in the order in which they came."""
        for one in is_green:
            self._wealth += self._green if one else self._other
            self._highest = max(self._highest, self.log_e)
            self.count += 1

    @property
    def log_e(self) -> float:
        """Natural log of the mean wealth."""
        return float(np.logaddexp.reduce(self._wealth) - math.log(_STEPS))

    @property
    def log_p(self) -> float:
        """Natural log of the p-value that holds at any time: 1 over the highest wealth so far."""
        return -self._highest
