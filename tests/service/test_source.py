"""Who asks, when anybody can write X-Forwarded-For."""

import asyncio
from ipaddress import IPv4Network, ip_network

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from stillwatch.service.source import ToldSource, source_of

_PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def test_without_trusted_proxies_the_header_counts_for_nothing() -> None:
    """Whoever invents an address with each request is still one source."""
    assert source_of((), "10.1.1.1", ["203.0.113.9"]) == "10.1.1.1"


def test_a_stranger_is_no_proxy() -> None:
    """Only a proxy that the operator names is believed."""
    assert source_of(_PROXIES, "198.51.100.1", ["203.0.113.9"]) == "198.51.100.1"


@pytest.mark.parametrize(
    ("told", "source"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["192.0.2.66, 203.0.113.9"], "203.0.113.9"),
        (["192.0.2.66", "203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, 10.2.2.2"], "203.0.113.9"),
        (["2001:DB8::1"], "2001:db8::1"),
        (["192.0.2.66, <script>"], "10.1.1.1"),
        (["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ([], "10.1.1.1"),
    ],
)
def test_what_a_proxy_has_heard_counts_and_what_a_client_began_does_not(told: list[str], source: str) -> None:
    """The list is read from its end, as far as trusted proxies go; what is no address ends it."""
    assert source_of(_PROXIES, "10.1.1.1", told) == source


def test_a_proxy_that_is_seen_over_ipv6_is_the_same_proxy() -> None:
    """A socket for both kinds names IPv4 addresses in IPv6's way."""
    assert source_of(_PROXIES, "::ffff:10.1.1.1", ["203.0.113.9"]) == "203.0.113.9"


def test_a_long_list_is_not_read_to_its_begin() -> None:
    """Work is bounded."""
    assert source_of(_PROXIES, "10.1.1.1", ["203.0.113.9" + ", 10.2.2.2" * 50]) == "10.2.2.2"


async def _host(request: Request) -> Response:
    return PlainTextResponse(request.client.host if request.client else "")


@pytest.mark.parametrize(("trusted", "source"), [((ip_network("127.0.0.0/8"),), "203.0.113.9"), ((), "127.0.0.1")])
def test_what_is_counted_by_is_where_the_address_stands(trusted: tuple[IPv4Network, ...], source: str) -> None:
    """Endpoints ask for the client as ever."""
    app = Starlette(routes=[Route("/", _host)], middleware=[Middleware(ToldSource, trusted)])

    async def told() -> str:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get("/", headers={"x-forwarded-for": "203.0.113.9"})).text

    assert asyncio.run(told()) == source
