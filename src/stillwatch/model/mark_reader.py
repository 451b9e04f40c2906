"""The contract of a mark's reader: what each token of a text adds, and how surprising a sum is."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["MarkReader"]


class MarkReader(Protocol):
    """Finds one scheme's mark under one key. A null is the same for all: the text was made without this key.

    A test adds scores over contexts that are *unique over the whole test*: an innocent text repeats itself, and a
    sum over repeats has no exact tail. `contexts` says what is one context; it depends on no key and on nothing but
    what seeds the scheme's secret numbers, so a choice of first occurrences favours nobody.
    """

    @property
    def name(self) -> str:
        """As reports call it, such as ``vllm-gumbel``."""
        ...

    @property
    def width(self) -> int:
        """Tokens a score needs before its own token."""
        ...

    def contexts(self, tokens: NDArray[np.int64], /) -> NDArray[np.uint64]:
        """Which context each scored token stands after, shape (n,): one for each of the last n tokens of the text."""
        ...

    def scores(self, tokens: NDArray[np.int64], /) -> NDArray[np.float64]:
        """What each scored token adds to the sum, shape (n,), aligned with `contexts`."""
        ...

    def log_tail(self, total: float, count: int, /) -> float:
        """Natural log of P(sum of `count` scores >= total) under the null, exact; 0.0 for a count of 0."""
        ...
