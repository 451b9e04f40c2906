"""Working days: when a person must have answered."""

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from typing import Final

__all__ = ["deadline_of"]

_SATURDAY: Final = 5
_MIDNIGHT: Final = datetime.min.time()


def deadline_of(filed_at: datetime, working_days: int, holidays: AbstractSet[date] = frozenset()) -> datetime:
    """The same time of day so many working days later; what is filed on a day off counts from its end. UTC.

    working_days    At least 1.

    >>> deadline_of(datetime(2026, 11, 27, 15, tzinfo=UTC), 5).isoformat()
    '2026-12-04T15:00:00+00:00'
    >>> deadline_of(datetime(2026, 11, 28, 15, tzinfo=UTC), 1).isoformat()
    '2026-12-01T00:00:00+00:00'
    """
    at = filed_at.astimezone(UTC)
    if _is_off(at.date(), holidays):
        at = datetime.combine(at.date(), _MIDNIGHT, UTC)
        while _is_off(at.date(), holidays):
            at += timedelta(days=1)
    left = working_days
    while left:
        at += timedelta(days=1)
        left -= not _is_off(at.date(), holidays)
    return at


def _is_off(day: date, holidays: AbstractSet[date]) -> bool:
    return day.weekday() >= _SATURDAY or day in holidays
