"""Limits: who must stand behind what."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.policy.limits import BEYOND_APPROVAL, CEILINGS, Limits, Needs, approved, names, needs

SHARES = st.fixed_dictionaries({name: st.floats(0, 1) for name in names()})
ORDER = list(Needs)


def test_defaults_are_below_the_ceilings() -> None:
    """A policy that says nothing about limits has tighter ones than it could give itself."""
    assert all(getattr(Limits(), n) < getattr(CEILINGS, n) < getattr(BEYOND_APPROVAL, n) for n in names())


@pytest.mark.parametrize(
    ("shares", "wanted"),
    [
        ({"traffic": 0.0, "organisations": 0.0, "tenured": 0.0}, Needs.ONE),
        ({"traffic": 0.02, "organisations": 0.01, "tenured": 0.001}, Needs.ONE),
        ({"traffic": 0.021, "organisations": 0.0, "tenured": 0.0}, Needs.TWO),
        ({"traffic": 0.0, "organisations": 0.0, "tenured": 0.002}, Needs.TWO),
        ({"traffic": 0.8, "organisations": 0.0, "tenured": 0.0}, Needs.REFUSED),
        ({"traffic": 0.0, "organisations": 0.0, "tenured": 0.03}, Needs.REFUSED),
        ({"traffic": 0.0, "organisations": 0.0}, Needs.REFUSED),
        ({"traffic": math.nan, "organisations": 0.0, "tenured": 0.0}, Needs.REFUSED),
        ({}, Needs.REFUSED),
    ],
)
def test_needs(shares: dict[str, float], wanted: Needs) -> None:
    """At a limit one person is enough; a share that is missing or no number counts as everything."""
    assert needs(shares, Limits()) is wanted


@given(SHARES, SHARES)
def test_more_never_needs_fewer(shares: dict[str, float], other: dict[str, float]) -> None:
    """Whoever touches more of anything needs at least as many people."""
    larger = {name: max(shares[name], other[name]) for name in shares}
    assert ORDER.index(needs(larger, Limits())) >= ORDER.index(needs(shares, Limits()))


@given(SHARES)
def test_loose_limits_do_not_help(shares: dict[str, float]) -> None:
    """Limits above the ceilings, which no file can give, count as the ceilings."""
    assert needs(shares, Limits(1.0, 1.0, 1.0)) is needs(shares, CEILINGS)


@given(SHARES)
def test_what_was_approved_is_twice_what_was_shown(shown: dict[str, float]) -> None:
    """Never less than one person may decide nor more than nobody can approve, else twice; what was shown fits."""
    found = approved(Limits(), shown)
    for name in names():
        assert getattr(Limits(), name) <= getattr(found, name) <= getattr(BEYOND_APPROVAL, name)
        middle = sorted((getattr(Limits(), name), 2 * shown[name], getattr(BEYOND_APPROVAL, name)))[1]
        assert getattr(found, name) == middle
    if needs(shown, Limits()) is not Needs.REFUSED:
        assert needs(shown, found) is not Needs.REFUSED
        assert all(shown[name] <= getattr(found, name) for name in names())
