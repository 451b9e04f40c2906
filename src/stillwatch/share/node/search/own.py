"""What one side of a search works with: the node's keys, what it has seen, and what it lets others ask."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import Node
from stillwatch.share.node.search.letter import Sealed, posted, word
from stillwatch.share.sealed.keys import SealingKey, SealingPublic
from stillwatch.share.warnings.lists import WarningLists

__all__ = ["Other", "Own", "Person"]


@dataclass(frozen=True, slots=True)
class Other:
    """The member on the other side, and the key that letters to it are sealed to."""

    member_id: str
    key: SealingPublic


@dataclass(frozen=True, slots=True)
class Person:
    """Who of this side says yes. The name stays in the node's database; a salted hash of it crosses.

    name    1 to 128 characters.
    """

    name: str
    salt: bytes

    @classmethod
    def of(cls, name: str) -> "Person":
        """Person with a fresh salt.

        Raises      InvalidInput for a name of another length.
        """
        kept = name.strip()
        if not 0 < len(kept) <= 128:
            message = f"a person's name must have 1 to 128 characters, got {len(kept)}"
            raise InvalidInput(message)
        return cls(kept, secrets.token_bytes(32))

    @property
    def digest(self) -> str:
        """What crosses; whoever is shown salt and name later can check it."""
        return hashlib.sha256(self.salt + self.name.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Own:
    """One side, the node's own.

    epoch       Number of the epoch now.
    index_ns    When the index was written.
    open_kinds  Kinds of values that others may search here.
    lists       What they name matches nothing.
    """

    node: Node
    key: SealingKey
    index: LocalIndex
    index_ns: int
    epoch: int
    open_kinds: frozenset[SignalKind]
    lists: WarningLists

    def word(self, stage: str, search_id: str, other: Other, now: datetime, **fields: object) -> Admitted:
        """Signed document to the other side."""
        return word(stage, search_id, other.member_id, self.node.key, now, **fields)

    def letter(self, told: Admitted, stage: str, other: Other, *enclosed: bytes) -> Sealed:
        """The document with what goes with it, sealed."""
        place = Sealed(told.document()["id"], stage, self.node.member_id, other.member_id, ())
        return posted(place, told, enclosed, other.key)
