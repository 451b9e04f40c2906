"""Letters of a back-search: a signed document that the guard has admitted, sealed with the rows that go with it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.share.guard.admit import Admitted, admit, admit_bytes
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.sealed.box import sealed, unsealed
from stillwatch.share.sealed.frames import joined, split
from stillwatch.share.sealed.keys import SealingKey, SealingPublic
from stillwatch.share.stix.ids import time_text
from stillwatch.signing.canonical import canonical
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.signature import signed

__all__ = ["TYPES", "Letter", "Sealed", "digest_of", "opened", "posted", "word"]

TYPES: Final = {
    "request": "search-request",
    "answer": "search-answer",
    "approval": "search-approval",
    "reveal": "search-reveal",
}
"""Type of the document by the stage of the search."""
_MOST_PIECES: Final = 3


@dataclass(frozen=True, slots=True)
class Letter:
    """What was opened; whoever takes it verifies the signature."""

    document: dict[str, Any]
    enclosed: Sequence[bytes]

    def piece(self, place: int, name: str) -> bytes:
        """An enclosed piece.

        Raises      FailedProof unless the document has its digest in the field of that name.
        """
        found = self.enclosed[place] if place < len(self.enclosed) else b""
        if digest_of(found) != self.document.get(name):
            message = f"what is enclosed is not the {name} that the {self.document['type']} names"
            raise FailedProof(message)
        return found


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed letter on its way."""

    search_id: str
    stage: str
    sender: str
    reader: str
    parts: Sequence[bytes]

    @property
    def context(self) -> bytes:
        """What the seal is bound to."""
        place = {"search": self.search_id, "stage": self.stage, "from": self.sender, "to": self.reader}
        return canonical(place)


def digest_of(data: bytes) -> str:
    """SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def word(stage: str, search_id: str, reader: str, key: SigningKey, now: datetime, **fields: object) -> Admitted:
    """Signed document of a stage.

    Raises      Refused when the guard does not let it cross.
    """
    created = time_text(now.replace(microsecond=now.microsecond // 1000 * 1000))
    head = {"type": TYPES[stage], "schema": schema_hash(), "id": search_id, "created": created, "to": reader}
    return admit(signed({**head, **fields}, key), now=now)


def posted(place: Sealed, told: Admitted, enclosed: Sequence[bytes], key: SealingPublic) -> Sealed:
    """A letter sealed for its reader; nothing but what the guard has admitted is sealed.

    place       Where it goes, without parts.
    """
    parts = sealed(joined([told.body, *enclosed]), key, place.context)
    return Sealed(place.search_id, place.stage, place.sender, place.reader, parts)


def opened(found: Sealed, key: SealingKey, now: datetime) -> Letter:
    """A letter that came, held against the guard.

    Raises      FailedProof when it does not open, is for somebody else or of another search, or may not cross.
    """
    data = unsealed(found.parts, key, found.context)
    try:
        body, *enclosed = split(data, _MOST_PIECES) or [b""]
        document = admit_bytes(body, now=now).document()
    except InvalidInput as error:
        message = f"what was sealed is no letter: {error}"
        raise FailedProof(message) from error
    if (document["type"], document.get("id"), document.get("to")) != (
        TYPES[found.stage],
        found.search_id,
        found.reader,
    ):
        message = "a letter is of another search or stage, or for another member"
        raise FailedProof(message)
    return Letter(document, enclosed)
