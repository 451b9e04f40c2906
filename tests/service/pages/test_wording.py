"""Words for customers: times as people write them, ids that only their owner knows by."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.service.pages.wording import shown_account, when


@given(st.text(min_size=1, max_size=80))
def test_an_id_is_never_shown_whole(account_id: str) -> None:
    """At most seven characters of an id are shown, and of a short one no more than the first."""
    shown = shown_account(account_id)
    kept = shown.replace("…", "", 1)
    assert len(kept) <= 7
    assert len(kept) <= max(1, len(account_id) - 3)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_times_are_told_in_one_zone(time: datetime) -> None:
    """The same moment is the same words, from whichever zone."""
    at = time.replace(tzinfo=UTC)
    assert when(at) == when(at.astimezone(timezone(timedelta(hours=9))))
    assert when(at).endswith(f"{at.year}, {at:%H:%M} UTC")
