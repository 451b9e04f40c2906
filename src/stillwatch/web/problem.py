"""What a server answers when it does not do what it was asked: one exception, with its HTTP status."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from stillwatch.errors import StillwatchError

__all__ = ["Admits", "Problem"]


class Problem(StillwatchError):  # noqa: N818 - as in errors.py, the name says what is wrong
    """A request that is refused; its text is meant for whoever asked and tells nothing of others.

    status      HTTP status.
    headers     Headers that belong to the answer: ``Retry-After``, ``WWW-Authenticate``.
    """

    def __init__(self, status: HTTPStatus, description: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.headers = dict(headers or {})


Admits = Callable[[Mapping[str, str], str], Awaitable[None]]
"""Lets a caller in by its headers (names in lower case) and the address it came from, or raises Problem."""
