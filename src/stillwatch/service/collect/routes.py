"""Endpoints of the collector: own NDJSON, LiteLLM's callback, OTLP over HTTP."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stillwatch.service.collect.answers import answers_of
from stillwatch.service.collect.body import drained
from stillwatch.service.collect.collector import Collector
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.refusal import Refusal
from stillwatch.web.answers import address_of
from stillwatch.web.problem import Admits, Problem

__all__ = ["collect_routes"]

_OTLP: Final = {
    ("traces", "application/x-protobuf"): BodyFormat.TRACES,
    ("traces", "application/json"): BodyFormat.TRACES_JSON,
    ("logs", "application/x-protobuf"): BodyFormat.LOGS,
    ("logs", "application/json"): BodyFormat.LOGS_JSON,
}
_NO: Final = frozenset({"no", "false", "0"})


def collect_routes(collector: Collector, admits: Admits) -> list[Route]:
    """The endpoints.

    An answer of 200 says that the exchanges are on the disk. ``?durable=no`` asks not to wait for that: the answer is
    202, and what a power cut or a full disk then takes is lost; OTLP's senders have no such choice. Addresses of
    clients come out of the records; no header of the sender's own request is looked at for them.

    admits      Lets senders in, before anything of a body is read.
    """

    def route(path: str, kind_of: Callable[[Request], BodyFormat]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answered(collector, admits, request, kind_of)

        return Route(path, endpoint, methods=["POST"])

    return [
        route("/v1/exchanges", lambda _: BodyFormat.NATIVE),
        route("/v1/litellm", lambda _: BodyFormat.LITELLM),
        route("/v1/traces", lambda request: _otlp(request, "traces")),
        route("/v1/logs", lambda request: _otlp(request, "logs")),
    ]


async def _answered(
    collector: Collector, admits: Admits, request: Request, kind_of: Callable[[Request], BodyFormat]
) -> Response:
    start, kind = time.perf_counter(), BodyFormat.TRACES_JSON
    try:
        kind = kind_of(request)
        await admits(request.headers, address_of(request))
        aside, outcome = await collector.take(request, kind, waits=_waits(request, kind))
        response = answers_of(kind).taken(aside, outcome)
    except Problem as problem:
        response = answers_of(kind).refused(Refusal(problem.status, problem.description))
        response.headers.update(problem.headers)
        await drained(request, collector.body_bytes)
    except Refusal as refusal:
        response = answers_of(kind).refused(refusal)
        await drained(request, collector.body_bytes)
    metrics = collector.metrics
    metrics.count("stillwatch_collect_requests_total", 1, format=kind, status=str(response.status_code))
    metrics.observe("stillwatch_collect_request_seconds", time.perf_counter() - start, format=kind)
    return response


def _otlp(request: Request, signal: str) -> BodyFormat:
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = _OTLP.get((signal, told))
    if kind is None:
        reason = "Content-Type must be application/x-protobuf or application/json"
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason)
    return kind


def _waits(request: Request, kind: BodyFormat) -> bool:
    own = kind in (BodyFormat.NATIVE, BodyFormat.LITELLM)
    return not (own and request.query_params.get("durable", "yes").lower() in _NO)
