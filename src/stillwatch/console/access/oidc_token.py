"""ID tokens: signed by the provider, for this console, for this attempt, now.

References
----------
OpenID Connect Core 1.0 (errata set 2, 2023), 3.1.3.7; RFC 7515 (2015), signatures; RFC 8725 (2020), their pitfalls;
RFC 9864 (2025), the name Ed25519 for what was EdDSA.
"""

import binascii
import hmac
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn

from joserfc import jws
from joserfc.errors import ClaimError, JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.signing.canonical import parse
from stillwatch.signing.refused import Refused

__all__ = ["ALGORITHMS", "LEEWAY_S", "Expected", "KeyFor", "claims_of", "fitting_key", "same"]

LEEWAY_S: Final = 60
"""By how much the clocks of provider and console may differ."""
ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
"""What may sign, with its type of key and curve: never `none`, and no secret that both sides know."""
_ALIASES: Final = {"EdDSA": {"EdDSA", "Ed25519"}, "Ed25519": {"EdDSA", "Ed25519"}}
_PUBLIC: Final = ("kty", "crv", "x", "y", "n", "e")
_LEAST_RSA_BITS: Final = 2048
_MOST_CHARACTERS: Final = 1 << 16
_MOST_SUBJECT: Final = 255
_COMPACT: Final = re.compile(r"([\w-]{1,4096})\.([\w-]+)\.([\w-]*)", re.ASCII)

KeyFor = Callable[[str, str | None], Key]
"""Key of the provider for an algorithm and the key's id; None for a token that names none."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say.

    algorithms  Those of `ALGORITHMS` that the provider says it signs by.
    begun_at    When the person was sent to the provider: no token for that is older.
    """

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    algorithms: frozenset[str]
    begun_at: datetime


class _Allowed(JWSRegistry):
    """Algorithms of ours, without the warning about the old name EdDSA: providers still write it."""

    max_header_length = 4096

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            message = "not among those allowed"
            raise UnsupportedAlgorithmError(message)
        return self.algorithms[name]


_REGISTRY: Final = _Allowed(strict_check_header=False)
"""Not strict: unknown header parameters are to be ignored (RFC 7515, 4), and critical ones are refused below."""


def claims_of(token: str, expected: Expected, key_for: KeyFor, now: datetime) -> dict[str, Any]:
    """Claims of an ID token, after all that can be checked was.

    now         Aware; what the times of the token are held against.
    Raises      LoginFailed (distrusted) when anything does not hold; whatever `key_for` raises.
    """
    found = _COMPACT.fullmatch(token) if len(token) <= _MOST_CHARACTERS else None
    if found is None:
        _refuse("it must be a signed JWT in its compact form")
    header = _object(found[1])
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in expected.algorithms or algorithm not in ALGORITHMS:
        _refuse(f"it must be signed by one of {', '.join(sorted(expected.algorithms))}")
    if "crit" in header or "b64" in header or not (key_id is None or isinstance(key_id, str)):
        _refuse("its header must hold nothing critical, and a key id in text")
    _check_signature(token, key_for(algorithm, key_id))
    claims = _object(found[2])
    _check_claims(claims, expected, now)
    return claims


def same(a: str, b: str) -> bool:
    """Whether two texts are one, in a time that does not tell where they differ."""
    return hmac.compare_digest(a.encode("utf-8", "backslashreplace"), b.encode("utf-8", "backslashreplace"))


def _refuse(what: str) -> NoReturn:
    """Without the cause, which could repeat what the token holds."""
    message = f"the ID token does not hold: {what}"
    raise LoginFailed(Why.DISTRUSTED, message) from None


def _object(part: str) -> dict[str, Any]:
    try:
        return parse(urlsafe_b64decode(part + "=" * (-len(part) % 4)), _MOST_CHARACTERS)
    except (binascii.Error, Refused):
        _refuse("its parts must be JSON objects")


def _check_signature(token: str, key: Key) -> None:
    try:
        jws.deserialize_compact(token, key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        _refuse(f"its signature ({type(error).__name__})")


def _check_claims(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": expected.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": expected.client_id},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(dict(claims))
    except ClaimError as error:
        _refuse(f"its claim {error.claim} ({error.error})")
    subject, audience = claims["sub"], claims["aud"]
    if not subject.isprintable() or len(subject) > _MOST_SUBJECT:
        _refuse(f"its claim sub must be printable, {_MOST_SUBJECT} characters at most")
    is_for_many = isinstance(audience, list) and set(audience) != {expected.client_id}
    if claims.get("azp", None if is_for_many else expected.client_id) != expected.client_id:
        _refuse("its claim azp must be the client it was made for")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not same(nonce, expected.nonce):
        _refuse("its claim nonce must be that of the attempt")
    if claims["iat"] < expected.begun_at.timestamp() - LEEWAY_S:
        _refuse("its claim iat lies before the attempt")


def fitting_key(keys: Iterable[Mapping[str, Any]], algorithm: str, key_id: str | None) -> Key | None:
    """The one key of a set that may have signed; None when there is none, or it is not clear which.

    Private halves are left out, and so are keys for other uses, other algorithms, and RSA below 2,048 bits.

    Raises      LoginFailed (distrusted) for a key that cannot be read or is too short.
    """
    of_id = [key for key in keys if key_id is None or key.get("kid") == key_id]
    fitting = [key for key in of_id if _fits(key, algorithm)]
    if len(fitting) != 1:
        return None
    told = {name: fitting[0][name] for name in _PUBLIC if name in fitting[0]}
    try:
        bits = _rsa_bits(told["n"]) if told["kty"] == "RSA" else _LEAST_RSA_BITS
        if bits < _LEAST_RSA_BITS:
            message = f"the provider's RSA key must have {_LEAST_RSA_BITS} bits, it has {bits}"
            raise LoginFailed(Why.DISTRUSTED, message)
        key = JWKRegistry.import_key(told)
        key.get_op_key("verify")  # the numbers are looked at here, not at first use
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"the provider's key cannot be used: {type(error).__name__}"
        raise LoginFailed(Why.DISTRUSTED, message) from error
    return key


def _rsa_bits(modulus: str) -> int:
    return int.from_bytes(urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))).bit_length()


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    kind, curve = ALGORITHMS[algorithm]
    uses = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) in _ALIASES.get(algorithm, {algorithm})
        and isinstance(uses, list)
        and "verify" in uses
    )
