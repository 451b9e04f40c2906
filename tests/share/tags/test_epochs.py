"""Epochs follow one another without gap or overlap."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.share.tags import epoch_end, epoch_of, epoch_start

TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone is added


@given(time=TIMES, days=st.integers(1, 366))
def test_every_time_is_in_the_epoch_it_is_given(time: datetime, days: int) -> None:
    """Its epoch began before and ends after, and the next begins where it ends."""
    epoch = epoch_of(time, days)
    assert epoch_start(epoch, days) <= time < epoch_end(epoch, days)
    assert epoch_end(epoch, days) == epoch_start(epoch + 1, days)
    assert epoch_of(epoch_end(epoch, days), days) == epoch + 1


def test_zones_do_not_matter() -> None:
    """The same instant is in the same epoch everywhere."""
    time = datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
    assert epoch_of(time, 1) == epoch_of(time.astimezone(timezone(timedelta(hours=-8))), 1)


def test_times_and_lengths_that_are_none_are_refused() -> None:
    """No zone, before 1970, no days, a number beyond the calendar."""
    with pytest.raises(InvalidInput, match="zone"):
        epoch_of(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(InvalidInput, match="1970"):
        epoch_of(datetime(1969, 1, 1, tzinfo=UTC))
    for days in (0, 367):
        with pytest.raises(InvalidInput, match="1 to 366"):
            epoch_start(1, days)
    with pytest.raises(InvalidInput, match="no epoch"):
        epoch_start(10**12)
