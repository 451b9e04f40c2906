"""Ids that come again are known; the memory for it is bounded."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.twins import hash_string
from stillwatch.service.collect.recent import RecentIds, hashes_of

BATCHES = st.lists(st.lists(st.integers(0, 40).map(str), max_size=12), max_size=12)


def taken(recent: RecentIds, names: list[str]) -> list[str]:
    """Names that are fresh, remembered afterwards."""
    hashes = hashes_of(pa.array(names, pa.string()))
    marks = recent.fresh(hashes)
    recent.add(hashes[marks])
    return [name for name, mark in zip(names, marks, strict=True) if mark]


@given(BATCHES)
def test_as_a_set(batches: list[list[str]]) -> None:
    """While there is room it is a set: the first of equal ids is fresh, none later is."""
    recent, seen = RecentIds(1000), set[str]()
    for names in batches:
        expected = list(dict.fromkeys(name for name in names if name not in seen))
        assert taken(recent, names) == expected
        seen |= set(names)
    assert len(recent) == len(seen)


@given(st.lists(st.integers(1, 30), max_size=30), st.integers(8, 64))
def test_the_newest_are_remembered(sizes: list[int], most: int) -> None:
    """Whatever the sizes of groups, the last seven eighths of what may be remembered are, and no more than allowed."""
    recent, names = RecentIds(most), list[str]()
    for size in sizes:
        new = [str(len(names) + i) for i in range(size)]
        assert taken(recent, new) == new
        names += new
    room = -(-most // 8)
    assert len(recent) <= 8 * room
    newest = names[-7 * room :]
    assert not recent.fresh(hashes_of(pa.array(newest, pa.string()))).any()


def test_nothing_is_remembered_by_looking() -> None:
    """What is fresh stays fresh until it is added."""
    recent, hashes = RecentIds(10), hashes_of(pa.array(["a"]))
    assert recent.fresh(hashes).all()
    assert recent.fresh(hashes).all()
    recent.add(hashes)
    assert not recent.fresh(hashes).any()


def test_the_hash_that_looks_like_a_free_slot() -> None:
    """An id whose hash is 0 is found like every other."""
    recent, nothing = RecentIds(10), np.zeros((2, 2), np.uint64)
    assert recent.fresh(nothing).tolist() == [True, False]
    recent.add(nothing[:1])
    assert not recent.fresh(nothing).any()


@given(st.lists(st.text(max_size=40), max_size=5))
def test_hashes_are_those_of_ingest(names: list[str]) -> None:
    """The hash of an id is MurmurHash3's, as its twin in plain Python says."""
    found = hashes_of(pa.array(names, pa.string())).tolist()
    assert [tuple(pair) for pair in found] == [hash_string(name.encode()) for name in names]
