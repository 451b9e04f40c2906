"""Counts of the last 24 hours against sets, lists and dictionaries."""

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.decide.distinct import WINDOW_STEPS, Distinct, Largest, Steps

NAMES = list({hash((f"name {n}",)) % (1 << 18): f"name {n}" for n in range(30)}.values())[:13]
"""Of slots of their own: names of one slot are tried apart."""
GAPS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=60)


@given(GAPS)
def test_sums_are_those_of_the_window(steps: list[tuple[int, int]]) -> None:
    """Gaps of up to half a window, each with some events; what is older than sixty steps is gone."""
    seen, step, events = Steps(), WINDOW_STEPS, []
    for gap, n in steps:
        step += gap
        seen.add(step, n)
        events.append((step, n))
        assert seen.total == sum(n for at, n in events if at > step - WINDOW_STEPS)


def test_a_long_silence_forgets_everything() -> None:
    """Weeks without a request leave nothing, and later ones are counted as ever."""
    seen = Steps()
    seen.add(60, 5)
    seen.advance(100_000)
    assert seen.total == 0
    seen.add(100_000, 2)
    assert seen.total == 2


@given(GAPS)
def test_few_are_counted_one_by_one(steps: list[tuple[int, int]]) -> None:
    """Thirteen names in any order: as many as a dictionary of when they were last seen holds."""
    seen, step, last = Distinct(), WINDOW_STEPS, {}
    for gap, n in steps:
        step += gap
        seen.add(f"name {n}", step)
        last[n] = step
        alive = sum(at > step - WINDOW_STEPS for at in last.values())
        assert abs(seen.estimate - alive) < 1.01  # two of thirteen names may share one of the slots


def test_many_are_estimated_within_two_percent() -> None:
    """Four hundred thousand, more than there are slots; a window later none is left."""
    seen = Distinct()
    for n in range(400_000):
        seen.add(str(n), WINDOW_STEPS + n // 10_000)
    assert abs(seen.estimate / 400_000 - 1) < 0.02
    seen.advance(3 * WINDOW_STEPS)
    assert seen.estimate == 0


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12), st.integers(0, 5)), max_size=60))
def test_each_adds_the_number_it_was_last_seen_with(seen: list[tuple[int, int, int]]) -> None:
    """However often a name comes: as a dictionary of names has it, and it says whether anything has changed."""
    largest, step, last, before = Largest(), WINDOW_STEPS, {}, None
    for gap, name, number in seen:
        step += gap
        has_changed = largest.add((NAMES[name],), number, step)
        last[name] = (step, number)
        alive = {one: n for one, (at, n) in last.items() if at > step - WINDOW_STEPS}
        assert largest.total == sum(alive.values())
        assert has_changed or before == alive
        before = alive


def test_of_many_the_largest_count_and_the_sum_is_never_too_large() -> None:
    """A hundred whales among a hundred thousand: no whale is missed for them, of the others at least four in five."""
    largest, small, large = Largest(), 100_000, 100
    for n in range(small):
        largest.add(("small", str(n)), 1, WINDOW_STEPS)
    before = largest.total
    assert 0.8 * small < before <= small
    for n in range(large):
        largest.add(("large", str(n)), 1_000_000, WINDOW_STEPS)
    assert 1_000_000 * (large - 3) < largest.total <= before + 1_000_000 * large
    for n in range(small):
        largest.add(("small", str(n)), 1, WINDOW_STEPS + 1)
    assert largest.total >= 1_000_000 * (large - 3)
    largest.advance(3 * WINDOW_STEPS)
    assert largest.total == 0


def test_a_number_beyond_what_is_kept_is_the_most() -> None:
    """Nobody's evidence is beyond counting."""
    largest = Largest()
    largest.add(("whale",), 10**12, WINDOW_STEPS)
    assert largest.total == 2**32 - 1
