"""Members' nodes say that they have withdrawn what the forum deleted: so that it is known when it is gone."""

import time
from http import HTTPStatus
from typing import Any, Final

import orjson
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import OnEvent
from stillwatch.share.feed.stream import USE
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.tables import RECORDS, REMOVALS, TOMBSTONE
from stillwatch.store.conflict import insert_if_new
from stillwatch.web.body import read_body
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["removal_routes"]

_MOST_BYTES: Final = 256
_NOTHING: Final = "no such deletion, or it is not for you"


def removal_routes(store: Store, access: Access, on_event: OnEvent) -> list[BaseRoute]:
    """``POST /removed/`` with ``{"place": ...}``, the id of a tombstone's event in the feed. Again is no harm.

    It says that the word is withdrawn, and nothing of what was done on it.
    """

    async def removed(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        body = await read_body(request.headers, request.receive, _MOST_BYTES)
        return plain(await run_in_threadpool(_removed, store, access, member, body, on_event))

    return [Route("/removed/", removed, methods=["POST"])]


def _removed(store: Store, access: Access, member: Member, body: bytes, on_event: OnEvent) -> dict[str, Any]:
    sequence = store.cursors.read(_place(body), USE)
    readable = [c.collection_id for c in access.collections(member).values() if c.can_read]
    stone = select(RECORDS.c.object_id).where(
        RECORDS.c.sequence == sequence, RECORDS.c.kind == TOMBSTONE, RECORDS.c.collection_id.in_(readable)
    )
    with store.engine.begin() as connection:
        object_id = None if sequence is None else connection.execute(stone).scalar()
        if object_id is None:
            raise Problem(HTTPStatus.NOT_FOUND, _NOTHING)
        row: dict[str, object] = {
            "member_id": member.member_id,
            "sequence": sequence,
            "removed_us": time.time_ns() // 1000,
        }
        if insert_if_new(connection, REMOVALS, row):
            on_event("removed", member.member_id, {"id": object_id}, connection)
    return {"removed": object_id}


def _place(body: bytes) -> str:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("place"), str):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the body must be an object with a place, a text")
    return str(told["place"])
