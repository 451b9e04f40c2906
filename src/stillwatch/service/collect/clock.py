"""What time it is, when the clock may jump."""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

__all__ = ["Clock", "Now"]

_JUMP_S: Final = 60.0
_SETTLED_S: Final = 3600.0


class Now(NamedTuple):
    """Between which moments now is, seconds since 1970; the same twice when the clock is trusted."""

    earliest: float
    latest: float

    @property
    def disagreement_s(self) -> float:
        """How far the clock has jumped."""
        return self.latest - self.earliest


class Clock:
    """The wall clock beside one that only goes forward.

    A wall clock that is suddenly elsewhere is either wrong now or was wrong before. Nobody can tell which, so for an
    hour both are held possible: an exchange is taken when it fits either, and nothing is deleted that one of them
    would keep. Then the wall clock is believed.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._anchor = (wall(), steady())
        self._jumped_at: float | None = None

    def now(self) -> Now:
        """Now.

        >>> Clock(lambda: 100.0, lambda: 5.0).now()
        Now(earliest=100.0, latest=100.0)
        """
        wall, steady = self._wall(), self._steady()
        held = self._anchor[0] + steady - self._anchor[1]
        if abs(wall - held) <= _JUMP_S:
            self._jumped_at = None
        elif self._jumped_at is None:
            self._jumped_at = steady
        if self._jumped_at is None or steady - self._jumped_at > _SETTLED_S:
            self._anchor, self._jumped_at = (wall, steady), None
            return Now(wall, wall)
        return Now(min(wall, held), max(wall, held))
