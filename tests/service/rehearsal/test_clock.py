"""A clock that is stepped: both of its hands, never back."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.service.rehearsal.clock import SteppedClock

START = datetime(2026, 11, 25, tzinfo=UTC)


@given(st.lists(st.integers(-5000, 5000)))
def test_it_stands_at_the_latest_time_it_was_told(offsets_s: list[int]) -> None:
    """Whatever the order, wall and steady hand agree and none goes back."""
    clock = SteppedClock(START)
    for place, offset_s in enumerate(offsets_s, 1):
        before = clock.steady_s()
        clock.go_to(START + timedelta(seconds=offset_s))
        latest = max(0, *offsets_s[:place])
        assert clock.wall() == START + timedelta(seconds=latest)
        assert clock.steady_s() == latest >= before


def test_it_goes_on_by_a_span() -> None:
    """From where it stands."""
    clock = SteppedClock(START)
    clock.go_on(timedelta(minutes=10))
    clock.go_on(timedelta(minutes=10))
    assert clock.wall() == START + timedelta(minutes=20)


def test_a_service_reads_it_in_utc_on_both_hands() -> None:
    """Told in another zone, it is the same moment."""
    clock = SteppedClock(START)
    service = clock.clock()
    clock.go_to((START + timedelta(hours=3)).astimezone(timezone(timedelta(hours=9))))
    assert service.now() == (START + timedelta(hours=3), 3 * 3600.0)
    assert service.unix_s() == (START + timedelta(hours=3)).timestamp()
    assert service.wall().tzinfo is UTC
