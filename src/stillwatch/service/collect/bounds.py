"""Bounds of the collector that an operator hardly ever changes; what he does change is in the settings."""

from dataclasses import dataclass
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["Bounds"]

_MAY_BE_0: Final = frozenset(("gather_s", "late_s", "linger_s", "spare_bytes", "ahead_s"))


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of everything.

    gather_s        Longest that a commit waits for company, and shortest between two readings of small bodies.
    group_bytes     Size at which it waits no longer.
    segment_bytes   Size at which a segment is closed and written by hour.
    segment_s       Age at which it is, seconds since its first exchange.
    late_s          So long after its end an hour's files become few.
    linger_s        Files that have become one stay so long, for readers that have begun.
    whole_bytes     Largest file that several become.
    backlog_bytes   Segments that may wait to be written by hour; more are answered 503.
    spare_bytes     Disk that is left to others: with less free nothing is taken.
    remember_ids    Ids that are known as duplicates when they come again.
    rows            Of one body.
    bodies          That are read at once.
    small_bytes     Bodies up to this size are read together with others that wait.
    together_bytes  Of bodies that are read together.
    parsers         Bodies that are read at once, one of them small or several small ones together.
    body_s          Longest that a body may take.
    slow_s, slow_bytes_s    A body must be faster than this, bytes a second, after so many seconds.
    ahead_s         How far an exchange may be ahead of the clock.
    retry_s         Seconds after which whoever is sent away is asked to come again.
    """

    gather_s: float = 0.01
    group_bytes: int = 4 << 20
    segment_bytes: int = 64 << 20
    segment_s: float = 30.0
    late_s: float = 900.0
    linger_s: float = 900.0
    whole_bytes: int = 64 << 20
    backlog_bytes: int = 1 << 30
    spare_bytes: int = 256 << 20
    remember_ids: int = 8_000_000
    rows: int = 50_000
    bodies: int = 256
    small_bytes: int = 64 << 10
    together_bytes: int = 1 << 20
    parsers: int = 2
    body_s: float = 60.0
    slow_s: float = 5.0
    slow_bytes_s: float = 1024.0
    ahead_s: float = 3600.0
    retry_s: int = 2

    def __post_init__(self) -> None:
        """Refuse bounds that nothing can pass."""
        for name in self.__slots__:
            value = getattr(self, name)
            if value < 0 or (value == 0 and name not in _MAY_BE_0):
                message = f"{name} must be above 0, got {value}"
                raise InvalidInput(message)
