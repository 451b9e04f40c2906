"""Who asks: the connection's address, or what a trusted proxy says of it."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ToldSource", "source_of"]

_MOST_HOPS: Final = 20


class ToldSource:
    """Puts who asked where the connection's address stands, so that every limit counts by it.

    trusted     Networks of proxies that set X-Forwarded-For.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._app, self._trusted = app, tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and self._trusted and scope.get("client"):
            address, port = scope["client"]
            told = Headers(scope=scope).getlist("x-forwarded-for")
            scope = {**scope, "client": (source_of(self._trusted, address, told), port)}
        await self._app(scope, receive, send)


def source_of(trusted: Sequence[IPv4Network | IPv6Network], address: str, told: Sequence[str]) -> str:
    """Address that limits are counted by.

    X-Forwarded-For is a list that anybody can begin; each proxy adds whom it heard. From its end, the first address
    that is no trusted proxy is who asked; nothing further left is looked at. Without trusted proxies the header counts
    for nothing.

    trusted     Networks of proxies that set the header.
    address     Of the connection.
    told        Values of the header.

    >>> from ipaddress import ip_network
    >>> source_of([ip_network("10.0.0.0/8")], "10.0.0.1", ["192.0.2.66, 203.0.113.9"])
    '203.0.113.9'
    """
    source = address
    if not _is_in(source, trusted):
        return source
    hops = [hop.strip() for hop in ",".join(told).split(",")]
    for hop in reversed(hops[-_MOST_HOPS:]):
        try:
            source = str(ip_address(hop))
        except ValueError:
            return address
        if not _is_in(source, trusted):
            return source
    return source


def _is_in(text: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in networks)
