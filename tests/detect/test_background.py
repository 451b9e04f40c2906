"""What an attribute's value is worth: nothing when it is common, its share among rare ones otherwise."""

import numpy as np

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.families import _background
from stillwatch.model.family import ATTRIBUTES

N = 1_000
DOMAIN = ATTRIBUTES.index("email_domain")


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
