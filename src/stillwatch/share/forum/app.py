"""The forum's application: TAXII, feed, members' own endpoints, health; rooms for what others add."""

import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.share.access.access import Access
from stillwatch.share.access.roster import OnEvent, Roster, no_event
from stillwatch.share.feed.stream import Feed, Pace
from stillwatch.share.feed.tail import Tail
from stillwatch.share.forum.chores import CHORES_S, chores_running
from stillwatch.share.forum.own import own_routes
from stillwatch.share.taxii.admission import Admit
from stillwatch.share.taxii.app import HANDLERS, taxii_routes
from stillwatch.share.taxii.endpoints import Server
from stillwatch.share.taxii.openapi import document
from stillwatch.share.taxii.store import Store
from stillwatch.web.headers import SafeHeaders
from stillwatch.web.log import RequestLog
from stillwatch.web.plain import plain

__all__ = ["Settings", "forum_app"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a forum presents itself and behaves.

    routes      Endpoints of other parts of the forum: ledger, evaluator, appeals.
    chores      What is done by itself every so many seconds, beside forgetting what is over.
    on_event    Told of changes to the roster inside their transactions; of objects the store tells its own.
    """

    server: Server = field(default_factory=Server)
    pace: Pace = field(default_factory=Pace)
    routes: Sequence[BaseRoute] = ()
    chores: Sequence[Callable[[], object]] = ()
    chores_s: float = CHORES_S
    on_event: OnEvent = no_event


def forum_app(store: Store, access: Access, admit: Admit, settings: Settings | None = None) -> Starlette:
    """The whole forum; ``app.state.tail`` is its feed, to be stopped before the server waits for open connections."""
    chosen = settings or Settings()
    tail = Tail(store)
    routes = [
        *taxii_routes(store, access, admit, chosen.server),
        Route("/feed", Feed(tail, access, store.cursors, chosen.pace), methods=None),
        *own_routes(access, Roster(store.engine, chosen.on_event)),
        Route("/openapi.json", functools.partial(_openapi, access), methods=["GET"]),
        Route("/health/live", _live, methods=["GET"]),
        Route("/health/ready", functools.partial(_ready, store), methods=["GET"]),
        *chosen.routes,
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with tail.running(), chores_running([store.forget, *chosen.chores], chosen.chores_s):
            yield

    logged = Middleware(RequestLog, logger="stillwatch.forum", fields={"member": "stillwatch.member"})
    app = Starlette(
        routes=routes, middleware=[logged, Middleware(SafeHeaders)], exception_handlers=HANDLERS, lifespan=lifespan
    )
    app.router.redirect_slashes = False
    app.state.tail = tail
    return app


async def _openapi(access: Access, request: Request) -> Response:
    await run_in_threadpool(access.member, request.scope, request.headers)
    return plain(document())


async def _live(_request: Request) -> Response:
    return plain({"status": "live"})


async def _ready(store: Store, _request: Request) -> Response:
    try:
        await run_in_threadpool(store.marks)
    except SQLAlchemyError:
        return plain({"status": "not ready"}, HTTPStatus.SERVICE_UNAVAILABLE)
    return plain({"status": "ready"})
