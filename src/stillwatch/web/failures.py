"""Failed logins by source: whoever guesses waits, and nobody else does."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from stillwatch.web.pace import source_group
from stillwatch.web.problem import Problem

__all__ = ["Failures"]

_MOST_SOURCES: Final = 10_000


class Failures:
    """Counts of the last window of each source; of more sources than are remembered the oldest are forgotten.

    allowed     Failures of one source in a window.
    window_s    Seconds since the first of them.

    >>> failures = Failures(allowed=1, clock=lambda: 0.0)
    >>> failures.check("192.0.2.1")
    >>> failures.count("192.0.2.1")
    >>> failures.check("192.0.2.1")
    Traceback (most recent call last):
    stillwatch.web.problem.Problem: too many failed logins from this address
    """

    def __init__(self, allowed: int = 20, window_s: int = 60, clock: Callable[[], float] = time.time) -> None:
        self._allowed, self._window_s, self._clock = allowed, window_s, clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def check(self, source: str, of: str = "") -> None:
        """Nothing while a source may try.

        of          What it tries at, where that is counted apart.
        Raises      Problem 429 after too many failures, with the seconds to wait.
        """
        with self._lock:
            n, since = self._failed.get((source_group(source), of), (0, 0.0))
            wait_s = since + self._window_s - self._clock()
        if n >= self._allowed and wait_s > 0:
            headers = {"Retry-After": str(int(wait_s) + 1)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many failed logins from this address", headers)

    def count(self, source: str, of: str = "") -> None:
        """Count one."""
        key = source_group(source), of
        with self._lock:
            now = self._clock()
            n, since = self._failed.pop(key, (0, 0.0))
            self._failed[key] = (1, now) if since + self._window_s <= now else (n + 1, since)
            if len(self._failed) > _MOST_SOURCES:
                self._failed.popitem(last=False)
