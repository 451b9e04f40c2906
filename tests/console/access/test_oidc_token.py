"""ID tokens: those that say all they must, and every other one."""

import base64
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from tests.console.access.identity_provider import (
    CLIENT,
    EC,
    ED,
    ISSUER,
    NOW,
    OTHER_RSA,
    RSA,
    IdentityProvider,
    encoded,
)
from tests.console.access.login_room import ADA, Room

from stillwatch.console.access.oidc_failed import Why

NOW_S = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")], ids=lambda one: str(one)[:8]
)
def test_other_algorithms(key: Any, algorithm: str) -> None:
    """All signatures of the list are read, the new and the old name of Ed25519 alike."""
    assert Room(IdentityProvider({"k1": RSA, "k2": key}, ("k2", algorithm))).came_back() == ADA


def test_one_key_needs_no_id() -> None:
    """A token without a key id is of the only key that fits; with two of them it is not clear, and refused."""
    there = IdentityProvider({"k1": EC, "k2": RSA}, (None, "ES256"))
    assert Room(there).came_back() == ADA
    there.keys = {"k1": RSA, "k2": OTHER_RSA}
    there.signs_by = (None, "RS256")
    Room(there).refused(Why.DISTRUSTED, "no single key")


WRONG_CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "nonce": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "list of nonces": ({"nonce": ["a"]}, "nonce"),
    "audience": ({"aud": "another"}, "aud"),
    "no audience": ({"aud": None}, "aud"),
    "other audiences": ({"aud": ["a", "b"]}, "aud"),
    "audience of numbers": ({"aud": [CLIENT, 1]}, "aud"),
    "many audiences, no party": ({"aud": [CLIENT, "b"]}, "azp"),
    "another party": ({"azp": "b"}, "azp"),
    "another party of many": ({"aud": [CLIENT, "b"], "azp": "b"}, "azp"),
    "issuer": ({"iss": "https://evil.example"}, "iss"),
    "issuer with a slash": ({"iss": ISSUER + "/"}, "iss"),
    "no issuer": ({"iss": None}, "iss"),
    "expired": ({"exp": NOW_S - 31}, "exp .expired"),
    "no end": ({"exp": None}, "exp"),
    "end in text": ({"exp": "2100"}, "exp"),
    "from the future": ({"iat": NOW_S + 120}, "iat"),
    "from before the attempt": ({"iat": NOW_S - 120}, "iat lies before"),
    "no time": ({"iat": None}, "iat"),
    "not yet": ({"nbf": NOW_S + 3600}, "nbf"),
    "no subject": ({"sub": None}, "sub"),
    "empty subject": ({"sub": ""}, "sub"),
    "long subject": ({"sub": "x" * 256}, "sub"),
    "subject in lines": ({"sub": "a\nb"}, "sub"),
    "subject in numbers": ({"sub": 7}, "sub"),
}


@pytest.mark.parametrize(("claims", "match"), WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_claims_that_do_not_hold(claims: dict[str, Any], match: str) -> None:
    """A token that is signed, and says anything else than it must, lets nobody in."""
    Room(IdentityProvider(claims=claims)).refused(Why.DISTRUSTED, f"its claim {match}")


@pytest.mark.parametrize(
    "claims", [{"exp": NOW_S}, {"iat": NOW_S + 80}, {"aud": [CLIENT]}, {"aud": [CLIENT, "b"], "azp": CLIENT}]
)
def test_claims_that_hold(claims: dict[str, Any]) -> None:
    """Clocks may differ by a minute, and a token may be for others too when it names who asked for it."""
    assert Room(IdentityProvider(claims=claims)).came_back() == ADA


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token that nobody signed."""
    return f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}."


def by_public_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token by HMAC, whose secret is the public key that everybody can read."""
    body = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
    mac = hmac.digest(RSA.as_pem(private=False), body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def by_another_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token by a key of the same name, which another holds."""
    return jwt.encode(header, claims, OTHER_RSA)


def by_a_key_it_brings(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token that brings the key to verify it by."""
    return jwt.encode({**header, "jwk": OTHER_RSA.as_dict(private=False)}, claims, OTHER_RSA)


def changed_after(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token whose claims were changed after it was signed."""
    head, _, signature = jwt.encode(header, claims, RSA).split(".")
    return f"{head}.{encoded({**claims, 'sub': 'root'})}.{signature}"


def twice(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token with its algorithm told twice."""
    _, body, signature = jwt.encode(header, claims, RSA).split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","alg":"RS256","kid":"k1"}').decode().rstrip("=")
    return f"{head}.{body}.{signature}"


def critical(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token that asks for what RFC 7797 allows and RFC 7519 does not."""
    return f"{encoded({**header, 'b64': False, 'crit': ['b64']})}.{encoded(claims)}.AAAA"


FORGERIES: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], str], str]] = {
    "none": (unsigned, "signed by one of"),
    "HS256": (by_public_key, "signed by one of"),
    "another key": (by_another_key, "signature"),
    "its own key": (by_a_key_it_brings, "signature"),
    "changed": (changed_after, "signature"),
    "twice": (twice, "must be JSON objects"),
    "critical": (critical, "nothing critical"),
    "no signature": (lambda header, claims: f"{encoded(header)}.{encoded(claims)}.", "signature"),
    "encrypted": (lambda *_: "a.b.c.d.e", "compact form"),
    "no token": (lambda *_: "<html>", "compact form"),
    "a list": (lambda header, _: f"{encoded([header])}.e30.AAAA", "must be JSON objects"),
    "algorithm in a list": (lambda *_: f"{encoded({'alg': ['RS256']})}.e30.AAAA", "signed by one of"),
    "key id in a number": (lambda *_: f"{encoded({'alg': 'RS256', 'kid': 7})}.e30.AAAA", "key id in text"),
    "deep": (lambda *_: f"{encoded({})[:0]}{'W1tb' * 1000}.e30.AAAA", "must be JSON objects"),
    "long": (lambda *_: "e30." + "A" * 70_000 + ".AAAA", "compact form"),
}


@pytest.mark.parametrize(("forge", "match"), FORGERIES.values(), ids=FORGERIES)
def test_forged_tokens(forge: Callable[[dict[str, Any], dict[str, Any]], str], match: str) -> None:
    """A token that the provider did not sign by one of its keys lets nobody in."""
    Room(IdentityProvider(forge=forge)).refused(Why.DISTRUSTED, match)


def test_an_algorithm_the_provider_does_not_name() -> None:
    """A token may not be signed by what the provider says it does not use."""
    there = IdentityProvider({"k1": EC}, ("k1", "ES256"))
    there.metadata["id_token_signing_alg_values_supported"] = ["RS256"]
    Room(there).refused(Why.DISTRUSTED, "signed by one of RS256$")
