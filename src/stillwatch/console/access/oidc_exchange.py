"""A code for tokens, at the provider's token endpoint.

authlib makes the request. Its own httpx client is not used: it reads answers of any length, and wants httpx2.

References
----------
RFC 6749 (2012), 2.3.1, 4.1.3 and 5.2; RFC 6750 (2012), 2.1.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.client import OAuth2Client

from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_provider import Metadata
from stillwatch.console.access.oidc_settings import OidcSettings
from stillwatch.console.access.oidc_wire import Wire

__all__ = ["Tokens", "exchanged"]

_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,65536}=*", re.ASCII)
_ERROR: Final = re.compile(r"[a-z_]{1,64}", re.ASCII)
_OURS: Final = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gives for a code.

    access_token    For the userinfo endpoint alone; None when there is none that can be shown there.
    """

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)


def exchanged(settings: OidcSettings, wire: Wire, metadata: Metadata, code: str, proof: tuple[str, str]) -> Tokens:
    """Exchange a code.

    proof       Code verifier and redirect URI of the attempt.
    Raises      LoginFailed: misconfigured when the provider does not take this client, distrusted when it does not take
                the code or sends no ID token; as `Wire` otherwise.
    """
    verifier, redirect_uri = proof
    client = OAuth2Client(
        _Session(wire), settings.client_id, settings.secret(), token_endpoint_auth_method=metadata.client_auth
    )
    client.register_client_auth_method(("client_secret_basic", _encoded_basic))
    try:
        told: Mapping[str, Any] = client.fetch_token(
            metadata.token_endpoint,
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
        )
    except (ValueError, TypeError, OverflowError) as error:  # authlib reads times of tokens that we do not need
        message = f"the identity provider's tokens cannot be read: {type(error).__name__}"
        raise LoginFailed(Why.DISTRUSTED, message) from None
    id_token, access_token = told.get("id_token"), told.get("access_token")
    if not isinstance(id_token, str):
        message = "the identity provider must send an ID token for a code"
        raise LoginFailed(Why.DISTRUSTED, message)
    can_be_shown = isinstance(access_token, str) and _BEARER.fullmatch(access_token) is not None
    return Tokens(id_token, access_token if can_be_shown else None)


@dataclass(frozen=True, slots=True)
class _Answer:
    """As much of a response as authlib looks at."""

    status_code: int
    told: dict[str, Any] = field(repr=False)

    def json(self) -> dict[str, Any]:
        return self.told


class _Session:
    """What authlib posts through."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Answer:  # noqa: ANN401
        """Post a form; a refusal never reaches authlib, which would repeat what the provider says of it."""
        # A copy: authlib hands out one dictionary for all clients, and writes the secret into it.
        url, own, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        status, told = self._wire.post(url, own, body)
        if status != 200 or "error" in told:
            error = told.get("error")
            name = error if isinstance(error, str) and _ERROR.fullmatch(error) else "no known error"
            is_ours = name in _OURS or status == 401
            message = f"the identity provider gives no token for the code: {status}, {name}"
            raise LoginFailed(Why.MISCONFIGURED if is_ours else Why.DISTRUSTED, message)
        return _Answer(status, told)


def _encoded_basic(
    client: Any,  # noqa: ANN401 - authlib publishes no types
    _method: str,
    url: str,
    headers: dict[str, str],
    body: str,
) -> tuple[str, dict[str, str], str]:
    """HTTP Basic of name and secret in their form-encoded shape, as RFC 6749 wants it and authlib does not do it."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return url, headers, body
