"""The service's application: collector, gateways, appeal page, health, status, metrics."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.act.gateways.endpoint import Decide, Endpoint
from stillwatch.act.gateways.routes import gateway_routes
from stillwatch.model.decision import Decision
from stillwatch.model.decision import Request as Question
from stillwatch.service.access.doorkeeper import Doorkeeper
from stillwatch.service.access.issued import Scope
from stillwatch.service.collect.collector import Collector
from stillwatch.service.collect.routes import collect_routes
from stillwatch.service.health import Health, health_routes
from stillwatch.service.metrics import CONTENT_TYPE, PrometheusMetrics
from stillwatch.service.openapi import document
from stillwatch.service.pages.appeals import AppealDesk, appeal_routes
from stillwatch.service.source import ToldSource
from stillwatch.web.answers import HANDLERS, address_of
from stillwatch.web.headers import SafeHeaders
from stillwatch.web.log import RequestLog
from stillwatch.web.plain import plain

__all__ = ["LOG", "Parts", "service_app"]

LOG: Final = "stillwatch.requests"
"""Name of the logger that each request is noted by."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of.

    decide      Decides about a request as the gateway told it.
    status      All that an operator may know, as JSON.
    refresh     Brings the metrics up to date before they are told.
    trusted     Networks of proxies whose X-Forwarded-For is believed.
    routes      Endpoints of other parts.
    """

    doorkeeper: Doorkeeper
    collector: Collector
    endpoints: Sequence[Endpoint]
    decide: Decide
    desk: AppealDesk
    metrics: PrometheusMetrics
    health: Callable[[], Health]
    status: Callable[[], dict[str, Any]]
    refresh: Callable[[], object]
    trusted: Sequence[IPv4Network | IPv6Network] = ()
    routes: Sequence[BaseRoute] = field(default=())


def service_app(parts: Parts) -> Starlette:
    """The whole service."""
    door = parts.doorkeeper
    operates = door.door(Scope.METRICS)

    async def metrics(request: Request) -> Response:
        await operates(request.headers, address_of(request))
        await run_in_threadpool(parts.refresh)
        return Response(parts.metrics.text(), media_type=CONTENT_TYPE)

    async def status(request: Request) -> Response:
        await operates(request.headers, address_of(request))
        return plain(await run_in_threadpool(parts.status))

    routes = [
        *collect_routes(parts.collector, door.door(Scope.COLLECT)),
        *gateway_routes(parts.endpoints, _timed(parts.decide, parts.metrics), door.door(Scope.DECIDE)),
        *appeal_routes(parts.desk),
        *health_routes(parts.health),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/v1/status", status, methods=["GET"]),
        Route("/openapi.json", _openapi, methods=["GET"]),
        *parts.routes,
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(ToldSource, parts.trusted), Middleware(RequestLog, LOG), Middleware(SafeHeaders)],
        exception_handlers=HANDLERS,
    )
    app.router.redirect_slashes = False
    return app


def _timed(decide: Decide, metrics: PrometheusMetrics) -> Decide:
    async def timed(question: Question) -> Decision:
        start = time.perf_counter()
        decision = await decide(question)
        metrics.observe("stillwatch_decide_request_seconds", time.perf_counter() - start)
        return decision

    return timed


async def _openapi(_request: Request) -> Response:
    return plain(document())
