"""What must hold of an object before the forum stores it: its shape, then the guard that is injected."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

from stillwatch.share.taxii.filters import ID
from stillwatch.share.taxii.moments import microseconds
from stillwatch.share.taxii.tables import OBJECT, UNVERSIONED

__all__ = ["MAX_OBJECT_BYTES", "Admit", "Failure", "Prepared", "Refusal", "prepare"]

MAX_OBJECT_BYTES: Final = 2 << 20
_MOST_REFUSALS: Final = 20
_NIL: Final = "unknown--00000000-0000-4000-8000-000000000000"


class Refusal(Protocol):
    """Why a guard lets an object not pass.

    path            Where in the object.
    rule            Rule that was broken.
    explanation     A sentence, without the value.
    """

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def explanation(self) -> str: ...  # noqa: D102


Admit = Callable[[dict[str, Any]], Sequence[Refusal]]
"""The guard: every reason not to store an object; none to store it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An object that may be stored.

    version     As the object writes it; empty when it has none.
    content     The object.
    document    The object as JSON, as it was sent but for white space.
    kind        Object, or message, which only the feed brings.
    """

    object_id: str
    type: str
    version_us: int
    version: str
    content: dict[str, Any]
    document: bytes
    kind: str = OBJECT

    @property
    def digest(self) -> str:
        """What tells two contents apart: the order of keys is no difference."""
        return hashlib.sha256(orjson.dumps(self.content, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Failure:
    """An object that may not be stored, by its id where it has a proper one."""

    object_id: str
    version: str
    message: str


def prepare(item: dict[str, Any], admit: Admit) -> Prepared | Failure:
    """Check one object."""
    object_id = item.get("id")
    found = ID.fullmatch(object_id) if isinstance(object_id, str) else None
    if not isinstance(object_id, str) or found is None:
        return Failure(_NIL, "", "id: must be a type, two hyphens and a UUID in lower case")
    version, version_us = _version(item)
    failure = None
    if item.get("type") != found[1]:
        failure = "type: must be the first part of the id"
    elif version_us is None:
        failure = "modified: must be a timestamp in UTC"
    elif not _is_of_this_spec(item):
        failure = "spec_version: must be 2.1"
    document = _document(item)
    if document is None or len(document) > MAX_OBJECT_BYTES:
        failure = failure or f"object: must have {MAX_OBJECT_BYTES} bytes at most"
    failure = failure or _refused(item, admit)
    if failure or document is None or version_us is None:
        return Failure(object_id, version if version_us else "", failure or "object: cannot be written as JSON")
    return Prepared(object_id, found[1], version_us, version, item, document)


def _version(item: dict[str, Any]) -> tuple[str, int | None]:
    told = item.get("modified", item.get("created"))
    return ("", UNVERSIONED) if told is None else (str(told)[:40], microseconds(told))


def _is_of_this_spec(item: dict[str, Any]) -> bool:
    """Observables may leave the version out; in anything else that would mean STIX 2.0."""
    return item.get("spec_version", None if "created" in item else "2.1") == "2.1"


def _document(item: dict[str, Any]) -> bytes | None:
    try:
        return orjson.dumps(item)
    except orjson.JSONEncodeError:
        return None


def _refused(item: dict[str, Any], admit: Admit) -> str:
    refusals = admit(item)
    told = [f"{r.path}: {r.explanation} ({r.rule})" for r in refusals[:_MOST_REFUSALS]]
    more = len(refusals) - len(told)
    return "; ".join([*told, f"and {more} more"] if more else told)
