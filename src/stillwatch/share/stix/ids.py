"""Ids and times as STIX 2.1 wants them: the same input, the same text."""

import hashlib
import re
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["CREATED", "derived_id", "read_time", "stix_id", "time_text", "uuid_of"]

CREATED: Final = "2026-11-01T00:00:00.000Z"
"""Time of every object that is the same for everybody."""

_ID = re.compile(r"([a-z][a-z-]{2,40})--([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z", re.ASCII)
_TIME_LENGTH: Final = len(CREATED)


def derived_id(kind: str, *parts: str) -> str:
    """Id of an object that follows from others, of the form of a random one (RFC 9562 version 4).

    STIX recommends version 4 for domain objects; a digest keeps the same campaign at the same id.

    >>> derived_id("campaign", "a") == derived_id("campaign", "a") != derived_id("campaign", "b")
    True
    """
    digest = hashlib.sha256("\0".join(("stillwatch", kind, *parts)).encode()).digest()
    return f"{kind}--{uuid.UUID(bytes=digest[:16], version=4)}"


def stix_id(kind: str, value: str) -> str:
    """Id of an object whose UUID is known already.

    Raises  InvalidInput unless the value is a random UUID in lower case.

    >>> stix_id("indicator", "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89")
    'indicator--6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89'
    """
    made = f"{kind}--{value}"
    if _ID.fullmatch(made) is None:
        message = f"the UUID of {kind} must be a random one (version 4), lower case with hyphens"
        raise InvalidInput(message)
    return made


def uuid_of(identifier: object, kind: str) -> str | None:
    """UUID in the id of an object of this type; None when it is no such id."""
    found = _ID.fullmatch(identifier) if isinstance(identifier, str) else None
    return found[2] if found and found[1] == kind else None


def time_text(time: datetime) -> str:
    """Time in UTC with milliseconds, as STIX writes it.

    Raises  InvalidInput for a time without a zone or finer than a millisecond, which would not come back.

    >>> time_text(datetime(2026, 11, 2, 3, 4, 5, 6000, UTC))
    '2026-11-02T03:04:05.006Z'
    """
    if time.tzinfo is None or time.microsecond % 1000:
        message = "a time must have a zone and be a whole number of milliseconds"
        raise InvalidInput(message)
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def read_time(text: object) -> datetime | None:
    """Time of such a text; None when it is of any other form.

    >>> read_time("2026-11-02T03:04:05.006Z").microsecond, read_time("2026-11-02T03:04:05.006+00:00")
    (6000, None)
    """
    return _time_of(text) if isinstance(text, str) and len(text) == _TIME_LENGTH else None


@lru_cache(maxsize=4096)
def _time_of(text: str) -> datetime | None:
    """All objects of a bundle say the same few times."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    *parts, milliseconds = (int(part) for part in found.groups())
    try:
        return datetime(*parts[:3], *parts[3:], milliseconds * 1000, tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
