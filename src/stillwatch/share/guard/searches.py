"""What is told of a back-search in clear: how it was answered, and how much was found, in buckets."""

from typing import Final

__all__ = ["COUNTED", "MATCHES", "SEARCH_ANSWERS", "bucket", "shown"]

COUNTED: Final = "counted"
SEARCH_ANSWERS: Final = (COUNTED, "not-open", "budget-spent", "other-epoch", "window-too-short", "malformed")
"""Counted, or why not: no search of this kind is open to others; the asker's searches of the epoch are used up; the
holder is in another epoch; it has fewer days of traffic than were asked for; the request is none."""
MATCHES: Final = (5, 10, 100, 1_000, 10_000, 100_000)
"""Lower ends of the buckets; below the first nothing is told but that."""


def bucket(count: int) -> int | None:
    """Lower end of the bucket that a count falls into; None below the first.

    >>> bucket(4), bucket(5), bucket(99), bucket(250_000)
    (None, 5, 10, 100000)
    """
    return max((least for least in MATCHES if least <= count), default=None)


def shown(least: int | None) -> str:
    """A bucket in words.

    >>> shown(None), shown(10), shown(100_000)
    ('fewer than 5', '10 to 99', '100000 or more')
    """
    if least is None:
        return f"fewer than {MATCHES[0]}"
    if least == MATCHES[-1]:
        return f"{least} or more"
    return f"{least} to {MATCHES[MATCHES.index(least) + 1] - 1}"
