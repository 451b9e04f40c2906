"""Gateways' endpoints as routes of a web application."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from anyio import fail_after
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from stillwatch.act.gateways.endpoint import Decide, Endpoint
from stillwatch.model.decision import GatewayAnswer, GatewayCall
from stillwatch.web.answers import address_of
from stillwatch.web.problem import Admits, Problem

__all__ = ["BODY_BYTES", "BODY_S", "gateway_routes"]

BODY_BYTES: Final = 16 << 20
BODY_S: Final = 10.0
"""Longest that a body may take: no gateway waits that long for a decision."""


def gateway_routes(
    endpoints: Sequence[Endpoint], decide: Decide, admits: Admits, body_bytes: int = BODY_BYTES
) -> list[BaseRoute]:
    """Routes; nothing is looked at of a call that is not let in.

    admits      Lets gateways in; what it raises is answered as each gateway takes it.
    body_bytes  Of one call; a larger one is told so, and the gateway then does what it does when we are not there.
    """
    return [
        Route(path, _Called(endpoint, decide, admits, body_bytes), methods=None if method == "*" else [method])
        for endpoint in endpoints
        for method, path in endpoint.routes
    ]


class _Called:
    """One endpoint; an ASGI application, so that any method can reach it."""

    def __init__(self, endpoint: Endpoint, decide: Decide, admits: Admits, body_bytes: int) -> None:
        self._endpoint, self._decide, self._admits, self._body_bytes = endpoint, decide, admits, body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        body = b"" if scope["method"] == "HEAD" else answer.body
        await Response(body, answer.status, answer.headers)(scope, receive, send)

    async def _answer(self, request: Request) -> GatewayAnswer:
        headers = dict(request.headers)
        source = address_of(request)
        try:
            await self._admits(headers, source)
        except Problem as problem:
            told = {name.lower(): value for name, value in problem.headers.items()}
            answer = self._endpoint.fault(problem.status, problem.description)
            return replace(answer, headers={**answer.headers, **told})
        try:
            with fail_after(BODY_S):
                body = await _body(request, self._body_bytes)
        except TimeoutError:
            return self._endpoint.fault(408, f"the body takes longer than {BODY_S:g} s")
        if body is None:
            return self._endpoint.fault(413, f"the body is over {self._body_bytes:,} bytes")
        query = request.url.query
        path = request.url.path + (f"?{query}" if query else "")
        return await self._endpoint.serve(GatewayCall(request.method, path, headers, body, source), self._decide)


async def _body(request: Request, most: int) -> bytes | None:
    """The body; None when it is larger, and then the rest of it is not read."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and len(told) < 20 and int(told) > most:
        return None
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)
