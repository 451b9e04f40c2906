"""What a request shows to log in with: a token in one of two headers, or a client certificate."""

import base64
import binascii
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.web.tokens import Token, parse_token

__all__ = ["CERTIFICATE", "PREFIX", "Credentials", "Proxies", "credentials_of"]

CERTIFICATE: Final = "stillwatch.certificate"
"""Where in a connection's scope the server puts the SHA-256 of the certificate that it has verified itself."""
PREFIX: Final = "swf"
"""What tokens of a forum begin with."""
_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was shown; nothing of it has been checked.

    malformed   Something was shown that cannot be read.
    fingerprint SHA-256 of the client certificate, hexadecimal.
    """

    token: Token | None = None
    fingerprint: str | None = None
    malformed: bool = False


class Proxies:
    """Proxies that end TLS for us and whose word on a client's certificate is taken; without one, nobody's is."""

    def __init__(self, networks: Iterable[str] = (), header: str = "x-client-certificate-sha256") -> None:
        try:
            self._networks = tuple(ipaddress.ip_network(network) for network in networks)
        except ValueError as error:
            message = "a trusted proxy must be an address or a network in CIDR notation"
            raise InvalidInput(message) from error
        self._header = header.lower()

    def fingerprint(self, headers: Mapping[str, str], source: str) -> str | None:
        """Fingerprint that a trusted proxy has handed on."""
        told = headers.get(self._header)
        if not told or not self._networks:
            return None
        try:
            address = ipaddress.ip_address(source)
        except ValueError:
            return None
        trusted = any(address in network for network in self._networks)
        return told.replace(":", "").lower() if trusted else None


def credentials_of(scope: Mapping[str, Any], headers: Mapping[str, str], proxies: Proxies) -> Credentials:
    """Credentials of a request: a token counts before a certificate.

    HTTP Basic takes the two parts of a token as user and password, or the whole token as the password.
    """
    shown = headers.get("authorization")
    if shown is not None:
        token = _token(shown)
        return Credentials(token=token, malformed=token is None)
    source = (scope.get("client") or ("", 0))[0]
    return Credentials(fingerprint=scope.get(CERTIFICATE) or proxies.fingerprint(headers, source))


def _token(shown: str) -> Token | None:
    scheme, _, value = shown.partition(" ")
    if len(shown) > _LONGEST:
        return None
    if scheme.lower() in ("bearer", "token"):
        return parse_token(value.strip(), PREFIX)
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return parse_token(password, PREFIX) or parse_token(f"{PREFIX}.{user}.{password}", PREFIX)
