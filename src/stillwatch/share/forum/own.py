"""What a member sees and changes of itself; of others it sees nothing."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import Roster
from stillwatch.share.access.tables import TOKENS
from stillwatch.store.database import reading
from stillwatch.web.plain import plain

__all__ = ["own_routes"]


def own_routes(access: Access, roster: Roster) -> list[BaseRoute]:
    """``GET /member/`` and ``POST /member/token/``."""

    def own(member: Member) -> dict[str, Any]:
        limits = access.quotas.limits
        most = {"requests": limits.requests, "objects": limits.objects, "size_bytes": limits.size_bytes}
        seen = access.collections(member).values()
        return {
            "id": member.member_id,
            "role": member.role.value,
            "tokens": _tokens(roster, member),
            "collections": [{"id": c.collection_id, "can_read": c.can_read, "can_write": c.can_write} for c in seen],
            "quota": {"window_s": limits.window_s, "limits": most, "used": access.quotas.used(member.member_id)},
        }

    def rotated(member: Member) -> dict[str, Any]:
        return {"token": roster.rotate_token(member.member_id, member.lookup).text}

    return [
        Route("/member/", _served(access, own), methods=["GET"]),
        Route("/member/token/", _served(access, rotated), methods=["POST"]),
    ]


def _served(access: Access, answer: Callable[[Member], dict[str, Any]]) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        return plain(await run_in_threadpool(answer, member))

    return serve


def _tokens(roster: Roster, member: Member) -> list[dict[str, Any]]:
    mine = select(TOKENS).where(TOKENS.c.member_id == member.member_id).order_by(TOKENS.c.created_s, TOKENS.c.lookup)
    with reading(roster.engine).begin() as connection:
        rows = connection.execute(mine).all()
    return [{"lookup": row.lookup, "created_s": row.created_s, "expires_s": row.expires_s} for row in rows]
