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

_SHAPE: Final = re.compile(r"([a-z]{3})\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})")
_LONGEST: Final = 64
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True, slots=True)
class Token:
    """What somebody shows.

    prefix      Three letters that say whose token it is, so that scanners for leaked ones can tell.
    lookup      16 hexadecimal digits, not secret.
    secret      256 random bits; never in a log, a message or a repr.
    """

    prefix: str
    lookup: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """All parts in one word, for a header or a file."""
        return f"{self.prefix}.{self.lookup}.{self.secret}"


def fresh_token(prefix: str) -> Token:
    """A token nobody has."""
    return Token(prefix, secrets.token_hex(8), secrets.token_urlsafe(32))


def parse_token(text: str, prefix: str) -> Token | None:
    """Token of its one word; None when it has not the shape, or another prefix.

    >>> parse_token("swf.0123456789abcdef." + "s" * 43, "swf").lookup
    '0123456789abcdef'
    >>> parse_token("something else", "swf") is None
    True
    """
    found = _SHAPE.fullmatch(text) if len(text) == _LONGEST else None
    return Token(*found.groups()) if found and found[1] == prefix else None


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
