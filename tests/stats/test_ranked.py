"""Thinned p-values and the band of chance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.stats.ranked import rank_band, ranked


@given(st.lists(st.floats(-50, 0), min_size=1, max_size=2000))
def test_ranks_point_at_their_values(log_p: list[float]) -> None:
    """Each value is the one of its rank; the smallest fifty and the largest are kept; no more than asked."""
    ranks, values = ranked(log_p)
    ordered = sorted(log_p)
    assert [ordered[rank - 1] for rank in ranks] == values.tolist()
    assert ranks[: min(50, len(log_p))].tolist() == list(range(1, min(50, len(log_p)) + 1))
    assert ranks[-1] == len(log_p)
    assert len(ranks) <= 200


def test_the_band_holds_what_it_says() -> None:
    """Of many sets of uniform p-values, 95 of 100 lie in the band at each rank."""
    rng = np.random.default_rng(3)
    sets = np.sort(rng.random((4000, 50)), axis=1)
    low, high = rank_band(np.arange(1, 51), 50)
    inside = ((sets >= low) & (sets <= high)).mean(axis=0)
    assert (abs(inside - 0.95) < 0.02).all()
