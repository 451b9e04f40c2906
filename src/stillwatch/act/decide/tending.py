"""What a decider needs beside its requests: a thread that looks at lists, appeals and ends about every second."""

import logging
import threading
from typing import Final, Self

from stillwatch.act.decide.decider import Decider

__all__ = ["Tending"]

_LOG: Final = logging.getLogger("stillwatch.decide")
_BREATH_S: Final = 0.002


class Tending:
    """Tends a decider until it is closed.

    every_s     Seconds between; an upheld appeal and a changed list count after that time.
    problem     What went wrong the last time, as the name of an error; None for nothing.
    """

    def __init__(self, decider: Decider, every_s: float = 1.0) -> None:
        self._decider = decider
        self._every_s = every_s
        self.problem: str | None = None
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
            try:
                self._decider.tend(_BREATH_S)
            except Exception as error:  # noqa: BLE001 - the next time may go well, and a dead thread would tell nobody
                self._note(type(error).__name__)
            else:
                self._note(None)

    def _note(self, problem: str | None) -> None:
        if problem is not None and problem != self.problem:
            _LOG.warning("tending decisions failed: %s", problem)
        self.problem = problem
