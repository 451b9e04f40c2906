"""One request to a page: who asks, for what, with which words; and the answers that a page can give."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from stillwatch.act.cases.changes import Hand
from stillwatch.act.policy.book import Signer
from stillwatch.console.console import Console
from stillwatch.console.places import Place, places_for
from stillwatch.console.rendering import rendered
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.service.access.roles import Right
from stillwatch.service.access.sessions import Session, leave_word, take_word
from stillwatch.service.access.users import User
from stillwatch.store.database import reading

__all__ = ["PREFIX", "Visit", "at"]

PREFIX: Final = "/console"
_LONGEST: Final = 500
_MOST_PAGE: Final = 1_000_000
_MOST_DIGITS: Final = 10


def at(*parts: str, **query: object) -> str:
    """Path of a page, everything in it quoted; what is None, empty or false is left out of the query.

    >>> at("campaigns", "a/b", page=2, words="")
    '/console/campaigns/a%2Fb?page=2'
    """
    path = "/".join((PREFIX, *(quote(part, safe="") for part in parts if part)))
    told = {name: str(value) for name, value in query.items() if not (value is None or value is False or value == "")}
    return f"{path}?{urlencode(told)}" if told else path


@dataclass(frozen=True)
class Visit:
    """A request, as handlers see it.

    session     Who asks.
    path        Parts of the path, by name.
    query       Of the URL; of several values of one name the last.
    fields      Of the form that was sent, after it was checked that it is ours; empty for a GET.
    origin      scheme://host that the browser sees, for links that leave it.
    form_token  Goes into every form, as the field `form`.
    """

    console: Console
    session: Session
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, list[str]] = field(default_factory=dict)
    here: str = PREFIX
    origin: str = ""
    form_token: str = ""

    @property
    def user(self) -> User:
        """Who asks."""
        return self.session.user

    @property
    def places(self) -> list[Place]:
        """The menu."""
        return places_for(self.user.rights, is_local=self.console.is_local)

    @cached_property
    def word(self) -> str:
        """What was done on the page before; shown once."""
        with self.changing() as connection:
            return take_word(connection, self.session.digest) or ""

    @cached_property
    def now(self) -> datetime:
        """Time of the request."""
        return self.console.clock()

    def may(self, right: Right) -> bool:
        """Whether who asks has a right; only for what a page shows, as routes are kept in one place."""
        return right in self.user.rights

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Connection for a transaction that only reads."""
        with reading(self.console.engine).begin() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Connection for a transaction that writes."""
        with self.console.engine.begin() as connection:
            yield connection

    def hand(self, connection: Connection) -> Hand:
        """The person as who changes a case."""
        return Hand(connection, self.console.trail, self.user.name, self.now)

    def signer(self) -> Signer:
        """The person as who signs a policy."""
        return Signer(self.console.key, self.user.name, self.now)

    def render(self, template: str, values: Mapping[str, Any] | None = None, status: int = HTTPStatus.OK) -> Response:
        """A page.

        template    In `templates`, without its ending.
        values      What it shows, besides `visit`; strings are escaped, whatever they hold.
        """
        return rendered(template, {"visit": self, **(values or {})}, status)

    def see(self, where: str, said: str = "") -> Response:
        """Go on to another page, after something was done.

        where       As `at` gives it.
        said        Shown there, once: what was done.
        """
        if said:
            with self.changing() as connection:
                leave_word(connection, self.session.digest, said)
        return RedirectResponse(where, HTTPStatus.SEE_OTHER)

    def number(self, name: str, default: int = 1) -> int:
        """Whole number of the query, such as that of a page; what is none is the default."""
        told = self.query.get(name, "")
        is_number = told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS
        return int(told) if is_number and 0 < int(told) <= _MOST_PAGE else default

    def asked(self, name: str, *allowed: str, default: str = "") -> str:
        """Word of the query; with `allowed`, only one of these."""
        told = self.query.get(name, default)[:_LONGEST]
        return told if not allowed or told in allowed else default

    def needed(self, name: str) -> str:
        """Field of the form.

        Raises      InvalidInput when it is missing or empty.
        """
        told = self.fields.get(name, "").strip()
        if not told:
            message = f"{name.replace('_', ' ')} must not be empty"
            raise InvalidInput(message)
        return told

    def part(self, name: str) -> str:
        """Part of the path.

        Raises      MissingData when it is too long to be anything, or holds what PostgreSQL takes in no text.
        """
        told = self.path[name]
        if len(told) > _LONGEST or "\0" in told:
            message = "there is no such page"
            raise MissingData(message)
        return told
