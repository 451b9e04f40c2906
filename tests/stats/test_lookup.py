"""Looking hashes up by their leading bits gives what binary search over all of them gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.stats.lookup import HashIndex, among, positions

HASHES = st.lists(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 40), st.integers(2**63, 2**63 + 9)), max_size=60)


@given(HASHES, HASHES)
def test_index_equals_binary_search(known: list[int], others: list[int]) -> None:
    """Of hashes that crowd together, that repeat, and of none at all: the first row of each, or -1."""
    keys = np.sort(np.array(known, np.uint64))
    wanted = np.array([*others, *known], np.uint64)
    index = HashIndex(keys)
    expected = np.where(np.isin(wanted, keys), np.searchsorted(keys, wanted), -1)
    assert index.positions(wanted).tolist() == expected.tolist()
    assert index.positions(wanted).tolist() == positions(keys, wanted).tolist()
    assert index.among(wanted).tolist() == np.isin(wanted, keys).tolist()
    many = np.resize(np.append(wanted, np.uint64(7)), 5_000)  # so many that an index is made
    assert positions(keys, many).tolist() == index.positions(many).tolist()


def test_an_index_that_is_kept_is_that_of_the_very_array() -> None:
    """Asked in turn for more tables than are kept, some of which are gone, each is looked up in itself."""
    rng = np.random.default_rng(0)
    wanted = rng.integers(0, 2**63, 5_000, dtype=np.uint64)
    for _ in range(3):
        for n in range(12):
            keys = np.sort(rng.choice(wanted, 4_096 + n, replace=False))
            assert among(keys, wanted).tolist() == np.isin(wanted, keys).tolist()
            assert among(keys, wanted).sum() == 4_096 + n
