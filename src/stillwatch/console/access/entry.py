"""The link that the command line prints for a console of one person: it opens once, and then it is worth nothing."""

import hmac
import secrets
import threading
from typing import Final

__all__ = ["EntryKey"]

_BYTES: Final = 32


class EntryKey:
    """A key that opens once.

    name    User that it lets in.

    >>> key = EntryKey("ada")
    >>> key.opens("something else"), key.opens(key.text), key.opens(key.text)
    (False, True, False)
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = secrets.token_urlsafe(_BYTES)
        self._lock = threading.Lock()
        self._is_used = False

    def opens(self, told: str) -> bool:
        """Whether it is the key, for the first time."""
        with self._lock:
            is_right = hmac.compare_digest(told.encode(errors="replace"), self.text.encode()) and not self._is_used
            self._is_used |= is_right
            return is_right
