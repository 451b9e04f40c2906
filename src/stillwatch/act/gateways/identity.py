"""Who asks, out of headers that a gateway passes on or sets."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from stillwatch.act.gateways.decision_words import PREFIX
from stillwatch.errors import InvalidInput

__all__ = ["ACCOUNT_HEADER", "Identity", "account_of_key"]

ACCOUNT_HEADER: Final = f"{PREFIX}account"
_CREDENTIALS: Final = frozenset({"authorization", "x-api-key", "api-key"})
_SCHEMES: Final = frozenset({"", "bearer", "basic"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Which header names what; None for what the gateway does not tell.

    A gateway passes its client's headers on, and a client writes what it likes into them. Name only headers that the
    gateway sets itself on every call, or the credential: nobody can show another's key.

    account         A header that the gateway sets, or ``authorization`` or ``x-api-key``: then the account is the
                    SHA-256 of the key, as LiteLLM logs it, and the key goes no further.
    client_address  Address of the client as the gateway sees it. X-Forwarded-For is for whoever has a gateway that
                    rewrites it; the address nearest to us that is not internal counts.
    """

    account: str = ACCOUNT_HEADER
    organisation: str | None = None
    end_user: str | None = None
    session: str | None = None
    client_address: str | None = None
    client_asn: str | None = None
    client_country: str | None = None
    tls_fingerprint: str | None = None
    user_agent: str | None = "user-agent"
    request_id: str | None = "x-request-id"

    def __post_init__(self) -> None:
        """Refuse what is no header name."""
        for one in fields(self):
            name = getattr(self, one.name)
            if name is not None and not (name.isascii() and name.replace("-", "a").replace("_", "a").isalnum()):
                message = f"{one.name} must name a header, got {name!r}"
                raise InvalidInput(message)

    def columns(self, headers: Mapping[str, str]) -> dict[str, object]:
        """Fields of a request by header; names in lower case.

        >>> Identity(account="authorization").columns({"authorization": "Bearer sk-1"})["account_id"][:8]
        '0f2c10bf'
        """
        names = {
            "organisation_id": self.organisation,
            "end_user_id": self.end_user,
            "session_id": self.session,
            "client_address": self.client_address,
            "client_asn": self.client_asn,
            "client_country": self.client_country,
            "tls_fingerprint": self.tls_fingerprint,
            "user_agent": self.user_agent,
            "request_id": self.request_id,
        }
        told: dict[str, object] = {field: headers.get(name.lower()) for field, name in names.items() if name}
        shown = headers.get(self.account.lower())
        is_key = self.account.lower() in _CREDENTIALS
        return told | {"account_id": account_of_key(shown) if is_key and shown else shown}


def account_of_key(shown: str) -> str:
    """Account of a credential as a header shows it, with or without its scheme; empty for an empty one.

    A digest is hashed like any other text: who knows the digest of another's key has not got the key.

    >>> account_of_key("Bearer sk-1") == account_of_key("sk-1")
    True
    """
    _, _, key = shown.strip().rpartition(" ")
    if key.lower() in _SCHEMES:
        return ""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
