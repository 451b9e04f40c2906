"""Members of an evaluator that runs without the forum: a file of names and hashes of tokens.

A token is ``NAME.SECRET``; a line of the file is ``NAME HASH``, the hash by argon2id.
"""

import hashlib
import re
import secrets
import threading
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["Members", "new_member"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LARGEST: Final = 1 << 20
_NOBODY: Final = PasswordHasher().hash(secrets.token_hex(16))
"""Checked for names that are not there, so that they take as long as those that are."""


def new_member(name: str) -> tuple[str, str]:
    """A member's token, told once, and the line of the file that knows it.

    name        1 to 64 lower-case letters, digits and dashes.
    Raises      InvalidInput for another name.
    """
    if not _NAME.fullmatch(name):
        message = "a member's name must be 1 to 64 lower-case letters, digits and dashes"
        raise InvalidInput(message)
    secret = secrets.token_urlsafe(32)
    return f"{name}.{secret}", f"{name} {PasswordHasher().hash(secret)}"


class Members:
    """Who a token belongs to; what was checked once is remembered by a keyed hash while the process lives.

    Raises      UnreadableSource if the file cannot be read; InvalidInput with the number of a line that is none.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open(encoding="utf-8") as file:
                text = file.read(_LARGEST)
        except (OSError, UnicodeError) as error:
            message = f"cannot read the members in {path}"
            raise UnreadableSource(message) from error
        self._hashes = dict(_line(line, f"{path}:{n}") for n, line in enumerate(text.splitlines(), 1) if line.strip())
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, str] = {}
        self._one_at_a_time = threading.Lock()  # a check takes 64 MiB, and anybody can ask for one

    def __call__(self, token: str) -> str | None:
        """Name of the member, None for a token that is nobody's."""
        mark = hashlib.blake2b(token.encode(errors="replace"), key=self._key).digest()
        if mark in self._known:
            return self._known[mark]
        name, _, secret = token.partition(".")
        try:
            with self._one_at_a_time:
                PasswordHasher().verify(self._hashes.get(name, _NOBODY), secret)
        except (Argon2Error, InvalidHashError):
            return None
        if name in self._hashes:
            self._known[mark] = name
        return self._known.get(mark)


def _line(line: str, place: str) -> tuple[str, str]:
    name, _, hashed = line.strip().partition(" ")
    if not _NAME.fullmatch(name) or not hashed.startswith("$argon2id$"):
        message = f"a line must be NAME HASH with a hash by argon2id ({place})"
        raise InvalidInput(message)
    return name, hashed
