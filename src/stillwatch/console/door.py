"""From a request to a page: session, right, form, and what is shown when something is wrong. All go through it."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stillwatch.act.cases.case import Stale
from stillwatch.act.policy.activations import Overtaken
from stillwatch.console.access.cookies import COOKIE, form_token, is_form_token, is_from_here
from stillwatch.console.console import Console
from stillwatch.console.page import Page
from stillwatch.console.rendering import rendered
from stillwatch.console.visit import PREFIX, Visit
from stillwatch.errors import InvalidInput, MissingData, StillwatchError
from stillwatch.service.access.sessions import Session, note_seen, session_of
from stillwatch.store.database import reading
from stillwatch.web.body import read_body
from stillwatch.web.problem import Problem

__all__ = ["Door"]

_LOG: Final = logging.getLogger("stillwatch.console")
_AT_WORK: Final = 8
_PATIENCE_S: Final = 60.0
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100
_STATUS: Final = (
    (MissingData, HTTPStatus.NOT_FOUND),
    (Overtaken, HTTPStatus.CONFLICT),
    (Stale, HTTPStatus.CONFLICT),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
)


_NO_DATABASE: Final = "the database does not answer just now; nothing was changed, so try again in a minute"
_FAILED: Final = "the page failed; the service’s log says where. Nothing is half done: each change is whole or none"


class Door:
    """Lets people in to pages.

    console     What the pages work with.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._hands = ThreadPoolExecutor(_AT_WORK, "stillwatch-console")

    def close(self) -> None:
        """Let the threads go."""
        self._hands.shutdown(wait=False, cancel_futures=True)

    def of(self, page: Page) -> Callable[[Request], Any]:
        """Handler of a page, as Starlette takes it."""

        async def handler(request: Request) -> Response:
            try:
                form = await _form(request, page.most_bytes) if page.method == "POST" else []
            except Problem as problem:
                return self._problem(None, problem)
            doing = asyncio.get_running_loop().run_in_executor(self._hands, self._answer, page, request, form)
            try:
                return await asyncio.wait_for(doing, _PATIENCE_S)
            except TimeoutError:
                message = "this takes longer than a page may: try again, or ask for less"
                return self._problem(None, Problem(HTTPStatus.SERVICE_UNAVAILABLE, message))

        return handler

    def _answer(self, page: Page, request: Request, form: list[tuple[str, str]]) -> Response:
        """The page, or why there is none."""
        session: Session | None = None
        try:
            session = self._session(request)
            return _to_login(page, request) if session is None else self._let_in(page, request, session, form)
        except Problem as error:
            problem = error
        except StillwatchError as error:
            status = next((s for kind, s in _STATUS if isinstance(error, kind)), HTTPStatus.SERVICE_UNAVAILABLE)
            problem = Problem(status, str(error))
        except SQLAlchemyError as error:
            _LOG.warning("the database does not answer a page: %s", type(error).__name__)
            problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, _NO_DATABASE)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not reach the page
            _LOG.exception("a page failed: %s", type(error).__name__)
            problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED)
        return self._problem(session, problem)

    def _let_in(self, page: Page, request: Request, session: Session, form: list[tuple[str, str]]) -> Response:
        """The page for who has its right.

        Raises  Problem 403 for whoever has not, and for a form that is not of this session.
        """
        if page.right not in session.user.rights:
            message = f"this needs the right to {page.right.value}, which none of your roles has"
            raise Problem(HTTPStatus.FORBIDDEN, message)
        if page.method == "POST" and not self._is_ours(request, session, form):
            message = "the form was not sent from a page of yours, or it is too old: go back, load it again"
            raise Problem(HTTPStatus.FORBIDDEN, message)
        return page.answer(self._visit(request, session, form))

    def _session(self, request: Request) -> Session | None:
        held, console = request.cookies.get(COOKIE, ""), self._console
        now = console.clock()
        with reading(console.engine).begin() as connection:
            found = session_of(connection, held, now, console.lasting)
        if found is None:
            return None
        session, is_to_note = found
        if is_to_note:
            with console.engine.begin() as connection:
                note_seen(connection, session.digest, now)
        return session

    def _is_ours(self, request: Request, session: Session, form: list[tuple[str, str]]) -> bool:
        told = next((value for name, value in form if name == "form"), "")
        is_here = is_from_here(request, self._console.settings.console_url)
        return is_here and is_form_token(self._console.home.secret, session.digest, told)

    def _visit(self, request: Request, session: Session, form: list[tuple[str, str]]) -> Visit:
        lists: dict[str, list[str]] = {}
        for name, value in form:
            lists.setdefault(name, []).append(value)
        query = f"?{request.url.query}" if request.url.query else ""
        return Visit(
            console=self._console,
            session=session,
            path=dict(request.path_params),
            query=dict(request.query_params),
            fields={name: values[-1] for name, values in lists.items()},
            lists=lists,
            here=f"{request.url.path}{query}",
            origin=f"{request.url.scheme}://{request.url.netloc}",
            form_token=form_token(self._console.home.secret, session.digest),
        )

    def _problem(self, session: Session | None, problem: Problem) -> Response:
        """A page that says what is wrong."""
        visit = None
        if session is not None:
            token = form_token(self._console.home.secret, session.digest)
            visit = Visit(console=self._console, session=session, form_token=token)
        values = {"visit": visit, "status": HTTPStatus(problem.status), "told": problem.description}
        response = rendered("problem", values, problem.status)
        response.headers.update(problem.headers)
        return response


def _to_login(page: Page, request: Request) -> Response:
    """To the login, and back to the page afterwards."""
    if page.method == "POST":
        return RedirectResponse(f"{PREFIX}/login", HTTPStatus.SEE_OTHER)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{PREFIX}/login?to={quote(request.url.path + query, safe='')}", HTTPStatus.SEE_OTHER)


async def _form(request: Request, most_bytes: int) -> list[tuple[str, str]]:
    """Names and values of a form.

    Raises  Problem for another type, too many bytes or fields, and what is no UTF-8.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a form must be sent as the page sends it")
    body = await read_body(request.headers, request.receive, most_bytes)
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the form could not be read; go back and send it again") from error
