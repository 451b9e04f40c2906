"""Who asks: the connection's address, or what a trusted proxy says of it."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.requests import Request

__all__ = ["source_of"]

_MOST_HOPS = 20


def source_of(trusted: Sequence[IPv4Network | IPv6Network], request: Request) -> str:
    """Address that limits are counted by.

    X-Forwarded-For is a list that anybody can begin; each proxy adds whom it heard. From its end, the first address that
    is no trusted proxy is who asked; nothing further left is looked at. Without trusted proxies the header counts for
    nothing.

    trusted     Networks of proxies that set the header.
    """
    source = request.client.host if request.client else ""
    if not trusted or not _is_in(source, trusted):
        return source
    hops = [hop.strip() for hop in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
    for hop in reversed(hops[-_MOST_HOPS:]):
        try:
            address = str(ip_address(hop))
        except ValueError:
            return source
        source = address
        if not _is_in(address, trusted):
            return address
    return source


def _is_in(text: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in networks)
