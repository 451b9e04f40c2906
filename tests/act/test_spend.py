"""Spend bands."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.spend import spend_bands

costs = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1e6)), max_size=60)


@given(costs)
def test_bands_follow_what_is_paid(cost: list[float]) -> None:
    """Nothing known is 0 and only that; who pays more has no lower band; equal pay is one band."""
    bands = spend_bands(np.array(cost, np.float64)).tolist()
    assert [band == 0 for band in bands] == [math.isnan(value) for value in cost]
    known = sorted((value, band) for value, band in zip(cost, bands, strict=True) if not math.isnan(value))
    assert [band for _, band in known] == sorted(band for _, band in known)
    assert len(dict(known)) == len(set(known))


@given(costs)
def test_few_are_at_the_top(cost: list[float]) -> None:
    """At most a twentieth of the known have band 4, at most half are above band 1."""
    bands = spend_bands(np.array(cost, np.float64))
    n_known = int((bands > 0).sum())
    assert (bands == 4).sum() <= n_known * 0.05
    assert (bands > 1).sum() <= n_known * 0.5
