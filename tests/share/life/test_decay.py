"""Life of signals: halves, expiries, limits of validity."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.signals import INDICATOR, NO_BEHAVIOUR, NOW, indicator, tag

from stillwatch.model.indicator import Behaviour, Share, SignalKind
from stillwatch.share.life.decay import LIVES, live_tags, longest_life, validity_problems, weight

KINDS = st.sampled_from(SignalKind)
AGES = st.timedeltas(timedelta(days=-1), timedelta(days=120))


def test_every_kind_has_a_life_and_a_reason() -> None:
    """Addresses live for hours to days, networks for days, all else for weeks; each says why."""
    assert set(LIVES) == set(SignalKind)
    assert all(len(life.reason) > 20 and life.half_life * 4 <= life.expiry for life in LIVES.values())
    ordered = sorted(SignalKind, key=lambda kind: LIVES[kind].half_life)
    assert ordered[:2] == [SignalKind.ADDRESS, SignalKind.NETWORK]
    assert LIVES[SignalKind.ADDRESS].half_life <= timedelta(days=1) < LIVES[SignalKind.NETWORK].half_life
    assert all(LIVES[kind].half_life >= timedelta(days=14) for kind in ordered[2:])


@given(kind=KINDS, age=AGES, more=st.timedeltas(timedelta(), timedelta(days=30)))
def test_worth_only_falls(kind: SignalKind, age: timedelta, more: timedelta) -> None:
    """From one, by halves, to nothing at the expiry and for ever after."""
    now, later = weight(kind, NOW, NOW + age), weight(kind, NOW, NOW + age + more)
    assert 1 >= now >= later >= 0
    assert (now == 0) == (age >= LIVES[kind].expiry)
    if age > timedelta() and now:
        halved = weight(kind, NOW - LIVES[kind].half_life, NOW + age)
        assert halved == pytest.approx(now / 2) or halved == 0


def test_tags_of_one_indicator_expire_each_in_its_own_time() -> None:
    """After three days its addresses are gone and its bands are worth most of what they were."""
    one = indicator(tags=(tag(1), tag(2, SignalKind.BAND)), valid_until=NOW + timedelta(days=60))
    assert set(live_tags(one, NOW)) == set(one.tags)
    assert list(live_tags(one, NOW + timedelta(days=3))) == [tag(2, SignalKind.BAND)]
    assert live_tags(one, NOW + timedelta(days=21))[tag(2, SignalKind.BAND)] == pytest.approx(0.5)


@pytest.mark.parametrize(("at", "is_live"), [(-180, False), (-60, True), (0, True), (172_799, True), (172_800, False)])
def test_nothing_is_live_outside_of_its_validity(*, at: int, is_live: bool) -> None:
    """Clocks may differ by two minutes; valid_until itself is too late."""
    assert bool(live_tags(INDICATOR, NOW + timedelta(seconds=at))) is is_live


def test_the_longest_lived_kind_decides_how_long_an_indicator_may_be_valid() -> None:
    """Behaviour told in clear lives as bands do; an indicator of nothing lives not at all."""
    assert longest_life(INDICATOR) == LIVES[SignalKind.ADDRESS].expiry
    told = Behaviour({"reasoning": Share.MOST}, {})
    assert longest_life(indicator(behaviour=told)) == LIVES[SignalKind.BAND].expiry
    assert longest_life(indicator(tags=(), behaviour=NO_BEHAVIOUR)) == timedelta()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ()),
        ({"created": NOW + timedelta(hours=1)}, ("created", "valid_from")),
        ({"modified": NOW + timedelta(minutes=3)}, ("modified",)),
        ({"valid_from": NOW - timedelta(days=1)}, ("valid_from",)),
        ({"valid_until": NOW}, ("valid_until", "valid_until")),
        ({"valid_until": NOW + timedelta(days=3, seconds=1)}, ("valid_until",)),
        ({"valid_until": NOW.replace(tzinfo=None), "created": NOW.replace(tzinfo=None)}, ("created", "valid_until")),
    ],
)
def test_every_problem_with_times_is_told(changes: dict[str, datetime], told: tuple[str, ...]) -> None:
    """All at once, each beginning with the name of the time."""
    problems = validity_problems(indicator(**changes), NOW)
    assert tuple(problem.partition(" ")[0] for problem in problems) == told
