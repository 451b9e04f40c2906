"""Sums against a plain list."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.service.rehearsal.tally import LEGITIMATE, Outcome, Sums, Tally, outcome_of
from stillwatch.service.rehearsal.world import Truth

START = datetime(2026, 11, 25, tzinfo=UTC)
TRUTHS = [Truth("harvest", "harvest"), Truth("drip", "drip"), Truth(None, "people"), Truth(None, "tools")]
ONES = st.lists(
    st.tuples(st.integers(0, 300), st.sampled_from(TRUTHS), st.sampled_from("abc"), st.sampled_from(list(Outcome)))
)


@given(ONES, st.sampled_from([None, "harvest", "people", LEGITIMATE]), st.integers(0, 5), st.integers(0, 5))
def test_sums_are_those_of_a_list(
    ones: list[tuple[int, Truth, str, Outcome]], who: str | None, first: int, last: int
) -> None:
    """By who it is and by whole hours."""
    tally = Tally()
    for minute, truth, account, outcome in ones:
        tally.add(START + timedelta(minutes=minute), truth, account, outcome)

    def is_meant(minute: int, truth: Truth) -> bool:
        is_who = who is None or truth.kind == who or (who == LEGITIMATE and truth.campaign is None)
        return is_who and first <= minute // 60 < last

    chosen = [outcome for minute, truth, _, outcome in ones if is_meant(minute, truth)]
    found = tally.sums(who, START + timedelta(hours=first), START + timedelta(hours=last))
    assert found == Sums(*(chosen.count(outcome) for outcome in (Outcome.SERVED, Outcome.CHANGED, Outcome.WITHHELD)))
    assert tally.sums().total == len(ones)


def test_who_is_there_and_which_innocents_were_touched() -> None:
    """Campaigns and kinds by name; accounts with the most first, those of campaigns left out."""
    tally = Tally()
    for truth, account, outcome in (
        (TRUTHS[0], "guilty", Outcome.WITHHELD),
        (TRUTHS[2], "once", Outcome.CHANGED),
        (TRUTHS[3], "twice", Outcome.WITHHELD),
        (TRUTHS[3], "twice", Outcome.WITHHELD),
        (TRUTHS[3], "never", Outcome.SERVED),
    ):
        tally.add(START + timedelta(minutes=90), truth, account, outcome)
    assert (tally.campaigns, tally.kinds) == (["harvest"], ["people", "tools"])
    assert tally.hours == [START + timedelta(hours=1)]
    assert tally.innocents_touched() == [("twice", 2), ("once", 1)]


@pytest.mark.parametrize(
    ("action", "serves", "outcome"),
    [
        ("observe", True, Outcome.SERVED),
        ("throttle", True, Outcome.SERVED),
        ("throttle", False, Outcome.WITHHELD),
        ("withhold_reasoning", True, Outcome.CHANGED),
        ("mark", True, Outcome.CHANGED),
        ("block", False, Outcome.WITHHELD),
    ],
)
def test_outcomes(action: str, serves: bool, outcome: Outcome) -> None:  # noqa: FBT001 - a parameter of the test
    """A throttled request within its rate is served like any other."""
    assert outcome_of({"action": action, "serves": serves}) is outcome


def test_shares_of_nothing_are_none() -> None:
    """No division by zero; of some they are what they say."""
    assert (Sums().touched_share, Sums().withheld_share) == (0.0, 0.0)
    assert (Sums(5, 2, 3).touched_share, Sums(5, 2, 3).withheld_share) == (0.5, 0.3)
