"""Memory that bodies may take between the socket and the disk."""

import threading

__all__ = ["Budget"]


class Budget:
    """So many bytes; who gets none is sent away.

    >>> budget = Budget(10)
    >>> budget.take(8), budget.take(8), budget.used
    (True, False, 8)
    """

    def __init__(self, size_bytes: int) -> None:
        self._size = size_bytes
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        return self._used

    def take(self, n: int) -> bool:
        """Take bytes, or none when there are too few."""
        with self._lock:
            if self._used + n > self._size:
                return False
            self._used += n
            return True

    def give(self, n: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._used -= n
