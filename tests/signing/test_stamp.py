"""Stamps: one spelling a time, and text sorts as time does."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.signing.stamp import STAMP_CHARACTERS, stamp, time_of

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(TIMES, TIMES)
def test_stamps_come_back_and_sort(one: datetime, other: datetime) -> None:
    """As text as in time."""
    assert time_of(stamp(one)) == one
    assert (stamp(one) < stamp(other)) == (one < other)
    assert len(stamp(one)) == STAMP_CHARACTERS


def test_other_zones_are_brought_to_utc_and_no_zone_is_refused() -> None:
    """A time without a zone could be any."""
    east = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(east) == "2026-01-01T00:00:00.000000Z"
    with pytest.raises(InvalidInput, match="zone"):
        stamp(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    "text", ["", "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.0Z", "2026-1-1T0:0:0.000000Z"]
)
def test_other_spellings_are_refused(text: str) -> None:
    """One time, one text."""
    with pytest.raises(InvalidInput, match="look like"):
        time_of(text)
