"""A page: its path, the right it asks for, and what answers it. All pages stand in `routes.PAGES`."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from stillwatch.console.visit import Visit
from stillwatch.service.access.roles import Right

__all__ = ["Page", "act", "look"]


@dataclass(frozen=True, slots=True)
class Page:
    """One route.

    method      GET, or POST for a form.
    path        After the prefix; `{name}` is a part of it.
    right       Whoever has it not is answered 403, whatever the handler would do.
    answer      Works in a thread of its own: it may wait for the database.
    most_bytes  Of a form.
    """

    method: str
    path: str
    right: Right
    answer: Callable[[Visit], Response]
    most_bytes: int = 64 << 10


def look(path: str, answer: Callable[[Visit], Response], right: Right = Right.LOOK) -> Page:
    """A page that is looked at."""
    return Page("GET", path, right, answer)


def act(path: str, answer: Callable[[Visit], Response], right: Right, most_bytes: int = 64 << 10) -> Page:
    """A form that is sent."""
    return Page("POST", path, right, answer, most_bytes)
