"""The mailbox over HTTP: sealed messages of back-searches, part by part, between members who share a collection."""

import re
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import OnEvent
from stillwatch.share.forum.relay_store import MOST_PARTS, STAGES, Part, RelayStore
from stillwatch.share.sealed.box import PART_BYTES
from stillwatch.web.body import read_body
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["relay_routes"]

_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_PART: Final = "/relay/{search}/{stage}/{number}"
_Answer = Callable[[Request, Member], Awaitable[Response]]


def relay_routes(engine: Engine, access: Access, on_event: OnEvent) -> list[BaseRoute]:
    """``GET /relay/``, ``PUT`` and ``GET /relay/SEARCH/STAGE/N``, ``DELETE /relay/SEARCH/STAGE``.

    The forum sees who writes to whom at which stage, and how much; what it carries is sealed. A part that is sent again
    is the same part; a message is there until its reader deletes it, or for a day.
    """
    store = RelayStore(engine, access.quotas, on_event)

    async def inbox(_request: Request, member: Member) -> Response:
        return plain({"messages": await run_in_threadpool(store.inbox, member)})

    async def put(request: Request, member: Member) -> Response:
        search, stage = _place(request)
        number, of = _number(request.path_params["number"]), _number(request.query_params.get("of", ""))
        if not number < of <= MOST_PARTS:
            message = f"a message must have 1 to {MOST_PARTS} parts, numbered from 0"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, message)
        reader = request.query_params.get("to")
        data = await read_body(request.headers, request.receive, PART_BYTES)
        if not data:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "a part must not be empty")
        part = Part(search, stage, number, of, None if reader is None else _uuid(reader), data)
        await run_in_threadpool(store.put, member, part)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def get(request: Request, member: Member) -> Response:
        search, stage = _place(request)
        number = _number(request.path_params["number"])
        data = await run_in_threadpool(store.part, member, search, stage, number)
        return Response(data, media_type="application/octet-stream")

    async def taken(request: Request, member: Member) -> Response:
        await run_in_threadpool(store.take, member, *_place(request))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return [
        Route("/relay/", _served(access, inbox), methods=["GET"]),
        Route(_PART, _served(access, put), methods=["PUT"]),
        Route(_PART, _served(access, get), methods=["GET"]),
        Route("/relay/{search}/{stage}", _served(access, taken), methods=["DELETE"]),
    ]


def _served(access: Access, answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        return await answer(request, member)

    return serve


def _place(request: Request) -> tuple[str, str]:
    """Search and stage of a path."""
    stage = request.path_params["stage"]
    if stage not in STAGES:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"a stage must be one of {', '.join(STAGES)}")
    return _uuid(request.path_params["search"]), stage


def _uuid(text: str) -> str:
    try:
        found = str(uuid.UUID(text))
    except ValueError:
        found = ""
    if found != text:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "a search or member must be a UUID, lower case with hyphens")
    return found


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "a part must have a whole number, and the message's as `of`")
    return int(text)
