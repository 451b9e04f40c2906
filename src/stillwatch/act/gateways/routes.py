"""Gateways' endpoints as routes of a web application."""

from collections.abc import Callable, Sequence
from typing import Final

from anyio import fail_after
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from stillwatch.act.gateways.endpoint import Decide, Endpoint
from stillwatch.act.gateways.tokens import tokens_shown
from stillwatch.model.decision import GatewayAnswer, GatewayCall

__all__ = ["BODY_BYTES", "BODY_S", "gateway_routes"]

BODY_BYTES: Final = 16 << 20
BODY_S: Final = 10.0
"""Longest that a body may take: no gateway waits that long for a decision."""


def gateway_routes(
    endpoints: Sequence[Endpoint], decide: Decide, admits: Callable[[str], bool], body_bytes: int = BODY_BYTES
) -> list[BaseRoute]:
    """Routes; nothing is looked at of a call that shows no valid token.

    admits      Says whether a token is a gateway's, in constant time.
    body_bytes  Of one call; a larger one is told so, and the gateway then does what it does when we are not there.
    """
    return [
        Route(path, _Called(endpoint, decide, admits, body_bytes), methods=None if method == "*" else [method])
        for endpoint in endpoints
        for method, path in endpoint.routes
    ]


class _Called:
    """One endpoint; an ASGI application, so that any method can reach it."""

    def __init__(self, endpoint: Endpoint, decide: Decide, admits: Callable[[str], bool], body_bytes: int) -> None:
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
        if not any(self._admits(token) for token in tokens_shown(headers)):
            return self._endpoint.fault(401, "no valid token of a gateway")
        try:
            with fail_after(BODY_S):
                body = await _body(request, self._body_bytes)
        except TimeoutError:
            return self._endpoint.fault(408, f"the body takes longer than {BODY_S:g} s")
        if body is None:
            problem = f"the body is over {self._body_bytes:,} bytes"
            return self._endpoint.fault(413, problem)
        query = request.url.query
        path = request.url.path + (f"?{query}" if query else "")
        source = request.client.host if request.client else ""
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
