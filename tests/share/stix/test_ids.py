"""Ids and times: one form only."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.made import TIMES

from stillwatch.errors import InvalidInput
from stillwatch.share.stix.ids import derived_id, read_time, time_text, uuid_of
from stillwatch.share.stix.vocabulary import (
    MAX_TOKENS,
    TEMPERATURES,
    TOP_PS,
    build_of,
    max_tokens_bucket,
    temperature_bucket,
    top_p_bucket,
)


@given(time=TIMES, hours=st.integers(-12, 14))
def test_times_come_back_whatever_their_zone(time: datetime, hours: int) -> None:
    """Written in UTC, read as the same instant."""
    assert read_time(time_text(time.astimezone(timezone(timedelta(hours=hours))))) == time


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T01:02:03Z",
        "2026-11-20T01:02:03.0041Z",
        "2026-11-20T01:02:03.004+01:00",
        "2026-13-20T01:02:03.004Z",
        "2026-11-20T01:02:60.004Z",
        "2026-11-20t01:02:03.004z",
        "２026-11-20T01:02:03.004Z",
        "2026-11-20T01:02:03.004Z\n",
        1763600523,
        None,
    ],
)
def test_any_other_form_is_no_time(text: object) -> None:
    """No zone but Z, no precision but milliseconds, no other digits."""
    assert read_time(text) is None


def test_a_finer_time_is_not_written() -> None:
    """It would not come back."""
    with pytest.raises(InvalidInput, match="milliseconds"):
        time_text(datetime(2026, 1, 1, 0, 0, 0, 1, UTC))


@given(parts=st.lists(st.text(max_size=5), min_size=1, max_size=3, unique=True))
def test_derived_ids_have_the_form_of_random_ones(parts: list[str]) -> None:
    """Version 4, lower case; what they come from keeps its borders."""
    made = derived_id("campaign", *parts)
    assert uuid_of(made, "campaign")
    assert uuid_of(made, "indicator") is None
    assert derived_id("campaign", *parts, "") != made


@given(value=st.floats(0, 5))
def test_parameters_fall_into_a_bucket(value: float) -> None:
    """Every value has a bucket of the closed list."""
    assert temperature_bucket(value) in TEMPERATURES
    assert top_p_bucket(value) in TOP_PS
    assert max_tokens_bucket(int(value * 10_000)) in MAX_TOKENS


@pytest.mark.parametrize("version", ["100", "x", "", "٣", "-1"])
def test_a_version_that_could_tell_more_is_not_told(version: str) -> None:
    """Only a small whole number is a major version."""
    assert build_of("httpx", version) is None
