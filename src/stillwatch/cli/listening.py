"""Where the exchange's servers listen: a host and a port, and never a network in clear."""

from pathlib import Path

from stillwatch.errors import InvalidInput

__all__ = ["LOOPBACK", "check_listening"]

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def check_listening(host: str, certificate: Path | None, key: Path | None, *, behind_proxy: bool = False) -> None:
    """Refuse what would let tokens cross a network in clear.

    behind_proxy    Whether somebody in front of the server ends TLS.
    Raises          InvalidInput; also for a certificate without its key.
    """
    if (certificate is None) != (key is None):
        message = "--tls-cert and --tls-key go together"
        raise InvalidInput(message)
    if certificate is None and not behind_proxy and host not in LOOPBACK:
        message = (
            "tokens must not cross a network in clear: listen on 127.0.0.1, give a certificate and its key, "
            f"or name the proxy in front that ends TLS; got {host}"
        )
        raise InvalidInput(message)
