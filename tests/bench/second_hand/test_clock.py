"""Clocks of machines and of people."""

import numpy as np

from stillwatch.bench.second_hand.clock import Habits, Pace, cut, deadline, nightly, queue, sessions, unfold
from stillwatch.bench.second_hand.scene import DAY_US, HOUR_US

SPAN = (3 * DAY_US, 17 * DAY_US)


def test_a_queue_fills_its_span_in_order() -> None:
    """Exactly n times, ascending, inside the span."""
    times = queue(np.random.default_rng(1), 5_000, SPAN, Pace(runs=4, nights_off=False, jitter=0.5))
    assert len(times) == 5_000
    assert (np.diff(times) >= 0).all()
    assert SPAN[0] <= times[0]
    assert times[-1] < SPAN[1]


def test_somebody_who_sleeps_leaves_a_gap_in_the_day() -> None:
    """With nights off a third of the hours of the day have next to nothing."""
    times = queue(np.random.default_rng(2), 20_000, SPAN, Pace(runs=1, nights_off=True, jitter=1.0))
    hours = np.sort(np.bincount(times // HOUR_US % 24, minlength=24))
    assert hours[:8].sum() < 0.05 * hours.sum()


def test_even_pacing_is_more_regular_than_chance() -> None:
    """Gaps of paced workers vary less than gaps of random arrivals at the same rates."""

    def variation(jitter: float) -> float:
        pace = Pace(runs=1, nights_off=False, jitter=jitter)
        gaps = np.diff(queue(np.random.default_rng(3), 40_000, SPAN, pace)).astype(float)
        close = gaps[gaps < np.quantile(gaps, 0.95)]
        return float(close.std() / close.mean())

    assert variation(0.0) < 0.8 * variation(1.0)


def test_people_come_in_sessions_and_all_of_them_come() -> None:
    """All rows and everyone there, turns count up inside a session of one person, pauses are minutes."""
    at = sessions(np.random.default_rng(4), 4_000, 150, SPAN, Habits(mean_turns=3.0))
    assert len(at.time_us) == 4_000
    assert set(at.person.tolist()) == set(range(150))
    assert (np.diff(at.time_us) >= 0).all()
    for session in np.unique(at.session)[:200]:
        rows = at.session == session
        assert len(set(at.person[rows].tolist())) == 1
        assert at.turn[rows].tolist() == list(range(1, int(rows.sum()) + 1))


def test_lengths_are_cut_to_the_sum() -> None:
    """Lengths add up to n, and all but the last are as drawn."""
    drawn = np.random.default_rng(5).geometric(0.3, 500)
    for n in (1, 7, 250):
        kept = cut(drawn, n)
        assert kept.sum() == n
        assert (kept[:-1] == drawn[: len(kept) - 1]).all()
        assert kept[-1] >= 1


def test_sessions_start_when_told() -> None:
    """The first turn of each session is at its start."""
    start = np.array([5, 100, 100, 7]) * HOUR_US
    turns = np.array([3, 1, 2, 4])
    at = unfold(np.random.default_rng(6), start, np.arange(4), turns, pause_s=60, end_us=SPAN[1])
    heads = at.turn == 1
    assert dict(zip(at.session[heads].tolist(), at.time_us[heads].tolist(), strict=True)) == dict(
        enumerate(start.tolist())
    )


def test_deadlines_crowd_and_nights_are_at_night() -> None:
    """Half of the work comes within the spread before the hour it is due; cron work stays in its hours."""
    due = 10 * DAY_US
    times = deadline(np.random.default_rng(7), 3_000, due, spread_h=6.0, earliest_us=SPAN[0])
    assert ((times > due - 6 * HOUR_US) & (times <= due)).mean() > 0.5
    night = nightly(np.random.default_rng(8), 3_000, *SPAN, at_h=2.0, hours=3.0)
    hour = night / HOUR_US % 24
    assert ((hour >= 2) & (hour <= 5)).all()
