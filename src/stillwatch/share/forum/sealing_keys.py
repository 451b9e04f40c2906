"""Keys that messages between two nodes are sealed to: each member publishes its own, signed with its signing key."""

import json
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy import JSON, Column, Engine, MetaData, String, Table, delete, insert, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput
from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import OnEvent
from stillwatch.share.forum.member_keys import verify_keys_of
from stillwatch.share.sealed.keys import published_key
from stillwatch.signing.refused import Refused
from stillwatch.store.database import reading
from stillwatch.web.body import read_body
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["sealing_key_routes"]

_TABLES: Final = MetaData()
_KEYS: Final = Table(
    "forum_sealing_keys",
    _TABLES,
    Column("member_id", String(36), primary_key=True),
    Column("created", String(27), nullable=False),
    Column("published", JSON, nullable=False),
)
_MOST_BYTES: Final = 2048


def sealing_key_routes(engine: Engine, access: Access, on_event: OnEvent) -> list[BaseRoute]:
    """``POST /member/sealing-key/`` and ``GET /keys/PSEUDONYM/sealing``.

    The newest key of a member counts. Its signature is the member's own: who reads it needs no word of the forum's.
    """
    _TABLES.create_all(engine)

    async def publish(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        body = await read_body(request.headers, request.receive, _MOST_BYTES)
        await run_in_threadpool(_added, engine, member, body, on_event)
        return plain({"member": member.member_id}, HTTPStatus.CREATED)

    async def ask(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        return plain(await run_in_threadpool(_key_of, engine, request.path_params["member_id"]))

    return [
        Route("/member/sealing-key/", publish, methods=["POST"]),
        Route("/keys/{member_id}/sealing", ask, methods=["GET"]),
    ]


def _added(engine: Engine, member: Member, body: bytes, on_event: OnEvent) -> None:
    told = _read(body, member, engine)
    with engine.begin() as connection:
        row = select(_KEYS).where(_KEYS.c.member_id == member.member_id)
        known = connection.execute(row.with_for_update()).first()
        if known is not None and known.published["key"] == told["key"]:
            return
        if known is not None and known.created >= told["created"]:
            raise Problem(HTTPStatus.CONFLICT, "a later key of this member is known")
        connection.execute(delete(_KEYS).where(_KEYS.c.member_id == member.member_id))
        new = {"member_id": member.member_id, "created": told["created"], "published": told}
        connection.execute(insert(_KEYS).values(**new))
        on_event("member-sealing-key", member.member_id, told, connection)


def _read(body: bytes, member: Member, engine: Engine) -> dict[str, Any]:
    try:
        told = json.loads(body)
        published_key(
            told if isinstance(told, dict) else {}, member.member_id, verify_keys_of(engine, member.member_id)
        )
    except Refused as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error.reason.value}: {error}") from error
    except (ValueError, InvalidInput, RecursionError) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "a sealing key must be a signed document in JSON") from error
    return dict(told)


def _key_of(engine: Engine, member_id: str) -> dict[str, Any]:
    with reading(engine).begin() as connection:
        row = select(_KEYS.c.published).where(_KEYS.c.member_id == member_id)
        found: dict[str, Any] | None = connection.execute(row).scalar()
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "no keys for that pseudonym")
    return found
