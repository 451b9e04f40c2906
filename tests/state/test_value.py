"""A state is a value: it merges in any order, ages, and goes through its tables without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.state.examples import DAY, example

from stillwatch.errors import InvalidInput
from stillwatch.state import State
from stillwatch.state.inputs import DAY_US
from stillwatch.state.value import TABLES, count_names

SEEDS = st.integers(0, 10_000)


@given(SEEDS, SEEDS, SEEDS)
def test_merging_is_commutative_and_associative(one: int, two: int, three: int) -> None:
    """Whatever the order and grouping of days."""
    a, b, c = (example(seed) for seed in (one, two, three))
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))


@given(SEEDS, SEEDS)
def test_nothing_is_lost_through_tables(one: int, two: int) -> None:
    """A state read from its tables is the same, and its tables are those that are declared."""
    state = example(one).merge(example(two))
    tables = state.tables()
    assert State.of_tables(tables, 14) == state
    names = {name for epoch in state.phrases.epochs for name in count_names(epoch)}
    assert tables.keys() == TABLES.keys() | names
    assert all(tables[name].schema.equals(schema) for name, schema in TABLES.items())


@given(SEEDS, SEEDS)
def test_ageing_before_or_after_merging_is_the_same(one: int, two: int) -> None:
    """What is forgotten would be forgotten anyway."""
    a, b, day = example(one), example(two), DAY + 20
    assert a.merge(b).aged(day) == a.aged(day).merge(b.aged(day)).aged(day)


def test_old_days_stop_counting() -> None:
    """After two windows nothing is left; on the day itself nothing is gone."""
    state = example(3)
    assert state.day is not None
    assert state.aged(state.day) == state
    assert state.aged(state.day + 28) == State()


@pytest.mark.parametrize("window_days", [2, 7, 14, 31])
def test_half_a_window_at_least_is_remembered_and_a_window_at_most(window_days: int) -> None:
    """Wherever in an epoch a day falls."""
    state = State(window_days)
    for day in range(DAY, DAY + 3 * window_days):
        kept = day - state.first_day(day) + 1
        assert window_days / 2 < kept <= window_days + 1


@pytest.mark.parametrize("window_days", [1, 0, 401])
def test_windows_that_mean_nothing_are_refused(window_days: int) -> None:
    """Fewer than two days cannot be halved; more than a year is a mistake."""
    with pytest.raises(InvalidInput, match=f"got {window_days}"):
        State(window_days)


def test_windows_must_agree() -> None:
    """States of two windows do not merge."""
    with pytest.raises(InvalidInput, match="14 and 7"):
        State(14).merge(State(7))


def test_remembered_rows_have_their_accounts() -> None:
    """Ageing never leaves a family's row without the account it belongs to: both are cut at one time."""
    state = example(5)
    time_us = state.first_day(DAY + 13) * DAY_US
    aged = state.aged(DAY + 13)
    assert all(t >= time_us for t in aged.earlier.families.rows["time_us"].to_pylist())
    assert all(t >= time_us for t in aged.earlier.accounts.activity["last_us"].to_pylist())
