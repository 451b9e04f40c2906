"""Token buckets against their definition, bounded, under threads."""

import threading
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.throttles import Throttles

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


def test_memory_is_bounded_and_forgets_in_favour_of_the_stream() -> None:
    """Of ten thousand streams a hundred are remembered; one that was forgotten starts afresh, one that came stays."""
    throttles = Throttles(most=100)
    for n in range(10_000):
        throttles.take(Stream("c", str(n)), 6.0, 1.0)
        throttles.take(STREAM, 6.0, 1.0)
    assert len(throttles) == 100
    assert throttles.take(STREAM, 6.0, 1.0) is not None
    assert throttles.take(Stream("c", "0"), 6.0, 1.0) is None


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
