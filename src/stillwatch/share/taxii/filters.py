"""Filters that a request's URL carries.

References
----------
TAXII 2.1, section 3.4 (filtering) and 3.5 (pagination).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from stillwatch.share.taxii.moments import microseconds
from stillwatch.web.problem import Problem

__all__ = ["ID", "PAGE", "TYPE", "Filters", "filters_of"]

ID: Final = re.compile(r"([a-z][a-z0-9-]{1,250})--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TYPE: Final = re.compile(r"[a-z][a-z0-9-]{1,250}")
PAGE: Final = 1_000
"""Objects of a page at most, and when the client names no limit."""
_MOST_VALUES: Final = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a collection is wanted.

    added_after     Microseconds; None: from the beginning.
    ids, types      Any of them; None: every one.
    versions        Microseconds of versions that are wanted by name.
    first, last, every  Whether the first version, the last, or all are wanted too.
    spec            Whether objects of STIX 2.1 are wanted; there are no others.
    next_cursor     As the client gave it; None: none.
    """

    added_after: int | None = None
    ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    versions: tuple[int, ...] = ()
    first: bool = False
    last: bool = True
    every: bool = False
    spec: bool = True
    limit: int = PAGE
    next_cursor: str | None = None


def filters_of(query: Mapping[str, str], *, versions: str = "last") -> Filters:
    """Filters of a query; parameters that TAXII does not know are ignored.

    versions    What ``match[version]`` is when it is not given.
    Raises      Problem 400 for a limit, a time or a version that is none.
    """
    wanted = _values(query.get("match[version]", versions))
    dates = [microseconds(value) for value in wanted if value not in ("first", "last", "all")]
    added_after = microseconds(query["added_after"]) if "added_after" in query else None
    if None in dates or ("added_after" in query and added_after is None):
        raise Problem(
            HTTPStatus.BAD_REQUEST, "added_after and match[version] must be timestamps, or the version a word"
        )
    return Filters(
        added_after=added_after,
        ids=_fitting(query, "match[id]", ID),
        types=_fitting(query, "match[type]", TYPE),
        versions=tuple(date for date in dates if date is not None),
        first="first" in wanted,
        last="last" in wanted,
        every="all" in wanted,
        spec="match[spec_version]" not in query or "2.1" in _values(query["match[spec_version]"]),
        limit=_limit(query.get("limit")),
        next_cursor=query.get("next") or None,
    )


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) < 1:
        raise Problem(HTTPStatus.BAD_REQUEST, "limit must be a whole number above 0")
    return min(int(text), PAGE)


def _values(text: str) -> list[str]:
    values = [value.strip() for value in text.split(",")]
    if len(values) > _MOST_VALUES:
        raise Problem(HTTPStatus.BAD_REQUEST, f"a filter must have {_MOST_VALUES} values at most, got {len(values)}")
    return values


def _fitting(query: Mapping[str, str], name: str, shape: re.Pattern[str]) -> tuple[str, ...] | None:
    """Values that could be there at all; others match nothing, and never reach the database."""
    if name not in query:
        return None
    return tuple(value for value in _values(query[name]) if shape.fullmatch(value))
