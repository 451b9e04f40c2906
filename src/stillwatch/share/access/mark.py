"""How often the roster has changed: what everything that remembers something of it compares."""

import threading
import time

from sqlalchemy import Engine

from stillwatch.share.access.tables import ROSTER, counter
from stillwatch.store.database import reading

__all__ = ["Mark"]


class Mark:
    """The roster's counter, read from the database when the last reading is older than so many seconds.

    age_s   How long a revocation by another process may go unnoticed.
    """

    def __init__(self, engine: Engine, age_s: float = 0.0) -> None:
        self._engine = engine
        self._age_s = age_s
        self._lock = threading.Lock()
        self._read = 0, float("-inf")

    def __call__(self, *, fresh: bool = False) -> int:
        """Counter of the roster; `fresh` asks the database whatever is remembered."""
        value, since = self._read
        if not fresh and time.monotonic() - since < self._age_s:
            return value
        start = time.monotonic()
        with reading(self._engine).begin() as connection:
            value = counter(connection, ROSTER)
        with self._lock:
            if start > self._read[1]:
                self._read = value, start
        return value
