"""Cursors: places in the sequence that only the forum can read.

The sequence is an integer over all collections: in clear it would tell a member how much the others publish elsewhere.

References
----------
RFC 5297 (2008), Synthetic initialization vector authenticated encryption using AES.
"""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

__all__ = ["KEY_BYTES", "Cursors"]

KEY_BYTES: Final = 64
_TEXT_LENGTH: Final = 32  # 16 bytes of tag and 8 of number, in base64


class Cursors:
    """Makes and reads cursors with one key.

    >>> cursors = Cursors(bytes(range(64)))
    >>> cursors.read(cursors.text(7, "feed"), "feed"), cursors.read(cursors.text(7, "feed"), "elsewhere")
    (7, None)
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def text(self, sequence: int, use: str) -> str:
        """Cursor of a place; equal places of one use have equal cursors."""
        return base64.urlsafe_b64encode(self._cipher.encrypt(sequence.to_bytes(8, "big"), [use.encode()])).decode()

    def read(self, text: str, use: str) -> int | None:
        """Place of a cursor; None when it is not ours, was changed, or was given for another use."""
        if len(text) != _TEXT_LENGTH or not text.isascii():
            return None
        try:
            data = base64.b64decode(text, altchars=b"-_", validate=True)
            return int.from_bytes(self._cipher.decrypt(data, [use.encode()]), "big")
        except (binascii.Error, ValueError, InvalidTag):
            return None
