"""Pieces behind their lengths come apart as they were put together, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.share.sealed.frames import joined, split


@given(pieces=st.lists(st.binary(max_size=20), max_size=4))
def test_pieces_come_apart_again(pieces: list[bytes]) -> None:
    """In order, empty ones too."""
    assert split(joined(pieces), 4) == pieces


@given(pieces=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=3), data=st.data())
def test_what_is_cut_off_is_refused(pieces: list[bytes], data: st.DataObject) -> None:
    """Unless it ends where a piece does."""
    whole = joined(pieces)
    size = data.draw(st.integers(0, len(whole) - 1))
    ends = {len(joined(pieces[:n])) for n in range(len(pieces))}
    if size in ends:
        assert split(whole[:size], 3) == pieces[: len(split(whole[:size], 3))]
    else:
        with pytest.raises(InvalidInput, match="behind their lengths"):
            split(whole[:size], 3)


def test_more_pieces_than_are_awaited_are_refused() -> None:
    """One too many."""
    with pytest.raises(InvalidInput, match="at most 2 pieces"):
        split(joined([b"a"] * 3), 2)
