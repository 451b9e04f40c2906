"""Speak to an application in this process through an httpx client that waits."""

import asyncio
from collections.abc import Callable

import httpx
from starlette.applications import Starlette

Change = Callable[[httpx.Response], httpx.Response]


class InProcess(httpx.BaseTransport):
    """Transport to an application; `change` stands for who alters what comes back."""

    def __init__(self, app: Starlette, change: Change = lambda response: response) -> None:
        self._app, self._change = app, change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, answered in an event loop of its own; what the application raises becomes a 500."""

        async def answered() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            response = await transport.handle_async_request(sent)
            return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

        found = self._change(asyncio.run(answered()))
        return httpx.Response(found.status_code, headers=found.headers, stream=httpx.ByteStream(found.content))


def client_of(app: Starlette, change: Change = lambda response: response) -> httpx.Client:
    """Client whose every path leads to the application."""
    return httpx.Client(transport=InProcess(app, change), base_url="http://evaluator.test")
