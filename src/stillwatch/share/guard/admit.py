"""The one way to the wire: a document that passed the table becomes Admitted, and nothing else does."""

from datetime import datetime
from typing import Any, Final, NoReturn

import orjson

from stillwatch.errors import InvalidInput
from stillwatch.share.guard.check import Refusal, check
from stillwatch.share.guard.limits import read_json
from stillwatch.share.guard.table import schema_hash
from stillwatch.signing.canonical import encoded

__all__ = ["Admitted", "NotAdmitted", "admit", "admit_bytes", "why_not"]

_SHOWN_MOST: Final = 3
_PASSED: Final = object()


class NotAdmitted(InvalidInput):
    """The table does not let a document cross; `refusals` says why, all of it."""

    def __init__(self, refusals: list[Refusal]) -> None:
        """Message of the first few."""
        self.refusals = tuple(refusals)
        shown = "; ".join(f"{r.path or '/'}: {r.explanation} ({r.rule})" for r in refusals[:_SHOWN_MOST])
        more = len(refusals) - _SHOWN_MOST
        super().__init__(f"the document may not cross: {shown}{f'; and {more} more' if more > 0 else ''}")


class Admitted:
    """A document that passed. Its bytes cannot be changed; functions that send take this type and no other.

    body      Canonical JSON (RFC 8785).
    schema    Hash of the table that it passed.
    """

    __slots__ = ("body", "schema")

    body: bytes
    schema: str

    def __init__(self, body: bytes, schema: str, passed: object) -> None:
        """Only `admit` can."""
        if passed is not _PASSED:
            message = "only admit makes what may cross: give it the document"
            raise TypeError(message)
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "schema", schema)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Frozen."""
        message = "what was admitted cannot be changed"
        raise AttributeError(message)

    def __reduce__(self) -> NoReturn:
        """No copy that was not checked comes from elsewhere."""
        message = "what was admitted is not pickled: send its body, and admit it again"
        raise TypeError(message)

    def document(self) -> Any:  # noqa: ANN401 - any JSON
        """A copy of the document."""
        return orjson.loads(self.body)


def why_not(document: object, *, now: datetime | None = None) -> str | None:
    """Why a document may not cross, as `admit` says it; None when it may: for who takes and does not hand on."""
    refusals = check(document, now=now)
    return str(NotAdmitted(refusals)) if refusals else None


def admit(document: object, *, now: datetime | None = None) -> Admitted:
    """The document as it may cross.

    Raises  NotAdmitted with every refusal.
    """
    refusals = check(document, now=now)
    if refusals:
        raise NotAdmitted(refusals)
    return Admitted(encoded(document), schema_hash(), _PASSED)


def admit_bytes(raw: bytes, *, now: datetime | None = None) -> Admitted:
    """As `admit`, of bytes that somebody sent: size, form and repeated names are checked first.

    Raises  InvalidInput when it is no JSON within the limits; NotAdmitted as `admit`.
    """
    return admit(read_json(raw), now=now)
