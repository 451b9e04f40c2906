"""What an identity provider publishes: fetched seldom, bounded, and held against what the settings say."""

import base64
import gzip
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from tests.console.access.identity_provider import (
    CLIENT,
    ISSUER,
    NOW,
    OTHER_RSA,
    RSA,
    IdentityProvider,
    as_sent,
    streamed,
)

from stillwatch.console.access import oidc_provider, oidc_wire
from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_provider import AGAIN, KEPT, PAUSE, OidcProvider
from stillwatch.console.access.oidc_settings import OidcSettings
from stillwatch.console.access.oidc_wire import MOST_BYTES, Wire

SETTINGS = OidcSettings(ISSUER, CLIENT)
WELL_KNOWN = "/.well-known/openid-configuration"
A_SECOND = timedelta(seconds=1)
SHORT = {"kty": "RSA", "kid": "k1", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xff" * 128).decode().rstrip("=")}
"""A key of 1,024 bits; nobody knows its factors."""


PACKED = gzip.compress(json.dumps(IdentityProvider()._told()).encode())
"""Good metadata, packed although nobody asked for it."""


def known(there: IdentityProvider, settings: OidcSettings = SETTINGS) -> OidcProvider:
    """The provider as the console knows it."""
    return OidcProvider(settings, Wire(there.transport))


def refused(there: IdentityProvider, why: Why, match: str, settings: OidcSettings = SETTINGS) -> None:
    """Expect that the metadata are not taken."""
    with pytest.raises(LoginFailed, match=match) as caught:
        known(there, settings).metadata(NOW)
    assert caught.value.why is why


def unreachable(request: httpx.Request) -> httpx.Response:
    """Nobody is there."""
    message = "nobody there"
    raise httpx.ConnectError(message, request=request)


def test_metadata_are_kept_for_an_hour() -> None:
    """Within an hour nothing is fetched twice, and after it everything is."""
    there = IdentityProvider()
    provider = known(there)
    for after in (timedelta(0), KEPT - A_SECOND):
        provider.metadata(NOW + after)
        provider.key("RS256", "k1", NOW + after)
    assert there.asked == [WELL_KNOWN, "/keys"]
    provider.key("RS256", "k1", NOW + KEPT)
    assert there.asked == [WELL_KNOWN, "/keys"] * 2


def test_a_clock_that_went_back() -> None:
    """What was fetched in the future is fetched again: it could stay for good."""
    there = IdentityProvider()
    provider = known(there)
    provider.metadata(NOW)
    provider.metadata(NOW - A_SECOND)
    assert there.asked == [WELL_KNOWN] * 2


def test_new_keys_are_found() -> None:
    """A key id that is unknown has the keys fetched again, once a minute at most."""
    there = IdentityProvider()
    provider = known(there)
    provider.key("RS256", "k1", NOW)
    there.keys = {"k2": OTHER_RSA}
    with pytest.raises(LoginFailed, match="no single key"):
        provider.key("RS256", "k2", NOW + AGAIN - A_SECOND)
    assert there.asked.count("/keys") == 1
    assert provider.key("RS256", "k2", NOW + AGAIN).thumbprint() == OTHER_RSA.thumbprint()
    assert there.asked.count("/keys") == 2


def test_unknown_keys_cause_no_traffic() -> None:
    """However many tokens name keys that are not there, the provider is asked once a minute."""
    there = IdentityProvider()
    provider = known(there)
    for n in range(120):
        with pytest.raises(LoginFailed):
            provider.key("RS256", f"no-{n}", NOW + n * A_SECOND)
    assert there.asked.count("/keys") == 2


def test_a_provider_that_is_down() -> None:
    """Nobody gets in, the next ones are told so without asking, and once it is back all is well."""
    there = IdentityProvider(answers={WELL_KNOWN: unreachable})
    provider = known(there)
    with pytest.raises(LoginFailed, match=r"id\.example.* does not answer: ConnectError$") as caught:
        provider.metadata(NOW)
    assert caught.value.why is Why.UNAVAILABLE
    with pytest.raises(LoginFailed, match="not asked again for 10 s") as caught:
        provider.metadata(NOW + PAUSE - A_SECOND)
    assert caught.value.why is Why.UNAVAILABLE
    assert there.asked == [WELL_KNOWN]
    there.answers.clear()
    assert provider.metadata(NOW + PAUSE).tells_issuer


def test_one_thread_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one thread waits for the provider another is told to come back, and those with fresh metadata go on."""
    monkeypatch.setattr(oidc_provider, "_PATIENCE_S", 0.01)
    there, entered, go = IdentityProvider(), threading.Event(), threading.Event()
    provider = known(there)
    provider.metadata(NOW)
    keys = as_sent(200, there._published())

    def slow(_request: httpx.Request) -> httpx.Response:
        entered.set()
        assert go.wait(30)
        return keys

    there.answers["/keys"] = slow
    thread = threading.Thread(target=lambda: provider.key("RS256", "k1", NOW))
    thread.start()
    assert entered.wait(30)
    with pytest.raises(LoginFailed, match="takes its time") as caught:
        provider.key("RS256", "k1", NOW)
    assert caught.value.why is Why.UNAVAILABLE
    assert provider.metadata(NOW).tells_issuer
    go.set()
    thread.join(30)
    assert provider.key("RS256", "k1", NOW)
    assert there.asked.count("/keys") == 1


class Watched:
    """A lock that tells when somebody comes to it."""

    def __init__(self) -> None:
        self.lock, self.comers = threading.Lock(), threading.Semaphore(0)

    def acquire(self, timeout: float) -> bool:
        self.comers.release()
        return self.lock.acquire(timeout=timeout)

    def release(self) -> None:
        self.lock.release()


def test_those_who_waited_do_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that waited while another fetched the keys takes those, and asks for none itself."""
    monkeypatch.setattr(oidc_provider, "_PATIENCE_S", 30.0)
    there, lock = IdentityProvider(), Watched()
    provider = known(there)
    provider.metadata(NOW)
    monkeypatch.setattr(provider, "_lock", lock)
    keys = as_sent(200, there._published())

    def slow(_request: httpx.Request) -> httpx.Response:
        assert all(lock.comers.acquire(timeout=30) for _ in range(4))
        return keys

    there.answers["/keys"] = slow
    threads = [threading.Thread(target=lambda: provider.key("RS256", "k1", NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert there.asked.count("/keys") == 1


@pytest.mark.parametrize(
    ("answer", "why", "match"),
    [
        (lambda _: streamed(200, b" " * (MOST_BYTES + 1)), Why.DISTRUSTED, f"{MOST_BYTES} bytes at most"),
        (lambda _: streamed(200, PACKED, **{"content-encoding": "gzip"}), Why.DISTRUSTED, "JSON object"),
        (lambda _: streamed(200, b"[" * 5000), Why.DISTRUSTED, "too-deep"),
        (lambda _: streamed(404, b"{}"), Why.MISCONFIGURED, "answers 404"),
        (lambda _: streamed(403, b"{}"), Why.MISCONFIGURED, "answers 403"),
        (lambda _: streamed(302, b"", location="https://evil.example"), Why.MISCONFIGURED, "answers 302"),
        (lambda _: streamed(500, b""), Why.UNAVAILABLE, "answers 500"),
    ],
)
def test_answers_that_are_no_metadata(answer: Callable[[httpx.Request], httpx.Response], why: Why, match: str) -> None:
    """What comes is bounded, never unpacked and never followed."""
    there = IdentityProvider(answers={WELL_KNOWN: answer})
    refused(there, why, match)
    assert there.asked == [WELL_KNOWN]


def test_a_provider_says_when() -> None:
    """How long to wait is told on."""
    busy = IdentityProvider(answers={WELL_KNOWN: lambda _: streamed(503, b"", **{"retry-after": "30"})})
    with pytest.raises(LoginFailed) as caught:
        known(busy).metadata(NOW)
    assert caught.value.retry_after_s == 30


def test_an_answer_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that never ends is left, however often a byte comes."""
    monkeypatch.setattr(oidc_wire, "MOST_S", 0.0)
    refused(IdentityProvider(), Why.UNAVAILABLE, "must answer within")


@pytest.mark.parametrize(
    ("told", "why", "match"),
    [
        ({"issuer": ISSUER + "/"}, Why.MISCONFIGURED, "to the letter"),
        ({"issuer": "https://evil.example"}, Why.MISCONFIGURED, "to the letter"),
        ({"issuer": None}, Why.MISCONFIGURED, "to the letter"),
        ({"token_endpoint": None}, Why.DISTRUSTED, "token_endpoint must be a URL"),
        ({"token_endpoint": "http://id.example/token"}, Why.DISTRUSTED, "token_endpoint must be an https"),
        ({"token_endpoint": "http://127.0.0.1/token"}, Why.DISTRUSTED, "token_endpoint must be an https"),
        ({"jwks_uri": "file:///etc/passwd"}, Why.DISTRUSTED, "jwks_uri must be an https"),
        ({"userinfo_endpoint": 7}, Why.DISTRUSTED, "userinfo_endpoint must be a URL"),
        ({"authorization_endpoint": "javascript:alert(1)"}, Why.DISTRUSTED, "authorization_endpoint must be"),
        ({"authorization_endpoint": "https://id.example/\n"}, Why.DISTRUSTED, "authorization_endpoint must be"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, Why.MISCONFIGURED, "must sign ID tokens"),
        ({"id_token_signing_alg_values_supported": "RS256"}, Why.MISCONFIGURED, "must sign ID tokens"),
        ({"code_challenge_methods_supported": ["plain"]}, Why.MISCONFIGURED, "PKCE by S256"),
    ],
)
def test_metadata_that_do_not_fit(told: dict[str, Any], why: Why, match: str) -> None:
    """Another issuer, an address in clear, or no way to do it safely, is not taken."""
    refused(IdentityProvider(metadata=told), why, match)


def test_a_provider_on_this_machine() -> None:
    """A provider on this machine needs no TLS, and only then may its addresses do without."""
    issuer = "http://127.0.0.1:8080/tenant"
    told = {
        name: f"{issuer}/{name}"
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    }
    there = IdentityProvider(metadata={"issuer": issuer, **told})
    assert known(there, OidcSettings(issuer, CLIENT)).metadata(NOW).jwks_uri == f"{issuer}/jwks_uri"


def test_no_way_to_show_a_secret(tmp_path: Path) -> None:
    """A client with a secret needs a provider that takes one."""
    there = IdentityProvider(metadata={"token_endpoint_auth_methods_supported": ["private_key_jwt"]})
    refused(there, Why.MISCONFIGURED, "client_secret_basic", OidcSettings(ISSUER, CLIENT, tmp_path / "secret"))


def published(**changes: object) -> dict[str, object]:
    """A public key with changes."""
    return {**RSA.as_dict(private=False), "kid": "k1", **changes}


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [published(kid="k2")],
        [published(use="enc")],
        [published(alg="PS256")],
        [published(key_ops=["encrypt"])],
        [published(key_ops=7)],
        [published(kty="oct", k="AAAA")],
        [published(), published()],
        ["k1", None],
        [ECKey.generate_key("P-384").as_dict(private=False, kid="k1")],
    ],
    ids=["none", "id", "use", "alg", "ops", "odd ops", "oct", "two", "no keys", "curve"],
)
def test_keys_that_do_not_fit(keys: list[object]) -> None:
    """A key for another use, another algorithm or another id verifies nothing."""
    provider = known(IdentityProvider(answers={"/keys": lambda _: as_sent(200, {"keys": keys})}))
    with pytest.raises(LoginFailed, match="no single key") as caught:
        provider.key("RS256", "k1", NOW)
    assert caught.value.why is Why.DISTRUSTED


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"keys": [published(n="AA")]}, "key"),
        ({"keys": [published(n=7)]}, "key"),
        ({"keys": [{"kty": "RSA", "kid": "k1"}]}, "key"),
        ({"keys": [SHORT]}, "must have 2048 bits, it has 1024"),
        ({"keys": {}}, "list of keys"),
        ({}, "list of keys"),
    ],
    ids=["short", "number", "empty", "1024", "mapping", "nothing"],
)
def test_keys_that_are_none(told: dict[str, Any], match: str) -> None:
    """A key that cannot be read, or is too short, is an error of the provider and no way in."""
    provider = known(IdentityProvider(answers={"/keys": lambda _: as_sent(200, told)}))
    with pytest.raises(LoginFailed, match=match) as caught:
        provider.key("RS256", "k1", NOW)
    assert caught.value.why is Why.DISTRUSTED


def test_bad_keys_beside_good_ones() -> None:
    """A key that nobody here understands does not spoil the others."""
    keys = [{"kty": "AKP", "kid": "pq"}, {"kty": "EC", "crv": "P-256", "kid": "bad"}, published()]
    provider = known(IdentityProvider(answers={"/keys": lambda _: as_sent(200, {"keys": keys})}))
    assert provider.key("RS256", "k1", NOW)


def test_no_private_half_is_kept() -> None:
    """A provider that publishes a private key by mistake gives it to nobody through us."""
    keys = {"keys": [RSA.as_dict(private=True, kid="k1")]}
    provider = known(IdentityProvider(answers={"/keys": lambda _: as_sent(200, keys)}))
    assert not provider.key("RS256", "k1", NOW).is_private
