"""Expansion of messages against RFC 9380 and against its definition in plain Python."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf.hashing import BASE, VERIFIABLE, expand_message

TAG = b"QUUX-V01-CS02-with-expander-SHA512-256"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", "6b9a7312411d92f921c6f68ca0b6380730a1a4d982c507211a90964c394179ba"),
        (b"abc", "0da749f12fbe5483eb066a5f595055679b976e93abe9be6f0f6318bce7aca8dc"),
    ],
)
def test_expansion_gives_the_bytes_of_the_rfc(message: bytes, expected: str) -> None:
    """RFC 9380, appendix K.3."""
    assert expand_message(message, TAG, 32).hex() == expected


@given(message=st.binary(max_size=300), tag=st.binary(min_size=1, max_size=255), size=st.integers(1, 400))
def test_expansion_is_what_the_definition_says(message: bytes, tag: bytes, size: int) -> None:
    """The steps of RFC 9380, section 5.3.1, one after the other."""
    dst = tag + bytes([len(tag)])
    blocks = [hashlib.sha512(bytes(128) + message + size.to_bytes(2, "big") + b"\0" + dst).digest()]
    last = bytes(64)
    while 64 * (len(blocks) - 1) < size:
        mixed = (int.from_bytes(blocks[0], "big") ^ int.from_bytes(last, "big")).to_bytes(64, "big")
        last = hashlib.sha512(mixed + bytes([len(blocks)]) + dst).digest()
        blocks.append(last)
    assert expand_message(message, tag, size) == b"".join(blocks[1:])[:size]


@pytest.mark.parametrize(("tag", "size"), [(b"", 32), (bytes(256), 32), (b"x", 0), (b"x", 255 * 64 + 1)])
def test_what_the_definition_does_not_cover_is_refused(tag: bytes, size: int) -> None:
    """Tags of 1 to 255 bytes, outputs of at most 255 digests."""
    with pytest.raises(InvalidInput, match="1 to 255"):
        expand_message(b"", tag, size)


def test_the_modes_share_no_tag() -> None:
    """Eight tags of two modes are eight different ones."""
    tags = {tag for c in (BASE, VERIFIABLE) for tag in (c.group, c.scalar, c.seed, c.key)}
    assert len(tags) == 8
