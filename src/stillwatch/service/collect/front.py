"""A collector that stands in front: it takes bodies and adds them to a Redis stream, and keeps nothing itself."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stillwatch.service.collect.collector import Collector, CollectorOptions
from stillwatch.service.collect.redis_sink import RedisSink
from stillwatch.service.collect.redis_stream import StreamName, checked_stream
from stillwatch.service.collect.routes import collect_routes
from stillwatch.service.health import Health, health_routes
from stillwatch.service.metrics import CONTENT_TYPE, PrometheusMetrics
from stillwatch.web.answers import HANDLERS, address_of
from stillwatch.web.headers import SafeHeaders
from stillwatch.web.log import RequestLog
from stillwatch.web.plain import plain
from stillwatch.web.problem import Admits

__all__ = ["Front", "front_app", "front_running"]

_LOG: Final = "stillwatch.service"


@dataclass(frozen=True, slots=True)
class Front:
    """A collector in front."""

    collector: Collector
    sink: RedisSink
    metrics: PrometheusMetrics

    def health(self) -> Health:
        """How it fares: whether bodies are taken, and what keeps an answer of 200 from being a promise."""
        return Health.of(takes=self.sink.takes, problems={"redis": [self.sink.problem]})


@contextlib.contextmanager
def front_running(
    url: str, options: CollectorOptions, metrics: PrometheusMetrics, name: StreamName | None = None
) -> Iterator[Front]:
    """A collector on a stream, for the block; its end adds what waits.

    options     Its metrics should be `metrics`; its salt must be that of all collectors of the stream.
    Raises      InvalidInput when it is not; UnreadableSource when Redis is not there.
    """
    checked_stream(url, name or StreamName(), options.salt)
    sink = RedisSink(url, name, retry_s=options.bounds.retry_s)
    try:
        with options.reading() as reading:
            yield Front(Collector(sink, options, reading), sink, metrics)
    finally:
        sink.close()


def front_app(front: Front, may_collect: Admits, may_read: Admits) -> Starlette:
    """Application of a front: bodies, health, and, for whoever may read them, metrics and status.

    may_collect, may_read   Let callers in.
    """

    async def metrics(request: Request) -> Response:
        await may_read(request.headers, address_of(request))
        return Response(await run_in_threadpool(front.metrics.text), media_type=CONTENT_TYPE)

    async def status(request: Request) -> Response:
        await may_read(request.headers, address_of(request))
        now = front.health()
        return plain({"takes": now.takes, "durable": front.sink.problem is None, "problems": now.problems})

    return Starlette(
        routes=[
            *collect_routes(front.collector, may_collect),
            *health_routes(front.health),
            Route("/metrics", metrics, methods=["GET"]),
            Route("/v1/status", status, methods=["GET"]),
        ],
        middleware=[Middleware(RequestLog, _LOG), Middleware(SafeHeaders)],
        exception_handlers=HANDLERS,
    )
