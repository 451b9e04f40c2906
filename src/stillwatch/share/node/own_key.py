"""The node's own signing key: made at first use, renewed when it may have been seen; the old one signs the new one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from stillwatch.signing.keys import SigningKey
from stillwatch.signing.succession import ENDORSEMENT, endorse

__all__ = ["TellKey", "own_key", "renewed_key"]

TellKey = Callable[[dict[str, Any]], None]
"""Gives the forum a public key; again is no harm. Raises when it is not taken."""

_FILE: Final = "node.key"


def own_key(folder: Path, tell: TellKey) -> SigningKey:
    """The node's key, made at first use; the forum is told its public half, once is enough."""
    path = folder / _FILE
    if not path.exists():
        SigningKey.generate().save(path)
    key = SigningKey.load(path)
    tell(key.verify_key.jwk())
    return key


def renewed_key(folder: Path, member_id: str, tell: TellKey) -> SigningKey:
    """A new key in the place of the old one, signed by it, so that the others' nodes trust it at once.

    The new one waits in a file of its own until the forum has it: a crash in between is made good by doing it again.

    Raises  UnreadableSource when there is no old key.
    """
    path, waiting = folder / _FILE, folder / f"{_FILE}.new"
    old = SigningKey.load(path)
    if not waiting.exists():
        SigningKey.generate().save(waiting)
    new = SigningKey.load(waiting)
    tell(new.verify_key.jwk() | {ENDORSEMENT: endorse(new.verify_key, member_id, old)})
    waiting.replace(path)
    return new
