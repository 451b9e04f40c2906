"""A thread that does something again and again, until it is told to stop; what goes wrong is told, not fatal."""

import logging
import threading
from collections.abc import Callable
from typing import Final, Self

__all__ = ["Repeating"]

_LOG: Final = logging.getLogger("stillwatch.service")


class Repeating:
    """Does its work about every so many seconds while the block lasts.

    problem     What went wrong the last time, as the name of an error: its text might hold what was sent.
    """

    def __init__(self, name: str, every_s: float, work: Callable[[], object]) -> None:
        self._name, self._every_s, self._work = name, every_s, work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"stillwatch-{name}", daemon=True)
        self.problem: str | None = None

    def __enter__(self) -> Self:
        """Start; the first time is at once."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, after the work that is being done."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._once()
            if self._stop.wait(self._every_s):
                return

    def _once(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - the next time may go well, and a dead thread would tell nobody
            told = type(error).__name__
            if told != self.problem:
                _LOG.warning("%s failed: %s", self._name, told)
            self.problem = told
        else:
            self.problem = None
