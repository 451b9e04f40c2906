"""The appeal page: what was decided, a form that can be sent once, and after that where the appeal is.

A wrong link and a link to nothing get one and the same answer by one and the same way, and nothing is read of a form
that is sent to one. Visits are limited by source, wrong links also overall, forms by the link they are sent to: so no
flood of wrong links or forms closes the page to anybody who has a good one.

The database is asked by a few threads of the page's own: while it hangs, pages wait and say so, and whatever else needs
threads and connections has them.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final, ParamSpec, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from stillwatch.act.appeals.appeal import Appeal, AppealRules, Grounds
from stillwatch.act.appeals.filing import (
    LEAST_STATEMENT,
    MOST_CONTACT,
    MOST_STATEMENT,
    AlreadyFiled,
    Filing,
    appeal_against,
    file,
)
from stillwatch.act.appeals.links import AppealLinks, Claim
from stillwatch.act.appeals.notice import Notice, notice_of
from stillwatch.act.trail import Trail
from stillwatch.errors import InvalidInput
from stillwatch.service.pages.fields import Unreadable, fields_of
from stillwatch.service.pages.form_token import form_token, is_form_token
from stillwatch.service.pages.rendering import page
from stillwatch.service.pages.wording import ACTIONS, GROUNDS, shown_account
from stillwatch.store.database import reading
from stillwatch.web.answers import address_of
from stillwatch.web.pace import Pace

__all__ = ["SHOWN_FOR", "AppealDesk", "AppealPaces", "appeal_routes"]

SHOWN_FOR: Final = timedelta(days=180)
"""How long the answer can be read."""
_LATER_S: Final = 60
_AT_WORK: Final = 4
_PATIENCE_S: Final = 10.0
"""Longest that a page waits for the database, and for others that wait for it."""
_LOG: Final = logging.getLogger("stillwatch.service")
_Found = TypeVar("_Found")
_Told = ParamSpec("_Told")


@dataclass(frozen=True, slots=True)
class AppealPaces:
    """How often the page may be used.

    visits      Of one source, all told.
    misses      Links that are of nothing.
    filings     Forms that are sent to one link.
    """

    visits: Pace = field(default_factory=lambda: Pace(120, None, 60))
    misses: Pace = field(default_factory=lambda: Pace(20, 600, 600))
    filings: Pace = field(default_factory=lambda: Pace(20, None, 3600))


@dataclass(frozen=True, slots=True)
class AppealDesk:
    """What the page needs.

    provider    Name of the provider, as customers know it.
    contact     Where a customer may write who has no link that works; empty for nowhere.
    source_of   Who asks; behind a proxy the operator says how it is told.
    """

    engine: Engine
    trail: Trail
    links: AppealLinks
    rules: AppealRules = field(default_factory=AppealRules)
    provider: str = "the provider"
    contact: str = ""
    paces: AppealPaces = field(default_factory=AppealPaces)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    source_of: Callable[[Request], str] = address_of


@dataclass(frozen=True, slots=True)
class _Visit:
    """A link that somebody followed, and what it is of."""

    token: str
    claim: Claim
    notice: Notice
    appeal: Appeal | None
    now: datetime


def appeal_routes(desk: AppealDesk) -> list[BaseRoute]:
    """``GET`` and ``POST /appeal/TOKEN``."""
    pages = _Pages(desk)
    return [
        Route("/appeal/{token}", pages.show, methods=["GET"]),
        Route("/appeal/{token}", pages.send, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, desk: AppealDesk) -> None:
        self._desk = desk
        self._hands = ThreadPoolExecutor(_AT_WORK, "stillwatch-pages")

    async def show(self, request: Request) -> Response:
        """Form or status; when the database does not answer, that it is to be tried again."""
        try:
            return await self._shown(request)
        except (SQLAlchemyError, TimeoutError) as error:
            return self._later(error)

    async def send(self, request: Request) -> Response:
        """File, or show the form again with what is wrong; as above when the database does not answer."""
        try:
            return await self._sent(request)
        except (SQLAlchemyError, TimeoutError) as error:
            return self._later(error)

    async def _shown(self, request: Request) -> Response:
        found = await self._asked(self._visit, request)
        if isinstance(found, Response):
            return found
        if found.appeal is not None:
            return self._status(found, found.appeal)
        if found.now > found.claim.expires_at:
            return self._message("expired", HTTPStatus.GONE)
        return self._form(found)

    async def _sent(self, request: Request) -> Response:
        found = await self._asked(self._visit, request)
        if isinstance(found, Response):
            return found
        wait_s = self._desk.paces.filings.take(found.claim.decision_id)
        if wait_s is not None:
            return self._too_many(wait_s)
        try:
            fields = await fields_of(request)
        except Unreadable as error:
            return self._message("unreadable", error.status)
        if found.appeal is not None:
            return _see(found.token)
        if found.now > found.claim.expires_at:
            return self._message("expired", HTTPStatus.GONE)
        return await self._asked(self._file, found, fields, request.headers.get("sec-fetch-site", "none"))

    async def _asked(self, work: Callable[_Told, _Found], *told: _Told.args, **named: _Told.kwargs) -> _Found:
        """Do what needs the database.

        Raises  TimeoutError when that does not answer, or too many wait for it.
        """
        doing = asyncio.get_running_loop().run_in_executor(self._hands, partial(work, *told, **named))
        return await asyncio.wait_for(doing, _PATIENCE_S)

    def _visit(self, request: Request) -> "_Visit | Response":
        """What a link is of; an answer when it is of nothing, or too many were tried."""
        desk, source, token = self._desk, self._desk.source_of(request), request.path_params["token"]
        wait_s = desk.paces.visits.take(source)
        if wait_s is not None:
            return self._too_many(wait_s)
        claim = desk.links.read(token)
        with reading(desk.engine).begin() as connection:
            notice = notice_of(connection, claim.decision_id)
            appeal = appeal_against(connection, claim.decision_id)
        now = desk.clock()
        if claim.is_good and notice is not None and not _is_over(appeal, now):
            return _Visit(token, claim, notice, appeal, now)
        wait_s = desk.paces.misses.take(source)
        return self._message("nothing", HTTPStatus.NOT_FOUND) if wait_s is None else self._too_many(wait_s)

    def _file(self, found: _Visit, fields: dict[str, str], site: str) -> Response:
        desk = self._desk
        is_ours = is_form_token(desk.links.key, found.token, fields.get("form", ""), found.now)
        if not is_ours or site not in {"same-origin", "none"}:
            return self._form(found, fields, {"form": "old"}, HTTPStatus.FORBIDDEN)
        try:
            filing = Filing(_grounds(fields.get("grounds", "")), fields.get("statement", ""), fields.get("contact"))
        except InvalidInput as error:
            field_name = str(error).partition(" ")[0]
            return self._form(found, fields, {field_name: "wrong"}, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            with desk.engine.begin() as connection:
                file(connection, desk.trail, found.notice, filing, desk.rules, found.now)
        except AlreadyFiled:
            return _see(found.token)  # of two that came at once: the other
        return _see(found.token)

    def _form(
        self,
        found: _Visit,
        fields: dict[str, str] | None = None,
        wrong: dict[str, str] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        told = fields or {}
        values = self._values(found) | {
            "form_token": form_token(self._desk.links.key, found.token, found.now),
            "grounds": {ground.value: words for ground, words in GROUNDS.items()},
            "chosen": told.get("grounds", ""),
            "statement": told.get("statement", "")[:MOST_STATEMENT],
            "contact_told": told.get("contact", "")[:MOST_CONTACT],
            "limits": {"least": LEAST_STATEMENT, "most": MOST_STATEMENT, "contact": MOST_CONTACT},
            "wrong": wrong or {},
        }
        return page("appeal", values, status)

    def _status(self, found: _Visit, appeal: Appeal) -> Response:
        values = {"appeal": appeal, "ground": GROUNDS[appeal.grounds][0], "is_overdue": appeal.is_overdue(found.now)}
        return page("appeal_status", self._values(found) | values)

    def _values(self, found: _Visit) -> dict[str, Any]:
        return {
            "provider": self._desk.provider,
            "notice": found.notice,
            "account": shown_account(found.notice.stream.account_id),
            "done": ACTIONS[found.notice.action],
            "is_over": found.notice.ends_at <= found.now,
            "link_ends": found.claim.expires_at,
            "days": self._desk.rules.answer_within,
        }

    def _message(self, what: str, status: HTTPStatus) -> Response:
        values = {"what": what, "provider": self._desk.provider, "contact": self._desk.contact}
        return page("message", values, status)

    def _too_many(self, wait_s: int) -> Response:
        values = {"what": "too-many", "provider": self._desk.provider, "contact": self._desk.contact}
        return page("message", values, HTTPStatus.TOO_MANY_REQUESTS, wait_s)

    def _later(self, error: Exception) -> Response:
        _LOG.warning("an appeal page cannot be shown: %s", type(error).__name__)
        values = {"what": "later", "provider": self._desk.provider, "contact": self._desk.contact}
        return page("message", values, HTTPStatus.SERVICE_UNAVAILABLE, _LATER_S)


def _is_over(appeal: Appeal | None, now: datetime) -> bool:
    """Whether the answer is too old to be shown."""
    return appeal is not None and appeal.answered_at is not None and now > appeal.answered_at + SHOWN_FOR


def _grounds(told: str) -> Grounds:
    try:
        return Grounds(told)
    except ValueError as error:
        message = "grounds must be one of the list"
        raise InvalidInput(message) from error


def _see(token: str) -> Response:
    """To the status, by a request that can be repeated; relative, for the public URL may have a path of its own."""
    return RedirectResponse(
        token, HTTPStatus.SEE_OTHER, {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    )
