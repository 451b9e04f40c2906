"""Times in the one spelling of messages and ledgers, which sorts as text."""

from datetime import UTC, datetime
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["STAMP_CHARACTERS", "stamp", "time_of"]

STAMP_CHARACTERS: Final = 27
_FORM: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def stamp(time: datetime) -> str:
    """Time as text: UTC, microseconds.

    >>> stamp(datetime(2026, 11, 27, tzinfo=UTC))
    '2026-11-27T00:00:00.000000Z'
    """
    if time.tzinfo is None:
        message = "a time must say its zone"
        raise InvalidInput(message)
    return time.astimezone(UTC).strftime(_FORM)


def time_of(text: str) -> datetime:
    """Time of a stamp.

    Raises      InvalidInput for any other spelling.

    >>> time_of("2026-11-27T00:00:00.000000Z").hour
    0
    """
    try:
        time = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        time = None
    if time is None or stamp(time) != text:
        message = "a time must look like 2026-11-27T00:00:00.000000Z"
        raise InvalidInput(message)
    return time
