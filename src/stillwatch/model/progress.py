"""Time and progress of long work, stage by stage."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

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
        return _Counting(self, name, total, fn, n_rows)


class _Counting(Generic[A, B]):
    """A function that counts. Another process gets the function alone: nobody there looks at progress."""

    def __init__(self, stages: Stages, name: str, total: int, fn: Callable[[A], B], n_rows: Callable[[A], int]) -> None:
        self._stages, self._name, self._total = stages, name, total
        self._fn, self._n_rows = fn, n_rows
        self._lock, self._done = threading.Lock(), 0

    def __call__(self, value: A) -> B:
        result = self._fn(value)
        with self._lock:
            self._done += self._n_rows(value)
            self._stages.report(self._name, min(self._done, self._total), self._total)
        return result

    def __reduce__(self) -> tuple[Callable[[Callable[[A], B]], Callable[[A], B]], tuple[Callable[[A], B]]]:
        return _itself, (self._fn,)


def _itself(fn: Callable[[A], B]) -> Callable[[A], B]:
    return fn
