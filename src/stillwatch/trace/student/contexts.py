"""Where to ask: contexts that were served, each once over the whole test, chosen by the context alone.

A student has learnt something only where it was taught. To look only there is allowed as long as the choice sees the
context and not the token: the token that was served was drawn with the key. Which contexts were served does depend on
the key, through the tokens before them; on a context's own numbers it does not, since it is reached before they are
used. `tests/trace/student/test_open_weights.py` holds innocents against it.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.leak.seen import Seen
from stillwatch.trace.mark.prf import contexts, token_array

__all__ = ["Asking", "ServedContexts"]


class ServedContexts:
    """Contexts of answers that a campaign was given.

    width       Tokens of a context.

    >>> served = ServedContexts(2)
    >>> served.add([1, 2, 3, 4])
    >>> served.holds(np.array([1, 2, 9, 2, 3, 9])).tolist()
    [True, False, False, True]
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._parts: list[NDArray[np.uint64]] = []
        self._sorted = np.zeros(0, np.uint64)

    def add(self, tokens: Iterable[int] | NDArray[np.int64]) -> None:
        """One answer; which token stood after a context is not kept."""
        self._parts.append(np.unique(contexts(token_array(np.asarray(tokens)), self.width)))

    def holds(self, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each token from the `width`-th on, whether the context before it was served."""
        if self._parts:
            self._sorted = np.unique(np.concatenate([self._sorted, *self._parts]))
            self._parts = []
        return np.isin(contexts(tokens, self.width), self._sorted)

    def __len__(self) -> int:
        """Different contexts."""
        self.holds(np.zeros(0, np.int64))
        return len(self._sorted)


class Asking:
    """Chooses the places of a test.

    width       Tokens of a context.
    served      Only contexts that were served; None: all.
    budget      Places at most, at least 1.

    >>> Asking(2).places(np.array([1, 2, 3, 1, 2, 3])).tolist()
    [2, 3, 4]
    """

    def __init__(self, width: int, served: ServedContexts | None = None, budget: int = 100_000) -> None:
        if budget < 1:
            message = f"budget must be at least 1, got {budget}"
            raise InvalidInput(message)
        self.width, self.served, self.budget = width, served, budget
        self._seen = Seen()
        self.count = 0

    def places(self, tokens: NDArray[np.int64], start: int = 0) -> NDArray[np.int64]:
        """Positions that count in one text, whose contexts come for the first time in the whole test.

        start   Positions before this are the prompt: their contexts are met, and never count later either.
        """
        is_new = self._seen.new(contexts(tokens, self.width))
        if self.served is not None:
            is_new &= self.served.holds(tokens)
        found = np.flatnonzero(is_new) + self.width
        found = found[found >= start][: self.budget - self.count]
        self.count += len(found)
        return np.asarray(found, np.int64)
