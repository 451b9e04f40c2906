"""Times as TAXII and STIX write them, and as the store compares them: whole microseconds since 1970."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

__all__ = ["microseconds", "timestamp"]

_SHAPE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?Z", re.ASCII)
_MOST_LENGTH: Final = len("1970-01-01T00:00:00.123456789Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(text: object) -> int | None:
    """Microseconds of a timestamp; None when it is none. What is finer is cut off.

    >>> microseconds("1970-01-01T00:00:01.5Z")
    1500000
    """
    return _microseconds(text) if isinstance(text, str) and len(text) <= _MOST_LENGTH else None


@lru_cache(maxsize=4096)
def _microseconds(text: str) -> int | None:
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    try:
        whole = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    fraction = int((found[1] or "0")[:6].ljust(6, "0"))
    return (whole - _EPOCH) // timedelta(microseconds=1) + fraction


def timestamp(value_us: int) -> str:
    """Timestamp of microseconds, always with six digits.

    >>> timestamp(1500000)
    '1970-01-01T00:00:01.500000Z'
    """
    moment = _EPOCH + timedelta(microseconds=value_us)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")  # strftime cuts zeros off early years
