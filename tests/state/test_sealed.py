"""Sealed files: opened by the same salt and name alone, changed nowhere, and made as the description says."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.state import sealed as module
from stillwatch.state.sealed import TAG_BYTES, mark_of, sealed, unsealed

SALTS = st.binary(min_size=1, max_size=64)
NAMES = st.text("abcdefgh_", min_size=1, max_size=12)


def by_hand(data: bytes, name: str, salt: bytes) -> bytes:
    """Sealed in one piece, byte by byte, from the description."""

    def key(use: bytes) -> bytes:
        return hashlib.blake2b(salt, digest_size=32, person=b"stillwatch-state", salt=use).digest()

    tag = hashlib.blake2b(name.encode() + b"\0" + data, key=key(b"tag"), digest_size=32).digest()
    start = key(b"stream") + tag + name.encode() + b"\0" + bytes(8)
    stream = hashlib.shake_256(start).digest(len(data))
    return tag + bytes(a ^ b for a, b in zip(data, stream, strict=True))


@given(data=st.binary(max_size=300), name=NAMES, salt=SALTS)
def test_a_file_is_sealed_as_described_and_opened_again(data: bytes, name: str, salt: bytes) -> None:
    """Against a second writing-down of the construction."""
    assert sealed(data, name, salt) == by_hand(data, name, salt)
    assert unsealed(sealed(data, name, salt), name, salt) == data


@given(data=st.binary(max_size=60), place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_changed_bit_is_seen(data: bytes, place: int, bit: int) -> None:
    """In the tag as in the content; so is a file that was cut short."""
    whole = bytearray(sealed(data, "a", b"salt"))
    assert unsealed(bytes(whole[:-1]), "a", b"salt") is None
    whole[place % len(whole)] ^= 1 << bit
    assert unsealed(bytes(whole), "a", b"salt") is None


@given(data=st.binary(max_size=60), names=st.tuples(NAMES, NAMES), salts=st.tuples(SALTS, SALTS))
def test_another_name_or_salt_opens_nothing(data: bytes, names: tuple[str, str], salts: tuple[bytes, bytes]) -> None:
    """A file put in another's place is no file."""
    opened = unsealed(sealed(data, names[0], salts[0]), names[1], salts[1])
    assert opened == (data if names[0] == names[1] and salts[0] == salts[1] else None)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 128, 200])
def test_pieces_are_hidden_by_different_streams(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """Equal pieces of one file look unlike, and every length is opened."""
    monkeypatch.setattr(module, "_CHUNK", 64)
    whole = sealed(bytes(length), "a", b"salt")
    pieces = [whole[at : at + 64] for at in range(TAG_BYTES, len(whole), 64)]
    assert len(set(pieces)) == len(pieces)
    assert unsealed(whole, "a", b"salt") == bytes(length)


def test_a_mark_tells_salts_apart() -> None:
    """Sixteen digits, the same each time."""
    assert mark_of(b"one") == mark_of(b"one") != mark_of(b"two")
    assert len(mark_of(b"one")) == 16
    assert b"one".hex() not in mark_of(b"one")
