"""Counts of the last hour and day against sets and lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.decide.distinct import DAY_MINUTES, HOUR_MINUTES, Distinct, Minutes

STEPS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=60)
WINDOWS = st.sampled_from([HOUR_MINUTES, 5 * HOUR_MINUTES])


@given(STEPS, WINDOWS)
def test_sums_are_those_of_the_window(steps: list[tuple[int, int]], window: int) -> None:
    """Steps of up to half an hour, each with some events; what is older than the window is gone."""
    seen, minute, events = Minutes(window), window, []
    for gap, n in steps:
        minute += gap
        seen.add(minute, n)
        events.append((minute, n))
        assert seen.total == sum(n for at, n in events if at > minute - window)


def test_a_long_silence_forgets_everything() -> None:
    """Days without a request leave nothing, and later ones are counted as ever."""
    seen = Minutes()
    seen.add(60, 5)
    seen.advance(100_000)
    assert seen.total == 0
    seen.add(100_000, 2)
    assert seen.total == 2


@given(STEPS, WINDOWS)
def test_few_are_counted_one_by_one(steps: list[tuple[int, int]], window: int) -> None:
    """Thirteen names in any order: as many as a dictionary of when they were last seen holds."""
    seen, minute, last = Distinct(window), window, {}
    for gap, n in steps:
        minute += gap
        seen.add(f"name {n}", minute)
        last[n] = minute
        alive = sum(at > minute - window for at in last.values())
        assert abs(seen.estimate - alive) < 1.01  # two of thirteen names may share one of the slots


@pytest.mark.parametrize("window", [HOUR_MINUTES, DAY_MINUTES])
def test_many_are_estimated_within_two_percent(window: int) -> None:
    """Four hundred thousand, more than there are slots; when the window is over none is left."""
    seen = Distinct(window)
    for n in range(400_000):
        seen.add(str(n), window + n // 10_000)
    assert abs(seen.estimate / 400_000 - 1) < 0.02
    seen.advance(3 * window)
    assert seen.estimate == 0
