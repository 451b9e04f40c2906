"""Passwords of the console: kept as Argon2 hashes, long instead of odd.

References
----------
NIST SP 800-63B-4 (2025), section 3.1.1: length counts, rules of composition do not.
"""

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stillwatch.errors import InvalidInput

__all__ = ["LEAST", "MOST", "fresh_password", "hash_password", "is_password"]

LEAST: Final = 12
MOST: Final = 200
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str, name: str) -> str:
    """What is stored of a password.

    name        Of the user, which the password must not be made of.
    Raises      InvalidInput for one that is too short, too long, or guessed at once.
    """
    if not LEAST <= len(password) <= MOST:
        message = f"a password must have {LEAST} to {MOST} characters"
        raise InvalidInput(message)
    if len(set(password)) < 5 or password.lower().replace(name.lower(), "") == "":
        message = "a password must not be one character again and again, nor the user's name"
        raise InvalidInput(message)
    return _HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it is the one that was hashed; a missing hash takes the same time as a wrong one."""
    try:
        return _HASHER.verify(hashed or _NOBODY, password[: MOST + 1]) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def fresh_password() -> str:
    """A password that nobody has: four groups of five letters, 99 bits.

    >>> len(fresh_password())
    23
    """
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


_NOBODY: Final = _HASHER.hash(secrets.token_urlsafe(32))
