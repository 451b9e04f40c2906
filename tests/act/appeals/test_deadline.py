"""Working days, held against numpy's."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.appeals.deadline import deadline_of

TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
HOLIDAYS = st.frozensets(st.dates(date(2020, 1, 1), date(2035, 3, 1)), max_size=30)


@given(TIMES, st.integers(1, 30), HOLIDAYS)
def test_as_numpy_counts(filed_at: datetime, days: int, holidays: frozenset[date]) -> None:
    """The day is the one that numpy's business days give; on a working day the time of day stays."""
    found = deadline_of(filed_at, days, holidays)
    off = [np.datetime64(day) for day in holidays]
    start = np.busday_offset(np.datetime64(filed_at.date()), 0, roll="forward", holidays=off)
    assert np.datetime64(found.date()) == np.busday_offset(start, days, holidays=off)
    is_working = np.is_busday(np.datetime64(filed_at.date()), holidays=off)
    assert found.time() == (filed_at.time() if is_working else datetime.min.time())


@given(TIMES, st.integers(1, 29))
def test_more_days_are_later(filed_at: datetime, days: int) -> None:
    """A day more is a later deadline, and never earlier than as many days of 24 hours."""
    found = deadline_of(filed_at, days)
    assert found < deadline_of(filed_at, days + 1)
    assert found - filed_at >= timedelta(days=days - 1)
