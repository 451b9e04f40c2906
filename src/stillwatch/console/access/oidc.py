"""Login through an identity provider: a person goes there with an attempt, and comes back as somebody.

The authorization code flow with PKCE, state and nonce. Nothing but the ID token, or what the provider tells about the
very subject of it, says who somebody is.

References
----------
OpenID Connect Core 1.0 (errata set 2, 2023), 3.1, 5.3 and 5.4; RFC 6749 (2012), 4.1; RFC 7636 (2015), PKCE; RFC 9207
(2022), the issuer in the answer; RFC 9700 (2025), 2.1 and 4.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self

from authlib.oauth2.client import OAuth2Client

from stillwatch.console.access.oidc_exchange import Tokens, exchanged
from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_provider import Metadata, OidcProvider
from stillwatch.console.access.oidc_settings import OidcSettings, address_problem
from stillwatch.console.access.oidc_token import LEEWAY_S, Expected, claims_of, same

__all__ = ["LASTS", "Attempt", "Identity", "OidcLogin"]

LASTS: Final = timedelta(minutes=10)
"""How long a person may take at the provider."""
_MOST_CODE: Final = 4096
_MOST_NAME: Final = 200
_EMAIL: Final = frozenset({"email", "email_verified"})
_ERROR: Final = re.compile(r"[a-z_]{1,64}", re.ASCII)
_SAID_NO: Final = frozenset(
    {"access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required"}
)
_BUSY: Final = frozenset({"temporarily_unavailable", "server_error"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that was begun. It is for one browser and one answer.

    url             Where to send the browser; empty for an attempt that was read back.
    issuer          Whom the person was sent to.
    state           Comes back with the answer.
    nonce           Comes back inside the ID token.
    code_verifier   Proves to the provider that whoever brings the code began the login.
    begun_at        Aware; ten minutes later it is over.
    """

    url: str = field(repr=False)
    issuer: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    begun_at: datetime

    def written(self) -> str:
        """All but the URL as JSON, to be kept where the browser cannot read it."""
        return json.dumps({**asdict(self), "url": "", "begun_at": self.begun_at.isoformat()})

    @classmethod
    def read(cls, text: str) -> Self:
        """Attempt that `written` wrote."""
        told = json.loads(text)
        return cls(**{**told, "begun_at": datetime.fromisoformat(told["begun_at"])})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider.

    subject     With the issuer, who it is, for good. Nothing else may be compared to find an account.
    name        What the person is called there now; whoever may change it there can take another's.
    email       Only one that the provider says it verified; None otherwise.
    groups      Values of the claim with groups, in its order.
    """

    issuer: str
    subject: str
    name: str
    email: str | None
    groups: tuple[str, ...]


class OidcLogin:
    """Logins through one provider, for all threads of a process.

    Keep an attempt on the server under something that a cookie of this browser holds (SameSite=Lax: the answer is a
    navigation from elsewhere), and take it out before `finish`: an attempt that stays can be answered twice.

    provider    None for one over the network.
    """

    def __init__(self, settings: OidcSettings, provider: OidcProvider | None = None) -> None:
        self._settings: Final = settings
        self._provider: Final = provider or OidcProvider(settings)

    def begin(self, redirect_uri: str, now: datetime) -> Attempt:
        """Begin a login.

        redirect_uri    Where the provider sends the browser back to: as registered there, from the settings and never
                        from a request's Host; https, or http on this machine.
        now             Aware.
        Raises          LoginFailed: unavailable, misconfigured or distrusted, as `OidcProvider.metadata`.
        """
        problem = address_problem("redirect_uri", redirect_uri)
        if problem is not None:
            raise LoginFailed(Why.MISCONFIGURED, problem)
        endpoint = self._provider.metadata(now).authorization_endpoint
        state, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        client = OAuth2Client(
            None,
            self._settings.client_id,
            scope=list(self._settings.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        url, _ = client.create_authorization_url(endpoint, state=state, code_verifier=verifier, nonce=nonce)
        return Attempt(str(url), self._settings.issuer, state, nonce, verifier, now)

    def finish(self, attempt: Attempt, params: Mapping[str, str], redirect_uri: str, now: datetime) -> Identity:
        """Who came back.

        attempt         Taken out of where it was kept for this browser.
        params          Of the answer's query.
        redirect_uri    As for `begin`.
        now             Aware.
        Raises          LoginFailed, for whatever does not hold.
        """
        if not -timedelta(seconds=LEEWAY_S) <= now - attempt.begun_at <= LASTS:
            message = f"the login took longer than {LASTS.total_seconds() / 60:.0f} minutes"
            raise LoginFailed(Why.EXPIRED, message)
        metadata = self._provider.metadata(now)
        _check_sender(attempt, params, metadata, self._settings)
        tokens = exchanged(
            self._settings, self._provider.wire, metadata, _code(params), (attempt.code_verifier, redirect_uri)
        )
        expected = Expected(
            self._settings.issuer, self._settings.client_id, attempt.nonce, metadata.algorithms, attempt.begun_at
        )
        claims = claims_of(tokens.id_token, expected, partial(self._provider.key, now=now), now)
        return self._identity(self._whole(claims, tokens, metadata), claims["sub"])

    def _whole(self, claims: dict[str, Any], tokens: Tokens, metadata: Metadata) -> dict[str, Any]:
        """Claims with those that the provider keeps for its userinfo endpoint, asked only when one is missing."""
        wanted = (self._settings.name_claim, self._settings.roles_claim)
        is_whole = all(name is None or _claim(claims, name) is not None for name in wanted)
        if is_whole or metadata.userinfo_endpoint is None or tokens.access_token is None:
            return claims
        headers = {"Authorization": f"Bearer {tokens.access_token}"}
        more = self._provider.wire.get(metadata.userinfo_endpoint, headers)
        if not isinstance(more.get("sub"), str) or not same(more["sub"], claims["sub"]):
            message = "the identity provider's userinfo must be of the subject of the ID token"
            raise LoginFailed(Why.DISTRUSTED, message)
        if claims.keys() & _EMAIL:  # an address is as good as the one who says it was verified
            more = {name: value for name, value in more.items() if name not in _EMAIL}
        return {**more, **claims}

    def _identity(self, claims: Mapping[str, Any], subject: str) -> Identity:
        name = _claim(claims, self._settings.name_claim)
        name = name.strip() if isinstance(name, str) else ""
        if not name or not name.isprintable() or len(name) > _MOST_NAME:
            message = (
                f"the claim {self._settings.name_claim} must be printable text, {_MOST_NAME} characters at most, and is"
                f" {'missing' if _claim(claims, self._settings.name_claim) is None else 'not'}"
            )
            raise LoginFailed(Why.UNNAMED, message)
        email = claims.get("email")
        is_verified = claims.get("email_verified") is True and isinstance(email, str) and email.isprintable()
        return Identity(self._settings.issuer, subject, name, email if is_verified else None, self._groups(claims))

    def _groups(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        name = self._settings.roles_claim
        told = None if name is None else _claim(claims, name)
        groups = [told] if isinstance(told, str) else [] if told is None else told
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            message = f"the claim {name} must be a list of texts"
            raise LoginFailed(Why.MISCONFIGURED, message)
        return tuple(groups)


def _check_sender(attempt: Attempt, params: Mapping[str, str], metadata: Metadata, settings: OidcSettings) -> None:
    """The answer is to this attempt, and of the provider it was for; only then is looked at what it says."""
    if not same(params.get("state", ""), attempt.state) or not attempt.state:
        message = "the answer's state must be that of the attempt"
        raise LoginFailed(Why.MISMATCHED, message)
    told = params.get("iss")
    is_missing = told is None and metadata.tells_issuer
    if attempt.issuer != settings.issuer or is_missing or (told is not None and told != settings.issuer):
        message = f"the answer must come from {settings.issuer}, {'it does not say' if is_missing else 'it does not'}"
        raise LoginFailed(Why.MISMATCHED, message)
    error = params.get("error")
    if error is not None:
        why = Why.DENIED if error in _SAID_NO else Why.UNAVAILABLE if error in _BUSY else Why.MISCONFIGURED
        message = f"the identity provider answers {error if _ERROR.fullmatch(error) else 'an error of its own'}"
        raise LoginFailed(why, message)


def _code(params: Mapping[str, str]) -> str:
    code = params.get("code", "")
    if not code or len(code) > _MOST_CODE:
        message = f"the answer must hold a code of {_MOST_CODE} characters at most"
        raise LoginFailed(Why.DISTRUSTED, message)
    return code


def _claim(claims: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON
    """A claim by its name, or by its way through others: names may hold dots themselves."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
