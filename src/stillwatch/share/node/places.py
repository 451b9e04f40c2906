"""Where a node may send its token: over TLS, or to its own machine."""

import ipaddress
from urllib.parse import urlsplit

__all__ = ["url_problem"]


def url_problem(name: str, url: str) -> str | None:
    """Why a URL of the settings is none to send a token to; None for a good one. What it holds is not repeated.

    >>> url_problem("forum", "https://forum.example:8460"), url_problem("forum", "http://127.0.0.1:8460")
    (None, None)
    >>> url_problem("forum", "http://forum.example")
    'forum must be an https URL: a token must not cross a network in clear'
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"{name} must be a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return f"{name} must be an https URL"
    if parts.username is not None or parts.query or parts.fragment:
        return f"{name} must be a URL without user, query and fragment"
    if parts.scheme == "http" and not _is_loopback(host):
        return f"{name} must be an https URL: a token must not cross a network in clear"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
