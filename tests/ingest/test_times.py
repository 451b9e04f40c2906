"""Times in every form, one by one and by column."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.times import datetime_microseconds, epoch_microseconds, time_array, time_microseconds

SECONDS = 1767225600
US = SECONDS * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00",
        "2026-01-01",
        "2026-01-01T00:00",
        "2025-12-31T19:00:00-05:00",
        "2026-01-01T05:30:00.000+0530",
        "2026-01-01T00:00:00,000Z",
        " 1767225600 ",
        "1767225600.000",
        "1767225600000",
        "1767225600000000",
        "1767225600000000000",
    ],
)
def test_spellings_of_one_time(text: str) -> None:
    """RFC 3339 with its common liberties, and epochs in four units."""
    assert time_microseconds(text) == US


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "20260101",
        "2026-1-1",
        "01/02/2026",
        "2026-W01-1",
        "2026-02-30",
        "2026-01-01T25:00:00Z",
        "1_767_225_600",
    ],
)
def test_what_is_no_time(text: str) -> None:
    """Forms that may mean two things, and times that do not exist, are refused."""
    with pytest.raises(ValueError, match=r".+"):
        time_microseconds(text)


@given(st.datetimes(datetime(2015, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_round_trip_through_text_and_units(time: datetime) -> None:
    """A time written as text or in any unit is read back, to the precision of the unit."""
    aware = time.replace(tzinfo=UTC)
    us = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert time_microseconds(aware.isoformat()) == datetime_microseconds(time) == us
    assert epoch_microseconds(us * 1000) == epoch_microseconds(us) == us
    assert epoch_microseconds(us / 1e6) == us
    assert epoch_microseconds(us // 1000) == us // 1000 * 1000
    assert epoch_microseconds(us // 1_000_000) == us // 1_000_000 * 1_000_000


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 10**19 // 2))))
def test_columns_of_numbers_agree_with_single_numbers(numbers: list[int | None]) -> None:
    """The column gives what each number gives alone, wherever the time fits 64 bits."""
    column = time_array(pa.array(numbers, pa.int64()))
    assert column is not None
    assert column.cast(pa.int64()).to_pylist() == [None if n is None else epoch_microseconds(n) for n in numbers]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_timestamps_of_any_unit_and_zone(unit: str, zone: str | None) -> None:
    """Arrow timestamps keep their instant; one without a zone is UTC."""
    per_second = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    array = pa.array([SECONDS * per_second, None]).cast(pa.timestamp(unit, tz=zone))
    column = time_array(array)
    assert column is not None
    assert column.cast(pa.int64()).to_pylist() == [US, None]
