"""Who asks, when anybody can write X-Forwarded-For."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from stillwatch.service.source import source_of

_PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def _request(client: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "client": (client, 1), "headers": headers})


def test_without_trusted_proxies_the_header_counts_for_nothing() -> None:
    """Whoever invents an address with each request is still one source."""
    assert source_of((), _request("10.1.1.1", "203.0.113.9")) == "10.1.1.1"


def test_a_stranger_is_no_proxy() -> None:
    """Only a proxy that the operator names is believed."""
    assert source_of(_PROXIES, _request("198.51.100.1", "203.0.113.9")) == "198.51.100.1"


@pytest.mark.parametrize(
    ("forwarded", "source"),
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
def test_what_a_proxy_has_heard_counts_and_what_a_client_began_does_not(forwarded: list[str], source: str) -> None:
    """The list is read from its end, as far as trusted proxies go; what is no address ends it."""
    assert source_of(_PROXIES, _request("10.1.1.1", *forwarded)) == source


def test_a_long_list_is_not_read_to_its_begin() -> None:
    """Work is bounded."""
    assert source_of(_PROXIES, _request("10.1.1.1", "203.0.113.9" + ", 10.2.2.2" * 50)) == "10.2.2.2"
