"""An evaluator's ledger over HTTP: every member verifies that it was counted rightly, and that all see one ledger."""

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.routing import BaseRoute

from stillwatch.share.access.ledger_routes import Reader, routes_of_ledger
from stillwatch.share.evaluator.app import Authenticate, member_of
from stillwatch.share.evaluator.recording import ledger_names
from stillwatch.signing.keys import SigningKey

__all__ = ["budget_ledger_routes"]


def budget_ledger_routes(engine: Engine, key: SigningKey, authenticate: Authenticate) -> list[BaseRoute]:
    """`routes_of_ledger` for an evaluator's members, under ``/v1/ledger``.

    The whole is for every member: there is no auditor here, and its entries have neither names nor numbers.
    """
    name = ledger_names(key)

    async def who(request: Request) -> Reader:
        return Reader(name(await member_of(request, authenticate)), may_export=True)

    return routes_of_ledger(engine, key, who, "/v1/ledger")
