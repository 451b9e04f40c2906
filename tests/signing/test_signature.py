"""Signatures: the RFC's vector, every change is noticed, and nothing in a header is obeyed."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64decode

from stillwatch.errors import InvalidInput
from stillwatch.signing.canonical import canonical
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.refused import Refused
from stillwatch.signing.signature import sign, signed, verify, verify_signed

RFC_KEY = SigningKey(
    OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }
    )
)
KEYS = keys_of([RFC_KEY.verify_key])
DOCUMENT = {"b": [1, 2.5, None], "a": "text"}


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def test_the_key_signs_as_the_rfc_says() -> None:
    """RFC 8037, appendix A.4: the name of the algorithm has changed since, the signature has not."""
    with pytest.warns(SecurityWarning, match="9864"):
        found = jws.serialize_compact(
            {"alg": "EdDSA"}, b"Example of Ed25519 signing", RFC_KEY.raw, algorithms=["EdDSA"]
        )
    wanted = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert found == f"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.{wanted}"


def test_a_signature_is_what_another_library_expects() -> None:
    """Header and canonical JSON in base64url are the signed bytes; Ed25519 of cryptography is the judge."""
    head, middle, tail = sign(DOCUMENT, RFC_KEY).split(".")
    assert middle == ""
    assert json.loads(urlsafe_b64decode(head.encode())) == {"alg": "Ed25519", "kid": RFC_KEY.key_id}
    public = RFC_KEY.raw.public_key
    assert isinstance(public, Ed25519PublicKey)
    public.verify(urlsafe_b64decode(tail.encode()), f"{head}.{b64(canonical(DOCUMENT))}".encode())


@given(st.dictionaries(st.text(max_size=4), st.integers(-9, 9) | st.text(max_size=9), max_size=4))
def test_another_library_signs_to_the_letter_alike(document: dict[str, Any]) -> None:
    """Joserfc's compact form, its payload taken out, is our signature; and each reads the other's."""
    header = {"alg": "Ed25519", "kid": RFC_KEY.key_id}
    whole = jws.serialize_compact(header, canonical(document), RFC_KEY.raw, algorithms=["Ed25519"])
    head, payload, tail = whole.split(".")
    assert sign(document, RFC_KEY) == f"{head}..{tail}"
    assert verify(document, f"{head}..{tail}", KEYS) == RFC_KEY.key_id
    assert jws.deserialize_compact(sign(document, RFC_KEY).replace("..", f".{payload}."), RFC_KEY.raw, ["Ed25519"])


def test_a_signature_has_one_spelling() -> None:
    """Bits that base64 leaves over, padding and letters of another alphabet: the same bytes, and refused."""
    good = sign(DOCUMENT, RFC_KEY)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = good[:-1] + letters[letters.index(good[-1]) ^ 1]
    for other in (spare, f"{good}==", f"{good[:-2]}\n{good[-2:]}"):
        with pytest.raises(Refused):
            verify(DOCUMENT, other, KEYS)


def test_who_signed_is_told() -> None:
    """The order of keys and the spelling of numbers do not matter; the signature may be inside."""
    again = {"a": "text", "b": [1.0, 2.5, None]}
    assert verify(again, sign(DOCUMENT, RFC_KEY), KEYS) == RFC_KEY.key_id
    assert verify_signed(signed(DOCUMENT, RFC_KEY), KEYS) == RFC_KEY.key_id
    assert signed(signed(DOCUMENT, RFC_KEY), RFC_KEY) == signed(DOCUMENT, RFC_KEY)


@given(value=st.integers(-1000, 1000) | st.text(max_size=5), other=st.integers(-1000, 1000) | st.text(max_size=5))
def test_a_changed_document_is_noticed(value: Any, other: Any) -> None:
    """Only the same document has the signature."""
    document = signed({"a": value}, RFC_KEY)
    if value == other:
        assert verify_signed({**document, "a": other}, KEYS) == RFC_KEY.key_id
        return
    for changed in ({**document, "a": other}, {**document, "c": other}, {"signature": document["signature"]}):
        with pytest.raises(Refused) as caught:
            verify_signed(changed, KEYS)
        assert caught.value.reason == "wrong-signature"


@given(at=st.integers(0, 85), by=st.integers(1, 63))
def test_a_changed_signature_is_refused(at: int, by: int) -> None:
    """Any other letter anywhere in it."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    head, _, tail = sign(DOCUMENT, RFC_KEY).split(".")
    changed = tail[:at] + letters[(letters.index(tail[at]) + by) % 64] + tail[at + 1 :]
    with pytest.raises(Refused) as caught:
        verify(DOCUMENT, f"{head}..{changed}", KEYS)
    assert caught.value.reason in {"wrong-signature", "malformed"}


def test_a_key_that_may_not_sign_is_unknown() -> None:
    """A good signature by somebody else."""
    with pytest.raises(Refused) as caught:
        verify_signed(signed(DOCUMENT, SigningKey.generate()), KEYS)
    assert caught.value.reason == "unknown-key"


def test_a_signature_under_somebody_elses_name_is_wrong() -> None:
    """The key that is named decides."""
    other = SigningKey.generate()
    head = sign(DOCUMENT, RFC_KEY).split(".")[0]
    tail = sign(DOCUMENT, other).split(".")[2]
    with pytest.raises(Refused) as caught:
        verify(DOCUMENT, f"{head}..{tail}", KEYS)
    assert caught.value.reason == "wrong-signature"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": RFC_KEY.key_id},
        {"alg": "HS256", "kid": RFC_KEY.key_id},
        {"alg": "EdDSA", "kid": RFC_KEY.key_id},
        {"alg": "Ed25519"},
        {"alg": "Ed25519", "kid": 7},
        {"alg": "Ed25519", "kid": RFC_KEY.key_id, "jwk": RFC_KEY.verify_key.jwk()},
        {"alg": "Ed25519", "kid": RFC_KEY.key_id, "crit": ["b64"], "b64": False},
        ["Ed25519"],
    ],
)
def test_no_header_asks_for_anything(header: Any) -> None:
    """Another algorithm, a key that comes along, options: malformed, whatever the signature."""
    tail = sign(DOCUMENT, RFC_KEY).split(".")[2]
    with pytest.raises(Refused) as caught:
        verify(DOCUMENT, f"{b64(json.dumps(header).encode())}..{tail}", KEYS)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize("signature", ["", "..", "a.b", "a.b.c", "=..=", "é..é", "A" * 600 + ".." + "A" * 86])
def test_what_is_no_signature_is_malformed(signature: str) -> None:
    """Too few parts, a payload inside, no base64, too long."""
    with pytest.raises(Refused) as caught:
        verify(DOCUMENT, signature, KEYS)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize("document", [{}, {"signature": ""}, {"signature": None}, {"signature": 7}])
def test_a_document_without_a_signature_is_unsigned(document: dict[str, Any]) -> None:
    """Nothing, empty, or no text."""
    with pytest.raises(Refused) as caught:
        verify_signed(document, KEYS)
    assert caught.value.reason == "unsigned"


def test_large_documents_are_signed_and_too_large_ones_are_not() -> None:
    """Up to the limit of canonical JSON, which is above the library's own."""
    large = {"a": "x" * 1_000_000}
    assert verify(large, sign(large, RFC_KEY), KEYS) == RFC_KEY.key_id
    with pytest.raises(InvalidInput, match="bytes"):
        sign({"a": "x" * 2_000_000}, RFC_KEY)
