"""The caller's address out of what gateways log, which may be a whole X-Forwarded-For list."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

__all__ = ["client_address"]

INTERNAL = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


def client_address(value: object) -> str | None:
    """Address nearest to the gateway that is not internal; the last one when all are; None when there is none.

    Whoever calls may write the left end of an X-Forwarded-For list; proxies append on the right. Text that is no
    address is left out: a header that a caller made up must not cost the row.

    >>> client_address("1.2.3.4, 203.0.113.20, 10.1.2.3"), client_address("[2001:db8::1]:443")
    ('203.0.113.20', '2001:db8::1')
    >>> client_address("unknown")
    """
    texts = value.split(",") if isinstance(value, str) else []
    found = [address for text in texts if (address := _parsed(text)) is not None]
    outside = [address for address in found if not any(address in block for block in INTERNAL)]
    chosen = outside or found
    return str(chosen[-1]) if chosen else None


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
