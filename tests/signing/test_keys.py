"""Keys: their names, their files, and what is no key."""

import json
from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.signing.keys import SigningKey, VerifyKey, keys_of, read_keys

PUBLIC = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_key_is_named_by_its_thumbprint() -> None:
    """RFC 8037, appendix A.3; other members of the key change nothing."""
    assert VerifyKey.of(PUBLIC).key_id == THUMBPRINT
    assert VerifyKey.of({**PUBLIC, "kid": "mine", "use": "sig"}).key_id == THUMBPRINT
    assert VerifyKey.of(PUBLIC).jwk() == PUBLIC


def test_a_saved_key_is_its_owners_only_and_comes_back(tmp_path: Path) -> None:
    """Mode 600; the loaded key has the same name."""
    key = SigningKey.generate()
    key.save(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(tmp_path / "key").key_id == key.key_id


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """The second save fails and the first key is still there."""
    first = SigningKey.generate()
    first.save(tmp_path / "key")
    with pytest.raises(InvalidInput, match="exists"):
        SigningKey.generate().save(tmp_path / "key")
    assert SigningKey.load(tmp_path / "key").key_id == first.key_id


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    """The message says what to do."""
    path = tmp_path / "key"
    SigningKey.generate().save(path)
    path.chmod(0o640)
    with pytest.raises(UnreadableSource, match="chmod 600"):
        SigningKey.load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"kty": "OKP"}', json.dumps(PUBLIC).encode()])
def test_a_file_without_a_private_key_is_named(tmp_path: Path, content: bytes) -> None:
    """Empty, cut off, something else, and the public half alone."""
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UnreadableSource, match="key"):
        SigningKey.load(path)
    with pytest.raises(UnreadableSource, match="FileNotFound"):
        SigningKey.load(tmp_path / "nowhere")


def test_public_keys_are_read_one_or_many(tmp_path: Path) -> None:
    """A key, and a set of keys."""
    other = SigningKey.generate().verify_key
    (tmp_path / "one").write_text(json.dumps(PUBLIC))
    (tmp_path / "two").write_text(json.dumps({"keys": [PUBLIC, other.jwk()]}))
    assert set(read_keys(tmp_path / "one")) == {THUMBPRINT}
    assert set(read_keys(tmp_path / "two")) == {THUMBPRINT, other.key_id} == set(keys_of([VerifyKey.of(PUBLIC), other]))


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {**PUBLIC, "crv": "X25519"},
        {**PUBLIC, "kty": "oct"},
        {**PUBLIC, "x": "AAAA"},
        {**PUBLIC, "x": 7},
        {"kty": "OKP", "crv": "Ed25519"},
    ],
)
def test_other_keys_are_refused(jwk: dict[str, str]) -> None:
    """Another type or curve, too few bytes, no bytes."""
    with pytest.raises(InvalidInput, match="key"):
        VerifyKey.of(jwk)


def test_a_private_key_is_not_taken_for_a_public_one() -> None:
    """Who hands out a private key by mistake is told, and the key is not repeated."""
    private = SigningKey.generate().raw.as_dict(private=True)
    with pytest.raises(InvalidInput, match="public") as caught:
        VerifyKey.of(private)
    assert str(private["d"]) not in str(caught.value)
