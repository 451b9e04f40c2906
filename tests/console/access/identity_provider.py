"""An identity provider in this process, honest unless a test changes what it says."""

import base64
import hashlib
import json
import secrets
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

ISSUER = "https://id.example/tenant"
CLIENT = "console"
SECRET = "s3cret/with+signs:and%"  # noqa: S105
BACK = "https://watch.example/login/back"
NAME = "lovelace"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
RSA = RSAKey.generate_key(2048)
OTHER_RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")

Answer = Callable[[httpx.Request], httpx.Response]


def encoded(value: object) -> str:
    """Base64url of JSON."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """What is left when None means that a name is missing."""
    return {name: value for name, value in values.items() if value is not None}


@dataclass
class IdentityProvider:
    """One provider; every public field may be changed by a test, None in a mapping leaves a name out.

    keys        Private keys by id, published in this order.
    signs_by    Id of the key and algorithm for ID tokens.
    secret      What the client must show; None for a public client.
    metadata    Changes of the metadata.
    claims      Changes of the ID token's claims.
    header      Changes of its header.
    more        What the userinfo endpoint tells.
    token       Changes of the token endpoint's answer.
    forge       Makes the ID token from header and claims instead.
    answers     Other answers by path.
    asked       Paths in the order they were asked for.
    """

    keys: dict[str, Key] = field(default_factory=lambda: {"k1": RSA})
    signs_by: tuple[str | None, str] = ("k1", "RS256")
    secret: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    forge: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    now: datetime = NOW
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def transport(self) -> httpx.MockTransport:
        """Way to this provider."""
        return httpx.MockTransport(self._answer)

    def visited(self, url: str) -> dict[str, str]:
        """A person goes to the URL and agrees; the query of the answer."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/authorize"
        asked = {name: value for name, (value,) in parse_qs(parts.query, strict_parsing=True).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(24)
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/tenant")
        self.asked.append(path)
        self.requests.append(request)
        if path in self.answers:
            return self.answers[path](request)
        pages: dict[str, Answer] = {
            "/.well-known/openid-configuration": lambda _: as_sent(200, self._told()),
            "/keys": lambda _: as_sent(200, self._published()),
            "/token": self._exchanged,
            "/userinfo": self._userinfo,
        }
        return pages[path](request)

    def _told(self) -> dict[str, Any]:
        return without_none(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
                "userinfo_endpoint": f"{ISSUER}/userinfo",
                "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA", "Ed25519", "HS256"],
                "authorization_response_iss_parameter_supported": True,
                "code_challenge_methods_supported": ["plain", "S256"],
                **self.metadata,
            }
        )

    def _published(self) -> dict[str, Any]:
        return {"keys": [{**key.as_dict(private=False), "kid": name} for name, key in self.keys.items()]}

    def _exchanged(self, request: httpx.Request) -> httpx.Response:
        form = {name: value for name, (value,) in parse_qs(request.content.decode(), strict_parsing=True).items()}
        if not self._is_client(request.headers.get("authorization", ""), form):
            return as_sent(401, {"error": "invalid_client", "error_description": "nö"})
        asked = self._codes.pop(form["code"], None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_same = asked is not None and (
            asked["code_challenge"] == base64.urlsafe_b64encode(challenge).decode().rstrip("=")
            and asked["redirect_uri"] == form["redirect_uri"]
            and form["grant_type"] == "authorization_code"
        )
        if asked is None or not is_same:
            return as_sent(400, {"error": "invalid_grant", "error_description": f"the code {form['code']}"})
        self.tokens.append(self.id_token(asked["nonce"]))
        told = {
            "access_token": "opaque-of-access",
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.tokens[-1],
        }
        return as_sent(200, without_none({**told, **self.token}))

    def _is_client(self, shown: str, form: dict[str, str]) -> bool:
        if self.secret is None:
            return form.get("client_id") == CLIENT and not shown and "client_secret" not in form
        if "client_secret_post" in self.metadata.get("token_endpoint_auth_methods_supported", ()):
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, self.secret)
        name, _, secret = base64.b64decode(shown.removeprefix("Basic ")).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, self.secret)

    def id_token(self, nonce: str) -> str:
        """ID token for an attempt."""
        now_s = int(self.now.timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": now_s + 300,
            "iat": now_s,
            "nonce": nonce,
            "preferred_username": NAME,
            "email": f"{NAME}@watch.example",
            "email_verified": True,
        }
        claims = without_none({**claims, **self.claims})
        key_id, algorithm = self.signs_by
        header = without_none({"alg": algorithm, "kid": key_id, **self.header})
        if self.forge is not None:
            return self.forge(header, claims)
        key = self.keys[key_id] if key_id else next(iter(self.keys.values()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # the old name EdDSA
            return jwt.encode(header, claims, key, algorithms=[algorithm])

    def _userinfo(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer opaque-of-access"
        return as_sent(200, without_none({"sub": "248289761001", **self.more}))


def as_sent(status: int, told: object) -> httpx.Response:
    """Answer as a server sends it: its body is a stream, read piece by piece."""
    return streamed(status, json.dumps(told).encode())


def streamed(status: int, body: bytes, **headers: str) -> httpx.Response:
    """Answer of these bytes."""
    return httpx.Response(status, stream=httpx.ByteStream(body), headers=headers)
