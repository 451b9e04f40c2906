"""A sealed message opens for its reader, whole, in its context, and for nobody and nothing else."""

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.share.sealed import box
from stillwatch.share.sealed.box import PART_BYTES, sealed, unsealed
from stillwatch.share.sealed.keys import SealingKey, SealingPublic

KEY, OTHER = SealingKey.generate(), SealingKey.generate()
SMALL = 40


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of forty bytes, so that a few bytes are many parts."""
    monkeypatch.setattr(box, "_PIECE", SMALL)


@given(data=st.binary(max_size=300), context=st.binary(max_size=20))
@settings(max_examples=60)
def test_what_is_sealed_opens_to_itself(data: bytes, context: bytes) -> None:
    """Of any length, the empty one too; two seals of one message have nothing in common but the reader's key."""
    one, two = (sealed(data, KEY.public, context) for _ in range(2))
    assert unsealed(one, KEY, context) == unsealed(two, KEY, context) == data
    assert one[0][37:] != two[0][37:]


def test_parts_are_bounded_and_large_messages_come_back() -> None:
    """A little more than two parts; none is larger than the mailbox takes."""
    data = bytes(range(256)) * (PART_BYTES // 128)
    parts = sealed(data, KEY.public, b"")
    assert len(parts) == 3
    assert max(map(len, parts)) <= PART_BYTES
    assert unsealed(parts, KEY, b"") == data


@pytest.mark.usefixtures("small_parts")
@given(data=st.data())
@settings(max_examples=80)
def test_a_changed_byte_is_found_wherever_it_is(data: st.DataObject) -> None:
    """In the head, in a part, in a tag."""
    parts = sealed(bytes(100), KEY.public, b"c")
    at = data.draw(st.integers(0, len(parts) - 1))
    place = data.draw(st.integers(0, len(parts[at]) - 1))
    changed = bytearray(parts[at])
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FailedProof):
        unsealed([*parts[:at], bytes(changed), *parts[at + 1 :]], KEY, b"c")


@pytest.mark.usefixtures("small_parts")
def test_parts_cannot_be_left_out_doubled_or_change_places() -> None:
    """Cut off at the end, in the middle, twice, in another order, with one of another message, none at all."""
    parts, others = (sealed(bytes(150), KEY.public, b"c") for _ in range(2))
    assert len(parts) == 4
    head, *rest = parts
    for changed in (
        parts[:-1],
        [head, *rest[1:]],
        [*parts, rest[-1]],
        [head, rest[1], rest[0], rest[2]],
        [head, others[1], *rest[1:]],
        rest,
        [],
        [b""],
    ):
        with pytest.raises(FailedProof):
            unsealed(changed, KEY, b"c")


def test_another_reader_or_context_opens_nothing() -> None:
    """The message says it is for another key; of another search it says that it does not belong there."""
    parts = sealed(b"words", KEY.public, b"search 1")
    with pytest.raises(FailedProof, match="another key than this node's"):
        unsealed(parts, OTHER, b"search 1")
    with pytest.raises(FailedProof, match="belongs to another search"):
        unsealed(parts, KEY, b"search 2")


def test_a_key_of_low_order_is_refused_on_both_sides() -> None:
    """The shared secret would be zero, which anybody knows."""
    zero = SealingPublic(bytes(32))
    with pytest.raises(InvalidInput, match="no key"):
        sealed(b"words", zero, b"")
    parts = sealed(b"words", KEY.public, b"")
    with pytest.raises(FailedProof):
        unsealed([parts[0][:37] + bytes(32) + parts[0][69:]], KEY, b"")


def test_a_message_opens_by_the_standards_alone() -> None:
    """X25519, HKDF as two lines of HMAC, ChaCha20-Poly1305: put together from the description, not from the code."""
    (part,) = sealed(b"words", KEY.public, b"search 1")
    head, rest = part[:69], part[69:]
    shared = KEY.raw.exchange(X25519PublicKey.from_public_bytes(head[37:]))
    extracted = hmac.digest(bytes(32), shared, "sha256")
    info = b"stillwatch-sealed-v1" + head + KEY.public.data + b"search 1"
    key = hmac.digest(extracted, info + b"\x01", "sha256")
    assert ChaCha20Poly1305(key).decrypt(bytes(11) + b"\x01", rest, None) == b"words"
