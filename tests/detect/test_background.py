"""What an attribute's value is worth: nothing when it is common, its share among rare ones otherwise."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from stillwatch.detect import _kernels_background, _twins_background
from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.families import _background
from stillwatch.model.family import ATTRIBUTES

N = 1_000
DOMAIN = ATTRIBUTES.index("email_domain")
families = hnp.arrays(np.uint64, st.tuples(st.integers(1, 20), st.just(4)), elements=st.integers(0, 3))


def book(domain: np.ndarray) -> AccountBook:
    """Accounts that differ in their mail domain alone."""
    attributes = np.zeros((N, len(ATTRIBUTES)), np.uint64)
    attributes[:, DOMAIN] = domain
    _, code, count = np.unique(domain, return_inverse=True, return_counts=True)
    n_alike = np.tile(count[code][:, None], (1, len(ATTRIBUTES)))
    return AccountBook(
        account=np.arange(N, dtype=np.uint64),
        organisation=np.zeros(N, np.uint64),
        attributes=attributes,
        n_alike=n_alike,
        verified=np.zeros(N, np.bool_),
        declared=np.zeros(N, np.int8),
        rare_share=np.full(len(ATTRIBUTES), 0.5),
    )


def test_a_popular_value_lays_no_bet() -> None:
    """Eleven of 960 others are more than one in a hundred; eight are not."""
    domain = np.arange(2, N + 2, dtype=np.uint64)
    domain[:20], domain[100:111], domain[20:40], domain[200:208] = 1, 1, 2_000, 2_000
    found = book(domain)
    family = np.arange(40)
    kept, p = _background(found.attributes[family], found.n_alike[family], found)
    assert not kept[:20, DOMAIN].any()
    assert (kept[20:, DOMAIN] == 2_000).all()
    np.testing.assert_allclose(p[20:, DOMAIN], 9 / 961 / 0.5)


def test_what_only_the_family_has_is_rare_however_large_it_is() -> None:
    """A domain of the operator's own, with a tenth of all accounts."""
    domain = np.arange(2, N + 2, dtype=np.uint64)
    domain[:100] = 1
    found = book(domain)
    kept, p = _background(found.attributes[:100], found.n_alike[:100], found)
    assert (kept[:, DOMAIN] == 1).all()
    np.testing.assert_allclose(p[:, DOMAIN], 1 / 901 / 0.5)


def test_the_larger_of_this_window_and_the_stored_one_counts() -> None:
    """What was common in a year is common, whatever a day shows; what was rare stays as rare as the day says."""
    domain = np.arange(2, N + 2, dtype=np.uint64)
    domain[:20], domain[20:40] = 1, 2_000
    found = book(domain)
    stored = np.zeros((40, len(ATTRIBUTES)))
    stored[:20, DOMAIN], stored[20:, DOMAIN] = 0.2, 0.004
    kept, p = _background(found.attributes[:40], found.n_alike[:40], found, stored)
    assert not kept[:20, DOMAIN].any()
    np.testing.assert_allclose(p[20:, DOMAIN], 0.004 / 0.5)


@given(families)
def test_places_are_forgotten_one_after_the_other(attributes: NDArray[np.uint64]) -> None:
    """Owners of the first place have no networks left when the second is looked at; other columns stay."""
    places = np.array([3, 1])
    found = attributes.copy()
    _kernels_background.forget_places(found, places)
    np.testing.assert_array_equal(found, _twins_background.forget_places(attributes, places))


@given(families, st.integers(0, 50), st.integers(0, 2**32))
def test_shares_outside(values: NDArray[np.uint64], n_outside: int, seed: int) -> None:
    """Counts by column equal those of a plain counter, of values and of events."""
    rng = np.random.default_rng(seed)
    n_alike = rng.integers(0, 30, values.shape)
    np.testing.assert_allclose(
        _kernels_background.shares_outside(values, n_alike, n_outside),
        _twins_background.shares_outside(values, n_alike, n_outside),
    )
    by_column = rng.integers(0, 30, size=(values.shape[1],))
    np.testing.assert_allclose(
        _kernels_background.event_shares(values, n_alike, by_column, 5),
        _twins_background.event_shares(values, n_alike, by_column, 5),
    )


@given(hnp.arrays(np.uint16, st.integers(1, 20)))
def test_bit_counts(sets: NDArray[np.uint16]) -> None:
    """The lowest bits, each by itself."""
    expected = [int(((sets >> bit) & 1).sum()) for bit in range(5)]
    assert _kernels_background.bit_counts(sets, 5).tolist() == expected
