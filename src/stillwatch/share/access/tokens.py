"""Tokens: a public part that finds the row, a secret part that is kept only as an argon2 hash.

References
----------
RFC 9106 (2021), Argon2 memory-hard function for password hashing and proof-of-work applications.
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["Token", "fresh_token", "hash_secret", "matches", "parse_token"]

_SHAPE: Final = re.compile(r"swf\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})")
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True, slots=True)
class Token:
    """What a member shows.

    lookup      16 hexadecimal digits, not secret.
    secret      256 random bits; never in a log, a message or a repr.
    """

    lookup: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """Both parts in one word, for a header or a file."""
        return f"swf.{self.lookup}.{self.secret}"


def fresh_token() -> Token:
    """A token nobody has."""
    return Token(secrets.token_hex(8), secrets.token_urlsafe(32))


def parse_token(text: str) -> Token | None:
    """Token of its one word; None when it has not the shape.

    >>> parse_token("swf.0123456789abcdef." + "s" * 43).lookup
    '0123456789abcdef'
    >>> parse_token("something else") is None
    True
    """
    found = _SHAPE.fullmatch(text)
    return Token(found[1], found[2]) if found else None


def hash_secret(token: Token) -> str:
    """What is stored of the secret."""
    return _HASHER.hash(token.secret)


def matches(token: Token, hashed: str | None) -> bool:
    """Whether the secret is the one that was hashed; a missing hash takes the same time as a wrong one."""
    try:
        return _HASHER.verify(hashed or _NOBODY, token.secret) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


_NOBODY: Final = _HASHER.hash(secrets.token_urlsafe(32))
