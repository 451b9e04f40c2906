"""The pages before the door: log in by a password, by a link of the command line, and log out."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stillwatch.console.access.cookies import COOKIE, forget, hold, is_from_here
from stillwatch.console.access.entry import EntryKey
from stillwatch.console.console import Console
from stillwatch.console.rendering import rendered
from stillwatch.console.visit import PREFIX
from stillwatch.service.access.sessions import begin_session, digest_of, end_session, is_living
from stillwatch.service.access.users import user_named, user_with_password
from stillwatch.store.database import reading
from stillwatch.web.answers import address_of
from stillwatch.web.body import read_body
from stillwatch.web.failures import Failures
from stillwatch.web.problem import Problem

__all__ = ["Login", "is_secure", "safe_target"]

_MOST_BYTES: Final = 4096
_HASHES: Final = 2
"""Passwords at work at a time: 64 MiB and some 60 ms each."""
_WRONG: Final = "No user has this name and this password."
_BUSY: Final = "Logging in is not possible just now; try again in a minute."


@dataclass
class Login:
    """Lets people in.

    entry       Link of the command line that started a console for one person; None for none.
    by_address, by_name     Wrong passwords: whoever guesses waits, from one address or from many.
    """

    console: Console
    entry: EntryKey | None = None
    by_address: Failures = field(default_factory=lambda: Failures(allowed=10, window_s=300))
    by_name: Failures = field(default_factory=lambda: Failures(allowed=20, window_s=300))
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_HASHES, "stillwatch-login"))

    async def show(self, request: Request) -> Response:
        """The form."""
        return await self._in_thread(self._form, request, "")

    async def send(self, request: Request) -> Response:
        """Let in who knows the password."""
        try:
            fields = await _fields(request)
        except Problem as problem:
            return await self._in_thread(self._form, request, problem.description, problem.status)
        return await self._in_thread(self._enter, request, fields)

    async def enter(self, request: Request) -> Response:
        """Let in who shows the link of the command line, once."""
        return await self._in_thread(self._by_link, request)

    async def leave(self, request: Request) -> Response:
        """Log out: whoever asks from a page of ours."""
        return await self._in_thread(self._left, request)

    async def _in_thread(self, work: Callable[..., Response], *told: Any) -> Response:  # noqa: ANN401 - passed on
        try:
            return await asyncio.get_running_loop().run_in_executor(self.hands, work, *told)
        except SQLAlchemyError:
            return self.busy()

    def _form(self, request: Request, told: str, status: int = HTTPStatus.OK) -> Response:
        return self.page(safe_target(request.query_params.get("to", "")), told, status)

    def busy(self) -> Response:
        """The form, while nobody can be let in."""
        values = {"to": PREFIX, "told": _BUSY, "has_users": True, "provider": self.console.settings.provider}
        return rendered("login", values | {"issuer": None, "is_local": False}, HTTPStatus.SERVICE_UNAVAILABLE)

    def page(self, target: str, told: str, status: int = HTTPStatus.OK) -> Response:
        """The form, with what is wrong."""
        with reading(self.console.engine).begin() as connection:
            has_users = is_living(connection)
        values = {
            "to": target,
            "told": told,
            "has_users": has_users,
            "provider": self.console.settings.provider,
            "issuer": self.console.settings.console.oidc_issuer,
            "is_local": self.console.is_local,
        }
        return rendered("login", values, status)

    def _enter(self, request: Request, fields: dict[str, str]) -> Response:
        target, source, name = safe_target(fields.get("to", "")), address_of(request), fields.get("name", "")[:64]
        if not is_from_here(request, self.console.settings.console_url):
            return self.page(target, "The form was not sent from this page.", HTTPStatus.FORBIDDEN)
        try:
            self.by_address.check(source)
            self.by_name.check("", name.strip().lower())
        except Problem as problem:
            told = f"Too many wrong passwords: wait {problem.headers.get('Retry-After', '300')} seconds."
            return self.page(target, told, problem.status)
        with reading(self.console.engine).begin() as connection:
            user = user_with_password(connection, name, fields.get("password", ""))
        if user is None:
            self.by_address.count(source)
            self.by_name.count("", name.strip().lower())
            return self.page(target, _WRONG, HTTPStatus.UNAUTHORIZED)
        return self.let_in(request, user.name, target)

    def _by_link(self, request: Request) -> Response:
        if self.entry is None or not self.entry.opens(request.query_params.get("key", "")):
            told = "This link has been used, or is none: start the console again for a new one."
            return self.page("", told, HTTPStatus.FORBIDDEN)
        return self.let_in(request, self.entry.name, PREFIX)

    def let_in(self, request: Request, name: str, target: str) -> Response:
        """Begin a session. What the browser held before is worth nothing afterwards."""
        console = self.console
        with console.engine.begin() as connection:
            if before := request.cookies.get(COOKIE):
                end_session(connection, digest_of(before[:100]))
            held = begin_session(connection, user_named(connection, name), console.clock(), console.lasting)
        response = RedirectResponse(target or PREFIX, HTTPStatus.SEE_OTHER)
        hold(response, held, is_secure=is_secure(request, console))
        return response

    def _left(self, request: Request) -> Response:
        console = self.console
        if not is_from_here(request, self.console.settings.console_url):
            return self.page("", "The form was not sent from this page.", HTTPStatus.FORBIDDEN)
        with console.engine.begin() as connection:
            end_session(connection, digest_of(request.cookies.get(COOKIE, "")[:100]))
        response = RedirectResponse(f"{PREFIX}/login", HTTPStatus.SEE_OTHER)
        forget(response, is_secure=is_secure(request, console))
        return response


def is_secure(request: Request, console: Console) -> bool:
    """Whether browsers come by TLS, here or at a proxy in front."""
    return request.url.scheme == "https" or console.settings.console_url.startswith("https://")


def safe_target(told: str) -> str:
    r"""Page of ours to go on to; anything else is the first page.

    >>> safe_target("/console/campaigns?page=2"), safe_target("//evil.example"), safe_target("/console\\..\\x")
    ('/console/campaigns?page=2', '/console', '/console')
    """
    try:
        parts = urlsplit(told)
    except ValueError:
        return PREFIX
    is_ours = parts.path == PREFIX or parts.path.startswith(f"{PREFIX}/")
    is_plain = told.isascii() and told.isprintable() and "\\" not in told and len(told) < 2_000
    climbs = any(unquote(part) in {".", ".."} for part in parts.path.split("/"))
    return told if is_ours and is_plain and not (climbs or parts.netloc or parts.scheme) else PREFIX


async def _fields(request: Request) -> dict[str, str]:
    body = await read_body(request.headers, request.receive, _MOST_BYTES)
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=8, errors="strict"))
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The form could not be read.") from error
