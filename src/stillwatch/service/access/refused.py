"""Callers that are not let in, as an operator reads of them.

A gateway fails open: one whose token has ended serves everything, its customers notice nothing, and neither does
anybody else unless the service says so.
"""

from collections.abc import Callable
from typing import Final

__all__ = ["LASTS_S", "Refused"]

LASTS_S: Final = 300.0
"""How long after the last call it is still said."""


class Refused:
    """Counts calls by what they showed: a token by its name and what is wrong with it, never itself.

    ticking     Seconds that only grow.

    >>> refused = Refused(lambda: 0.0)
    >>> refused.note("the token proxy, which has ended")
    >>> refused.problems()
    ('1 call was refused, the last 0 s ago: it showed the token proxy, which has ended',)
    """

    def __init__(self, ticking: Callable[[], float]) -> None:
        self._ticking = ticking
        self._calls: dict[str, tuple[int, float]] = {}

    def note(self, shown: str) -> None:
        """Count one; after a long silence the count starts anew."""
        n, last_s = self._calls.get(shown, (0, 0.0))
        now_s = self._ticking()
        self._calls[shown] = (n + 1 if now_s - last_s <= LASTS_S else 1, now_s)

    def problems(self) -> tuple[str, ...]:
        """A sentence for everything that was shown in the last minutes."""
        now_s = self._ticking()
        known = sorted(self._calls.copy().items())
        return tuple(
            f"{_calls(n)} refused, the last {now_s - last_s:,.0f} s ago: {'it' if n == 1 else 'they'} showed {shown}"
            for shown, (n, last_s) in known
            if now_s - last_s <= LASTS_S
        )


def _calls(n: int) -> str:
    return "1 call was" if n == 1 else f"{n:,} calls were"
