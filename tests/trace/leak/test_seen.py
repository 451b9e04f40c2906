"""Contexts that count once, against Python's set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.leak.seen import Seen

HASHES = st.lists(st.lists(st.integers(0, 30) | st.integers(0, 2**64 - 1), max_size=60), max_size=8)


@given(HASHES)
def test_first_occurrences_are_those_of_a_set(batches: list[list[int]]) -> None:
    """Over any batches, what is new is what Python's set has not seen, 0 included."""
    seen, known = Seen(), set[int]()
    for batch in batches:
        expected = []
        for value in batch:
            expected.append(value not in known)
            known.add(value)
        assert seen.new(np.array(batch, np.uint64)).tolist() == expected
    assert (seen.count, seen.left_out) == (len(known), 0)


@given(st.integers(1, 40))
def test_beyond_the_limit_nothing_new_counts(most: int) -> None:
    """What has room is the first part; the rest is left out and counted, repeats of the first part are repeats."""
    seen = Seen(most)
    hashes = np.arange(1, 51, dtype=np.uint64)
    assert seen.new(hashes).tolist() == [i < most for i in range(50)]
    assert seen.left_out == 50 - min(most, 50)
    assert not seen.new(hashes[:most]).any()


def test_a_million_repeats_need_no_memory() -> None:
    """One context a million times is one, and the table stays small."""
    seen = Seen()
    for _ in range(100):
        seen.new(np.full(10_000, 7, np.uint64))
    assert seen.count == 1
    assert len(seen._table) < 1 << 16


def test_a_set_grows_without_losing_anything() -> None:
    """After many batches every hash is still known."""
    rng = np.random.default_rng(1)
    hashes = np.unique(rng.integers(1, 2**63, 200_000).astype(np.uint64))
    seen = Seen()
    for part in np.array_split(hashes, 37):
        assert seen.new(part).all()
    assert not seen.new(hashes).any()


def test_no_room_at_all_is_refused() -> None:
    """A limit of nothing could test nothing."""
    with pytest.raises(InvalidInput, match="at least 1"):
        Seen(0)
