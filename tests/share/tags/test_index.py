"""The index finds what a dictionary finds, among tags that are made to look alike too."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.tags import TagBlock, TagIndex

TLS = SignalKind.TLS


def block(rows: list[bytes], epoch: int = 7) -> TagBlock:
    """Tags of given bytes."""
    return TagBlock.of_outputs(TLS, epoch, rows)


# Three letters in the first word and in the last one: most tags share their first 8 bytes and many all 32.
ROWS = st.lists(st.builds(lambda a, b: bytes([a]) * 8 + bytes(23) + bytes([b]), *[st.sampled_from([0, 1, 255])] * 2))


@given(indexed=ROWS, asked=ROWS)
def test_pairs_are_those_of_a_dictionary(indexed: list[bytes], asked: list[bytes]) -> None:
    """Every pair once, in order, repeats on both sides included."""
    places = defaultdict(list)
    for place, row in enumerate(indexed):
        places[row].append(place)
    index = TagIndex(block(indexed))
    found = index.pairs(block(asked))
    expected = [(i, j) for i, row in enumerate(asked) for j in places[row]]
    assert list(zip(found.asked.tolist(), found.indexed.tolist(), strict=True)) == expected
    assert index.among(block(asked)).tolist() == [row in set(indexed) for row in asked]
    assert len(index) == len(indexed)


def test_many_tags_match_where_they_are_equal() -> None:
    """50,000 against 5,000, of which 1,000 are among them, one byte away from each not."""
    rng = np.random.default_rng(3)
    local: NDArray[np.uint8] = rng.integers(0, 256, (50_000, 32), np.uint8)
    asked: NDArray[np.uint8] = rng.integers(0, 256, (5_000, 32), np.uint8)
    asked[:1000] = local[7_000:8_000]
    near = asked[:1000].copy()
    near[np.arange(1000), rng.integers(0, 32, 1000)] ^= 1
    index = TagIndex(TagBlock(TLS, 7, local))
    found = index.pairs(TagBlock(TLS, 7, np.concatenate([asked, near])))
    assert found.asked.tolist() == list(range(1000))
    assert found.indexed.tolist() == list(range(7_000, 8_000))


@pytest.mark.parametrize(("kind", "epoch"), [(TLS, 8), (SignalKind.PAYMENT, 7)])
def test_tags_of_other_epochs_and_kinds_never_compare(kind: SignalKind, epoch: int) -> None:
    """Even where their bytes are equal it is an error, not a match."""
    index = TagIndex(block([bytes(32)]))
    other = TagBlock(kind, epoch, np.zeros((1, 32), np.uint8))
    for compare in (index.pairs, index.among):
        with pytest.raises(InvalidInput, match="cannot be compared"):
            compare(other)


def test_tags_go_into_a_block_and_come_back() -> None:
    """As indicators carry them, 64 digits each."""
    tags = (Tag(TLS, 7, "00" * 31 + "ff"), Tag(TLS, 7, "ab" * 32))
    assert TagBlock.of_tags(TLS, 7, tags).tags() == tags
    assert TagBlock.of_outputs(TLS, 7, [b"\1" * 64]).tags()[0].value == "01" * 32


@pytest.mark.parametrize(
    "tag",
    [
        Tag(TLS, 8, "ab" * 32),
        Tag(SignalKind.BAND, 7, "ab" * 32),
        Tag(TLS, 7, "AB" * 32),
        Tag(TLS, 7, "ab" * 31),
        Tag(TLS, 7, "ab " * 32),
        Tag(TLS, 7, "zz" * 32),
    ],
)
def test_tags_that_are_none_are_refused(tag: Tag) -> None:
    """Another epoch or kind, capitals, too short, spaces, no digits."""
    with pytest.raises(InvalidInput, match="tag"):
        TagBlock.of_tags(TLS, 7, [tag])


@pytest.mark.parametrize("shape", [(2, 31), (64,)])
def test_arrays_of_another_shape_are_no_tags(shape: tuple[int, ...]) -> None:
    """Nor are those of another type."""
    with pytest.raises(InvalidInput, match="uint8"):
        TagBlock(TLS, 7, np.zeros(shape, np.uint8))
    with pytest.raises(InvalidInput, match="uint8"):
        TagBlock(TLS, 7, np.zeros((1, 32), np.int64))
