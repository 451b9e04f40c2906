"""Epochs: how long one key makes tags.

When an epoch begins, members tag their own values again under its key, and originators publish their indicators' tags
again; the old key answers until its grace is over, so that nothing is missed meanwhile, and is then destroyed. Tags of
two epochs are as unlike as tags of two values: nobody can follow a value from one epoch to the next.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["EPOCH_DAYS", "epoch_end", "epoch_of", "epoch_start"]

EPOCH_DAYS: Final = 7
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _check(days: int) -> None:
    if not 1 <= days <= 366:
        message = f"an epoch must be 1 to 366 days, got {days}"
        raise InvalidInput(message)


def epoch_of(time: datetime, days: int = EPOCH_DAYS) -> int:
    """Number of the epoch at a time: whole epochs since 1970.

    time        With its zone.
    Raises      InvalidInput for a time without zone or before 1970, or days out of range.

    >>> epoch_of(datetime(2026, 11, 27, tzinfo=UTC))
    2969
    """
    _check(days)
    if time.tzinfo is None or time < _START:
        message = "a time must have a zone and be after 1970"
        raise InvalidInput(message)
    return (time - _START) // timedelta(days=days)


def epoch_start(epoch: int, days: int = EPOCH_DAYS) -> datetime:
    """When an epoch begins, UTC."""
    _check(days)
    try:
        return _START + timedelta(days=days) * epoch
    except OverflowError as error:
        message = f"there is no epoch {epoch}"
        raise InvalidInput(message) from error


def epoch_end(epoch: int, days: int = EPOCH_DAYS) -> datetime:
    """When the next one begins, UTC."""
    return epoch_start(epoch + 1, days)
