"""What a caller may set about reading logs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from stillwatch.errors import InvalidInput

__all__ = ["Content", "Limits"]

EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)


class Content(StrEnum):
    """How much of the texts leaves ingest.

    ``full``    Texts as they are in the logs.
    ``hashed``  The system prompt becomes a keyed hash, equal for equal prompts; prompt and answer are null.
    ``none``    All three texts are null.

    Without prompts the template view has nothing to look at and is off; the client view keeps working on ``hashed``.
    """

    FULL = "full"
    HASHED = "hashed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that decide between a row and a quarantined row, and how much is held in memory.

    text_bytes      Longest system prompt, prompt or answer, bytes of UTF-8.
    label_bytes     Longest value of any other text column, bytes of UTF-8.
    now             Rows from more than a day after this are quarantined; None takes the clock.
    earliest        Rows from before this are quarantined; None takes the year 2015.
    batch_rows, batch_bytes     Largest batch handed on; whichever is reached first.
    quarantine_rows     Quarantined rows held in memory before they go to disk.

    >>> Limits(text_bytes=1000).batch_rows
    65536
    """

    text_bytes: int = 4 * 1024 * 1024
    label_bytes: int = 16 * 1024
    now: datetime | None = None
    earliest: datetime | None = None
    batch_rows: int = 65_536
    batch_bytes: int = 64 * 1024 * 1024
    quarantine_rows: int = 50_000

    def __post_init__(self) -> None:
        """Refuse bounds nothing can pass."""
        for name in ("text_bytes", "label_bytes", "batch_rows", "batch_bytes", "quarantine_rows"):
            if getattr(self, name) < 1:
                message = f"{name} must be at least 1, got {getattr(self, name)}"
                raise InvalidInput(message)
        for name in ("now", "earliest"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                message = f"{name} must have a time zone, got {moment.isoformat()}"
                raise InvalidInput(message)

    def first(self) -> datetime:
        """First acceptable time of a row.

        >>> Limits().first().isoformat()
        '2015-01-01T00:00:00+00:00'
        """
        return self.earliest or EARLIEST

    def latest(self) -> datetime:
        """Last acceptable time of a row.

        >>> Limits(now=datetime(2026, 1, 1, tzinfo=UTC)).latest().isoformat()
        '2026-01-02T00:00:00+00:00'
        """
        return (self.now or datetime.now(UTC)) + timedelta(days=1)
