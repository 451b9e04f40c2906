"""Time and progress of long work, stage by stage."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["Progress", "Stages"]

Progress = Callable[[str, float, float], None]
"""Called with the stage, how much is done and how much there is; the unit is the stage's own."""

A = TypeVar("A")
B = TypeVar("B")


class Stages:
    """Seconds by stage, in the order they first ran.

    >>> stages = Stages()
    >>> with stages.stage("think"):
    ...     pass
    >>> list(stages.seconds)
    ['think']
    """

    def __init__(self, on_progress: Progress | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._on_progress = on_progress
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage, and say that it starts and ends."""
        self.report(name, 0, 1)
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.report(name, 1, 1)

    def report(self, name: str, done: float, total: float) -> None:
        """Pass progress on."""
        if self._on_progress:
            self._on_progress(name, done, total)

    def counting(self, name: str, total: int, fn: Callable[[A], B], n_rows: Callable[[A], int]) -> Callable[[A], B]:
        """`fn`, reporting after each call how many rows have passed through it."""
        done = 0

        def counted(value: A) -> B:
            nonlocal done
            result = fn(value)
            with self._lock:
                done += n_rows(value)
                self.report(name, min(done, total), total)
            return result

        return counted
