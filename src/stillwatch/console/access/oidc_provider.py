"""What an identity provider publishes about itself: addresses, abilities, keys; fetched seldom, never simply believed.

References
----------
OpenID Connect Discovery 1.0 (errata set 2, 2023), 3 and 4; RFC 9207 (2022), 3; RFC 9700 (2025), 2.1.1.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from joserfc.jwk import Key

from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_settings import OidcSettings, address_problem, is_plain_loopback
from stillwatch.console.access.oidc_token import ALGORITHMS, fitting_key
from stillwatch.console.access.oidc_wire import Wire

__all__ = ["AGAIN", "KEPT", "PAUSE", "Metadata", "OidcProvider"]

KEPT: Final = timedelta(hours=1)
"""How long metadata and keys count."""
AGAIN: Final = timedelta(minutes=1)
"""At most so often are keys fetched because one is unknown: whoever causes such tokens causes no traffic."""
PAUSE: Final = timedelta(seconds=10)
"""After a failure nobody asks: a provider that is down holds up one thread, not all of them."""
_PATIENCE_S: Final = 5.0
_WITH_SECRET: Final = ("client_secret_basic", "client_secret_post")

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The provider's own description, as far as a login needs it.

    userinfo_endpoint   Where more claims are; None when nowhere.
    algorithms          Those of ours that it signs ID tokens by, at least one.
    client_auth         How this client is to show who it is: client_secret_basic, client_secret_post or none.
    tells_issuer        Whether every answer by way of the browser names the issuer.
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    algorithms: frozenset[str]
    client_auth: str
    tells_issuer: bool


@dataclass(frozen=True, slots=True)
class _Kept(Generic[_Value]):
    value: _Value
    at: datetime

    def is_fresh(self, now: datetime, lasts: timedelta = KEPT) -> bool:
        return timedelta(0) <= now - self.at < lasts


class OidcProvider:
    """One provider, for all threads of a process.

    wire        The way there; None for one over the network.
    """

    def __init__(self, settings: OidcSettings, wire: Wire | None = None) -> None:
        self.wire: Final = wire or Wire()
        self._settings: Final = settings
        self._lock: Final = threading.Lock()
        self._failure: _Kept[LoginFailed] | None = None
        self._metadata: _Kept[Metadata] | None = None
        self._keys: _Kept[Sequence[Mapping[str, Any]]] | None = None
        self._tried_at: datetime | None = None

    def metadata(self, now: datetime) -> Metadata:
        """What the provider says of itself, an hour old at most.

        now         Aware.
        Raises      LoginFailed: unavailable when it does not answer, misconfigured when it is another issuer or cannot
                    do what is needed, distrusted when what it sends is no metadata.
        """
        kept = self._metadata
        if kept is not None and kept.is_fresh(now):
            return kept.value
        with self._asking(now):
            kept = self._metadata
            if kept is None or not kept.is_fresh(now):
                address = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
                kept = _Kept(_metadata(self.wire.get(address), self._settings), now)
                self._metadata = kept
        return kept.value

    def key(self, algorithm: str, key_id: str | None, now: datetime) -> Key:
        """Key that verifies what the provider signed; keys are fetched again when the id is unknown.

        algorithm   One of `ALGORITHMS`.
        now         Aware.
        Raises      LoginFailed: distrusted when no key fits, or more than one; as `metadata` when keys cannot be had.
        """
        kept = self._keys
        if kept is None or not kept.is_fresh(now):
            kept = self._fetched(kept, now)
        found = fitting_key(kept.value, algorithm, key_id)
        if found is None and self._may_ask_again(now):
            found = fitting_key(self._fetched(kept, now).value, algorithm, key_id)
        if found is None:
            message = f"the identity provider publishes no single key for this ID token ({algorithm})"
            raise LoginFailed(Why.DISTRUSTED, message)
        return found

    def _may_ask_again(self, now: datetime) -> bool:
        return self._tried_at is None or not timedelta(0) <= now - self._tried_at < AGAIN

    def _fetched(
        self, known: _Kept[Sequence[Mapping[str, Any]]] | None, now: datetime
    ) -> _Kept[Sequence[Mapping[str, Any]]]:
        """Keys that are newer than the known ones: another thread may have got them meanwhile."""
        address = self.metadata(now).jwks_uri
        with self._asking(now):
            kept = self._keys
            if kept is None or kept is known:
                self._tried_at = now
                kept = _Kept(_keys(self.wire.get(address)), now)
                self._keys = kept
        return kept

    @contextmanager
    def _asking(self, now: datetime) -> Iterator[None]:
        """One thread asks, and the others wait a little; nobody asks right after a failure."""
        if not self._lock.acquire(timeout=_PATIENCE_S):
            message = "the identity provider takes its time to answer"
            raise LoginFailed(Why.UNAVAILABLE, message)
        try:
            failure = self._failure
            if failure is not None and failure.is_fresh(now, PAUSE):
                message = f"{failure.value} (it is not asked again for {PAUSE.total_seconds():.0f} s)"
                raise LoginFailed(failure.value.why, message, failure.value.retry_after_s)
            try:
                yield
            except LoginFailed as failed:
                self._failure = _Kept(LoginFailed(failed.why, str(failed), failed.retry_after_s), now)
                raise
        finally:
            self._lock.release()


def _keys(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    keys = told.get("keys")
    if not isinstance(keys, list):
        message = "the identity provider's key set must hold a list of keys"
        raise LoginFailed(Why.DISTRUSTED, message)
    return tuple(key for key in keys if isinstance(key, dict))


def _metadata(told: Mapping[str, Any], settings: OidcSettings) -> Metadata:
    if told.get("issuer") != settings.issuer:
        message = f"the issuer must be {settings.issuer} to the letter, and the provider there calls itself otherwise"
        raise LoginFailed(Why.MISCONFIGURED, message)
    algorithms = _texts(told, "id_token_signing_alg_values_supported", tuple(ALGORITHMS)) & set(ALGORITHMS)
    if not algorithms:
        message = f"the identity provider must sign ID tokens by one of {', '.join(ALGORITHMS)}"
        raise LoginFailed(Why.MISCONFIGURED, message)
    if "S256" not in _texts(told, "code_challenge_methods_supported", ("S256",)):
        message = "the identity provider must support PKCE by S256"
        raise LoginFailed(Why.MISCONFIGURED, message)
    return Metadata(
        _address(told, "authorization_endpoint", settings),
        _address(told, "token_endpoint", settings),
        _address(told, "jwks_uri", settings),
        _address(told, "userinfo_endpoint", settings) if "userinfo_endpoint" in told else None,
        frozenset(algorithms),
        _client_auth(told, settings),
        told.get("authorization_response_iss_parameter_supported") is True,
    )


def _client_auth(told: Mapping[str, Any], settings: OidcSettings) -> str:
    if settings.client_secret_file is None:
        return "none"
    known = _texts(told, "token_endpoint_auth_methods_supported", ("client_secret_basic",))
    for method in _WITH_SECRET:
        if method in known:
            return method
    message = f"the identity provider must take a secret by one of {', '.join(_WITH_SECRET)}"
    raise LoginFailed(Why.MISCONFIGURED, message)


def _texts(told: Mapping[str, Any], name: str, otherwise: Sequence[str]) -> set[str]:
    values = told.get(name, otherwise)
    return {value for value in values if isinstance(value, str)} if isinstance(values, list | tuple) else set()


def _address(told: Mapping[str, Any], name: str, settings: OidcSettings) -> str:
    """An address of the metadata; without TLS only where the issuer is on this machine itself."""
    url = told.get(name)
    problem = address_problem(name, url) if isinstance(url, str) else f"{name} must be a URL"
    if problem is None and is_plain_loopback(str(url)) and not is_plain_loopback(settings.issuer):
        problem = f"{name} must be an https URL"
    if problem is not None:
        message = f"the identity provider's {problem}"
        raise LoginFailed(Why.DISTRUSTED, message)
    return str(url)
