"""What a decider needs beside its requests: a thread that looks at lists, appeals and ends about every second."""

import threading
from typing import Self

from stillwatch.act.decide.decider import Decider

__all__ = ["Tending"]

_BREATH_S = 0.002


class Tending:
    """Tends a decider until it is closed.

    every_s     Seconds between; an upheld appeal and a changed list count after that time.
    """

    def __init__(self, decider: Decider, every_s: float = 1.0) -> None:
        self._decider = decider
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision-tending", daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, after the look that is being taken."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._decider.tend(_BREATH_S)
