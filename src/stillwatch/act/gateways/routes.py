"""Gateways' endpoints as routes of a web application."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from stillwatch.act.gateways.endpoint import Decide, Endpoint
from stillwatch.model.decision import GatewayAnswer, GatewayCall
from stillwatch.web.problem import Admits, Problem

__all__ = ["BODY_BYTES", "BODY_S", "gateway_routes"]

BODY_BYTES: Final = 16 << 20
BODY_S: Final = 10.0
"""Longest that a body may take: no gateway waits that long for a decision."""
_HANG_UP: Final = {"Connection": "close"}


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
        try:
            answer = await self._answer(scope, receive)
        except ClientDisconnect:
            return
        body = b"" if scope["method"] == "HEAD" else answer.body
        await Response(body, answer.status, answer.headers)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> GatewayAnswer:
        # Of two fields of one name the first counts, as with Starlette.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        source = scope["client"][0] if scope.get("client") else ""
        try:
            await self._admits(headers, source)
            body = await _body(headers, receive, self._body_bytes)
        except Problem as problem:
            told = {name.lower(): value for name, value in problem.headers.items()}
            answer = self._endpoint.fault(problem.status, problem.description)
            return replace(answer, headers={**answer.headers, **told})
        query = scope["query_string"].decode("latin-1")
        path = f"{scope['path']}?{query}" if query else scope["path"]
        return await self._endpoint.serve(GatewayCall(scope["method"], path, headers, body, source), self._decide)


async def _body(headers: Mapping[str, str], receive: Receive, most: int) -> bytes:
    """The body.

    Raises      Problem 413 when it is larger, 408 when it is too slow; the rest of it is not read then.
    """
    told = headers.get("content-length", "")
    if told.isdecimal() and len(told) < 20 and int(told) > most:
        raise _too_large(most)
    pieces, size, is_whole = [], 0, False
    try:
        async with asyncio.timeout(BODY_S):
            while not is_whole:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientDisconnect
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > most:
                    raise _too_large(most)
                is_whole = not message.get("more_body", False)
    except TimeoutError:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, f"a body must come within {BODY_S:.0f} s", _HANG_UP) from None
    return b"".join(pieces)


def _too_large(most: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over {most:,} bytes", _HANG_UP)
