"""One entry: when, what kind, who, and a salted commitment to the document, which is kept elsewhere.

The commitment is SHA-256(salt || canonical JSON) with 32 random bytes of salt: whoever has salt and document can show
that the entry is of it, and once both are gone nobody can guess at what it was.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.ledger.tree import leaf_hash
from stillwatch.signing.canonical import canonical
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["HEX", "SALT_BYTES", "Entry", "Kind", "Opening", "commitment", "is_of"]

SALT_BYTES: Final = 32
HEX: Final = re.compile(r"[0-9a-f]{64}")
_ACTOR: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MEMBERS: Final = ("index", "time", "kind", "actor", "commitment")


class Kind(StrEnum):
    """What happened; a closed list."""

    PUBLISH = "publish"
    NETWORKS = "networks"
    REVOKE = "revoke"
    SIGHTING = "sighting"
    OPINION = "opinion"
    QUERY = "query"
    EVALUATION_BUDGET = "evaluation-budget"
    COMMITMENT = "commitment"
    REVEAL = "reveal"
    APPEAL = "appeal"
    ROSTER_CHANGE = "roster-change"
    DRILL = "drill"
    CASE = "case"
    DISCLOSURE = "disclosure"
    POLICY = "policy"
    DECISION = "decision"
    RULE = "rule"
    SHADOW_ANSWER = "shadow-answer"
    REMOVAL = "removal"
    AUDIT = "audit"
    MARK_KEYS = "mark-keys"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment is to: without it the commitment tells nothing."""

    salt: bytes
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf of the ledger.

    index       From 0 on.
    actor       Pseudonym of who did it.
    commitment  64 hexadecimal digits.
    """

    index: int
    time: datetime
    kind: Kind
    actor: str
    commitment: str

    def __post_init__(self) -> None:
        """Nothing but a pseudonym and a hash can stand in an entry."""
        if not _ACTOR.fullmatch(self.actor):
            message = "an actor must be 1 to 64 of A-Z a-z 0-9 _ -"
            raise InvalidInput(message)
        if not HEX.fullmatch(self.commitment) or not 0 <= self.index < 1 << 53:
            message = f"entry {self.index} must have an index from 0 on and a commitment of 64 hexadecimal digits"
            raise InvalidInput(message)

    def told(self) -> dict[str, Any]:
        """The entry as JSON."""
        time, kind = stamp(self.time), self.kind.value
        return dict(zip(_MEMBERS, (self.index, time, kind, self.actor, self.commitment), strict=True))

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Entry":
        """Entry of what `told` gave.

        Raises      InvalidInput for anything else.
        """
        if told.keys() != set(_MEMBERS) or type(told["index"]) is not int:
            message = f"an entry must have exactly the members {', '.join(_MEMBERS)}"
            raise InvalidInput(message)
        if not all(isinstance(told[name], str) for name in _MEMBERS[1:]):
            message = f"time, kind, actor and commitment of entry {told['index']} must be text"
            raise InvalidInput(message)
        if told["kind"] not in set(Kind):
            message = f"kind of entry {told['index']} must be one of {', '.join(Kind)}"
            raise InvalidInput(message)
        return cls(told["index"], time_of(told["time"]), Kind(told["kind"]), told["actor"], told["commitment"])

    @property
    def leaf(self) -> bytes:
        """Hash of the entry as a leaf: of its canonical JSON.

        Whole numbers and plain ASCII have one spelling, so that the standard library writes it, ten times as fast.
        """
        return leaf_hash(json.dumps(self.told(), separators=(",", ":"), sort_keys=True).encode())


def commitment(opening: Opening) -> str:
    """Commitment to a document, 64 hexadecimal digits.

    Raises      InvalidInput for a salt of another length: without one, short documents are found by trying.

    >>> commitment(Opening(bytes(32), {"a": 1}))[:16]
    'b06a229070741292'
    """
    if len(opening.salt) != SALT_BYTES:
        message = f"a salt must have {SALT_BYTES} bytes, got {len(opening.salt)}"
        raise InvalidInput(message)
    return hashlib.sha256(opening.salt + canonical(opening.document)).hexdigest()


def is_of(entry: Entry, opening: Opening) -> bool:
    """Whether an entry is of this document."""
    return compare_digest(entry.commitment, commitment(opening))
