"""Token buckets against their definition, of streams and of campaigns; bounded, under threads."""

import threading
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.throttles import DAY_S, HOLD_S, Throttles

STREAM = Stream("c", "a")
GAPS = st.lists(st.integers(0, 64).map(lambda n: n / 8), max_size=60)


def bucket(times: list[float], rate_per_minute: int, burst_s: int) -> list[bool]:
    """Which requests pass, in exact numbers."""
    rate = Fraction(rate_per_minute, 60)
    burst = max(Fraction(1), rate * burst_s)
    tokens, last, passes = burst, Fraction(times[0]) if times else Fraction(0), []
    for time in times:
        tokens, last = min(burst, tokens + (Fraction(time) - last) * rate), Fraction(time)
        passes.append(tokens >= 1)
        tokens -= passes[-1]
    return passes


def times_of(gaps: list[float]) -> list[float]:
    """Times with these gaps between them."""
    return [sum(gaps[:n], 100.0) for n in range(len(gaps))]


@given(GAPS, st.sampled_from([15, 30, 60, 120, 240]), st.sampled_from([1, 4, 8]))
def test_passes_what_a_bucket_passes(gaps: list[float], rate: int, burst_s: int) -> None:
    """Times and rates that floats hold exactly: no request differs from the exact bucket."""
    throttles, times = Throttles(burst_s=burst_s), times_of(gaps)
    found = [throttles.take(STREAM, rate, at_s) is None for at_s in times]
    assert found == bucket(times, rate, burst_s)


@given(GAPS, st.floats(0.1, 600))
def test_never_more_than_rate_and_burst(gaps: list[float], rate: float) -> None:
    """In any stretch of time no more than a burst and what the rate gives pass."""
    throttles, times = Throttles(burst_s=10.0), times_of(gaps)
    passed = [at_s for at_s in times if throttles.take(STREAM, rate, at_s) is None]
    burst = max(1.0, rate / 6)
    for n, start in enumerate(passed):
        for m, end in enumerate(passed[n:], 1):
            assert m <= burst + (end - start) * rate / 60 + 1e-6


@given(st.floats(0.1, 600), st.integers(1, 30))
def test_whoever_waits_as_told_passes(rate: float, asks: int) -> None:
    """The seconds that are told are enough, and at least one."""
    throttles = Throttles()
    waits = [throttles.take(STREAM, rate, 50.0) for _ in range(asks)]
    told = next((wait for wait in reversed(waits) if wait is not None), None)
    if told is not None:
        assert told >= 1
        assert throttles.take(STREAM, rate, 50.0 + told) is None


def test_a_clock_that_goes_back_gives_nothing() -> None:
    """Time that has passed does not pass again."""
    throttles = Throttles()
    assert throttles.take(STREAM, 6.0, 100.0) is None
    assert throttles.take(STREAM, 6.0, 40.0) == 10
    assert throttles.take(STREAM, 6.0, 100.0) == 10
    assert throttles.take(STREAM, 6.0, 110.0) is None


def test_memory_is_bounded_and_forgets_who_came_longest_ago() -> None:
    """Of ten thousand streams a hundred are remembered; who comes again and again stays; later all start afresh."""
    throttles = Throttles(most=100)
    for n in range(10_000):
        throttles.take(Stream("c", str(n)), 6.0, 1.0)
        throttles.take(STREAM, 6.0, 1.0)
    assert len(throttles) == 100
    assert throttles.take(STREAM, 6.0, 1.0) == 10
    assert throttles.take(Stream("c", "0"), 6.0, 11.0) is None


@pytest.mark.parametrize("per_s", [8, 40])
def test_streams_in_turn_do_not_each_find_a_full_bucket(per_s: int) -> None:
    """Four hundred in turn, of which a hundred are remembered: together at most twice what a hundred may have.

    And what a hundred may have they get, so that nobody is shut out.
    """
    throttles, seconds, rate = Throttles(most=100, burst_s=10.0), 600, 0.1
    passed = sum(
        throttles.take(Stream("c", str(n % 400)), 60 * rate, n / per_s) is None for n in range(seconds * per_s)
    )
    allowed = 100 * rate * seconds
    assert passed <= 2 * allowed + 100 + 100 * rate * 10.0 + 1
    assert passed >= min(0.9 * allowed, 0.9 * seconds * per_s)


def test_nor_its_own_of_the_day() -> None:
    """A thousand of a campaign in turn, of which a hundred are remembered, for two days; two a day are each one's."""
    throttles, rate = Throttles(most=100), 1.0
    times = [n * 5.0 for n in range(int(2 * DAY_S / 5))]
    passed = sum(throttles.take(Stream("c", str(n % 1000)), rate, at_s, 2.0) is None for n, at_s in enumerate(times))
    assert passed <= 100 * 2 + 2 * 100 * 2 * 2 + 2 * 24 * 60 * rate + 10 + 1
    assert len(throttles) == 100


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 5)), max_size=40), st.sampled_from([None, 2.0]))
def test_a_flood_takes_nothing_from_another_campaign(asked: list[tuple[int, float]], own: float | None) -> None:
    """Few streams among ever new ones of another campaign are told what they are told alone."""
    alone, flooded, now_s, n = Throttles(), Throttles(most=20), 0.0, 0
    for who, gap_s in asked:
        now_s += gap_s
        for _ in range(30):
            n += 1
            flooded.take(Stream("flood", str(n)), 6.0, now_s, own)
        stream = Stream("c", str(who))
        assert flooded.take(stream, 6.0, now_s, own) == alone.take(stream, 6.0, now_s, own)
    assert len(flooded) <= 20


def test_threads_take_no_token_twice() -> None:
    """Eight threads ask at one moment: exactly the burst passes."""
    throttles = Throttles(burst_s=10.0)
    passed: list[bool] = []

    def ask() -> None:
        passed.extend(throttles.take(STREAM, 600.0, 5.0) is None for _ in range(200))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 100


ASKED = st.lists(st.tuples(st.integers(0, 3), st.floats(0, 4 * DAY_S)), max_size=80).map(
    lambda asked: sorted(asked, key=lambda one: one[1])
)
"""Requests of four streams over four days."""


@given(ASKED, st.integers(1, 6), st.sampled_from([0.01, 0.5, 30.0]))
def test_nobody_is_held_under_its_own(asked: list[tuple[int, float]], own: int, rate: float) -> None:
    """A stream that sends no more than its own in any 24 hours always passes, whatever the three others send."""
    throttles, sent = Throttles(), list[float]()
    for who, at_s in asked:
        if who or sum(at_s - DAY_S < before for before in sent) < own:
            wait_s = throttles.take(Stream("c", str(who)), rate, at_s, own)
            if not who:
                sent.append(at_s)
                assert wait_s is None


@given(ASKED, st.floats(1, 6), st.sampled_from([0.01, 0.5, 30.0]))
def test_a_campaign_gets_no_more_than_its_own_and_the_rate(
    asked: list[tuple[int, float]], own: float, rate: float
) -> None:
    """In any stretch of time: what each stream has for itself, a burst, and the rate, with places that were kept."""
    throttles = Throttles(burst_s=10.0)
    passed = [(who, at_s) for who, at_s in asked if throttles.take(Stream("c", str(who)), rate, at_s, own) is None]
    for n, (_, start) in enumerate(passed):
        for m, (_, end) in enumerate(passed[n:], 1):
            streams = len({who for who, _ in passed[n : n + m]})
            of_own = streams * own * (1 + (end - start) / DAY_S)
            assert m <= of_own + max(1.0, rate / 6) + (end - start + HOLD_S) * rate / 60 + 1e-6


@given(ASKED, st.floats(1, 6), st.sampled_from([0.01, 0.5, 30.0]), st.floats(0, 0.9))
def test_whoever_of_a_campaign_waits_as_told_passes(
    asked: list[tuple[int, float]], own: float, rate: float, late: float
) -> None:
    """And at most a day over its own is told; to come a little late does no harm."""
    for last, (who, at_s) in enumerate(asked[:20]):
        throttles = Throttles()
        waits = [throttles.take(Stream("c", str(w)), rate, s, own) for w, s in asked[: last + 1]]
        if (wait_s := waits[-1]) is not None:
            assert 1 <= wait_s <= DAY_S / own + 1
            for other in range(4):
                if other != who:
                    throttles.take(Stream("c", str(other)), rate, at_s, own)
            assert throttles.take(Stream("c", str(who)), rate, at_s + wait_s + late * HOLD_S, own) is None


def test_a_loud_stream_takes_nobodys_place() -> None:
    """It asks every second and gets every tenth place, like each of nine others that come when they are told."""
    throttles, names = Throttles(), [str(n) for n in range(10)]
    due, passed = dict.fromkeys(names[1:], 0.0), dict.fromkeys(names, 0)
    for at_s in range(20_000):
        for name in names:
            if due.get(name, 0.0) <= at_s:
                wait_s = throttles.take(Stream("c", name), 1.0, float(at_s), 1.0)
                passed[name] += wait_s is None
                if name in due:
                    due[name] = at_s + (wait_s or 0)
    assert max(passed.values()) - min(passed.values()) <= 2
    assert sum(passed.values()) == pytest.approx(10 + 20_000 / 60, abs=10)


def test_those_that_are_told_do_not_come_back_at_once() -> None:
    """A hundred that are over their own are told a minute apart."""
    throttles = Throttles()
    for n in range(100):
        assert throttles.take(Stream("c", str(n)), 1.0, 0.0, 1.0) is None
    waits = [throttles.take(Stream("c", str(n)), 1.0, 0.0, 1.0) for n in range(100)]
    assert waits == [None, *(60 * n + 1 for n in range(1, 100))]
    assert [throttles.take(Stream("c", str(n)), 1.0, 0.0, 1.0) for n in range(1, 100)] == waits[1:]


def test_a_place_is_not_kept_for_ever() -> None:
    """Who comes later than ten minutes after its time queues again."""
    throttles, other = Throttles(), Stream("c", "b")
    throttles.take(STREAM, 0.05, 0.0, 1.0)
    throttles.take(STREAM, 0.05, 0.0, 1.0)
    assert throttles.take(STREAM, 0.05, 0.0, 1.0) == 1201
    throttles.take(other, 0.05, 1201.0, 1.0)
    assert throttles.take(other, 0.05, 1800.0, 1.0) == 601
    assert throttles.take(STREAM, 0.05, 1801.0, 1.0) == 1800


def test_campaigns_do_not_share() -> None:
    """Each has a bucket of its own, and so has each stream that is throttled by itself."""
    throttles = Throttles()
    for campaign in ("c", "d"):
        stream = Stream(campaign, "a")
        assert [throttles.take(stream, 1.0, 0.0, 1.0) for _ in range(3)] == [None, None, 61]
        assert throttles.take(stream, 1.0, 0.0) is None


def test_campaigns_are_bounded_and_forgotten_in_their_favour() -> None:
    """Of ten thousand streams of as many campaigns a hundred are remembered, and the first starts afresh."""
    throttles = Throttles(most=100)
    for n in range(10_000):
        for _ in range(3):
            throttles.take(Stream(str(n), "a"), 1.0, 0.0, 1.0)
    assert (len(throttles), len(throttles._next_s)) == (100, 100)
    assert throttles.take(Stream("9999", "a"), 1.0, 0.0, 1.0) == 61
    assert throttles.take(Stream("0", "a"), 1.0, 0.0, 1.0) is None


def test_a_clock_that_goes_back_gives_a_campaign_nothing() -> None:
    """Its places and its streams' own do not come twice."""
    throttles = Throttles()
    assert [throttles.take(STREAM, 1.0, 1000.0, 1.0) for _ in range(3)] == [None, None, 61]
    assert throttles.take(STREAM, 1.0, 400.0, 1.0) == 661
    assert throttles.take(STREAM, 1.0, 1061.0, 1.0) is None
