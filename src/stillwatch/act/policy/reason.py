"""Words of a reason: what a customer reads, with marks that a decision fills."""

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["MARKS", "MOST_REASON", "said", "wrong_reason"]

MOST_REASON: Final = 500
MARKS: Final[Mapping[str, str]] = {
    "rate_per_minute": "Requests a minute of a throttled stream, or of its campaign.",
    "own_per_day": "Requests of a stream that pass in any day; empty where the rate is of the stream.",
    "lasts": "How long the decision holds.",
    "evidence_id": "What the decision rests on, by its id.",
    "appeal_url": "Where to object.",
}

_MARK: Final = re.compile(r"\{([^{}]*)\}")


def wrong_reason(reason: str) -> str | None:
    """What is wrong with a reason; None when nothing is.

    >>> wrong_reason("At most {rate} requests.")
    'the mark {rate} is not known; there are rate_per_minute, own_per_day, lasts, evidence_id, appeal_url'
    """
    if not reason.strip() or len(reason) > MOST_REASON:
        return f"a reason must have 1 to {MOST_REASON} characters, got {len(reason)}"
    if not reason.isprintable():
        return "a reason must be one line of characters that can be shown"
    for mark in _MARK.findall(reason):
        if mark not in MARKS:
            told = mark if mark.isascii() and mark.isidentifier() else "..."
            return f"the mark {{{told}}} is not known; there are {', '.join(MARKS)}"
    if set("{}") & set(_MARK.sub("", reason)):
        return "a reason must have no single brackets { or }"
    return None


def said(reason: str, values: Mapping[str, str]) -> str:
    """Reason with its marks filled; what fills a mark is not looked into again.

    >>> said("Until {lasts} are over.", {"lasts": "2 hours"})
    'Until 2 hours are over.'
    """
    return _MARK.sub(lambda mark: values.get(mark[1], ""), reason)
