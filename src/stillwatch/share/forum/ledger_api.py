"""The forum's ledger over HTTP: heads and proofs for every member, the whole of it for auditors."""

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from stillwatch.share.access.access import Access
from stillwatch.share.access.ledger_routes import Reader, routes_of_ledger
from stillwatch.share.access.roster import Role
from stillwatch.signing.keys import SigningKey

__all__ = ["ledger_routes"]


def ledger_routes(engine: Engine, access: Access, key: SigningKey) -> list[BaseRoute]:
    """`routes_of_ledger` for the forum's members, under ``/ledger``."""

    async def who(request: Request) -> Reader:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        return Reader(member.member_id, may_export=member.role is not Role.MEMBER)

    return routes_of_ledger(engine, key, who)
