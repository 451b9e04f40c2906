"""Headers that every answer carries, unless it says otherwise itself."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stillwatch.web.headers import SafeHeaders

STRICT = "default-src 'none'; frame-ancestors 'none'"


def answered(url: str, **own: str) -> httpx.Headers:
    """Headers of an answer that has some of its own."""

    async def answer(_request: Request) -> Response:
        return Response("x", headers={name.replace("_", "-"): value for name, value in own.items()})

    async def send() -> httpx.Response:
        app = Starlette(routes=[Route("/", answer)], middleware=[Middleware(SafeHeaders)])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await client.get(url)

    return asyncio.run(send()).headers


@pytest.mark.parametrize(("url", "strict"), [("http://test/", False), ("https://test/", True)])
def test_every_answer_has_them(url: str, *, strict: bool) -> None:
    """Nothing is kept, framed, sniffed or told on; over TLS it stays with TLS."""
    found = answered(url)
    assert (found["cache-control"], found["content-security-policy"]) == ("no-store", STRICT)
    assert (found["referrer-policy"], found["x-content-type-options"]) == ("no-referrer", "nosniff")
    assert ("strict-transport-security" in found) == strict


def test_what_an_answer_says_itself_stays() -> None:
    """A page's own policy is the only one, in whatever letters its name is written."""
    found = answered("http://test/", Content_Security_Policy="style-src 'self'", CACHE_CONTROL="max-age=60")
    assert found.get_list("content-security-policy") == ["style-src 'self'"]
    assert found.get_list("cache-control") == ["max-age=60"]
