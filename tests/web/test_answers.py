"""What is refused, is not there, or fails of itself is told as JSON, with the headers of every other answer."""

import asyncio
from http import HTTPStatus

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stillwatch.web.answers import HANDLERS, address_of
from stillwatch.web.headers import SafeHeaders
from stillwatch.web.problem import Problem


async def _refusing(_request: Request) -> Response:
    raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "come again", {"Retry-After": "3"})


async def _failing(_request: Request) -> Response:
    message = "planted text"
    raise ValueError(message)


async def _address(request: Request) -> Response:
    return Response(address_of(request))


def asked(path: str, method: str = "GET") -> httpx.Response:
    """What an application that has these handlers answers."""

    async def send() -> httpx.Response:
        routes = [Route("/refusing", _refusing), Route("/failing", _failing), Route("/address", _address)]
        app = Starlette(routes=routes, middleware=[Middleware(SafeHeaders)], exception_handlers=HANDLERS)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path)

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/refusing", 429, "come again"),
        ("GET", "/nowhere", 404, "Not Found"),
        ("POST", "/refusing", 405, "Method Not Allowed"),
        ("GET", "/failing", 500, "the service failed; its log says where"),
    ],
)
def test_what_is_told(method: str, path: str, status: int, words: str) -> None:
    """One sentence, nothing of an error of ours, never to be kept by a cache or looked into by a browser."""
    answer = asked(path, method)
    assert (answer.status_code, answer.json()) == (status, {"error": words})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_headers_of_a_refusal_go_along() -> None:
    """When to come again, and which methods there are."""
    assert asked("/refusing").headers["retry-after"] == "3"
    assert "GET" in asked("/refusing", "POST").headers["allow"]


def test_the_address_of_a_request() -> None:
    """That of the connection, as whoever stands in front has left it."""
    assert asked("/address").text == "192.0.2.7"
