"""What follows from the answers and from time, for every combination."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from stillwatch.share.appeals.case import Answer, Case, Grounds, Holder, Outcome, State, ruling, state_of

DEADLINE = datetime(2026, 12, 4, tzinfo=UTC)
ANSWERS = (None, *Answer)


def case(originator: Answer | None, other: Answer | None, outcome: Outcome | None = None) -> Case:
    """A case of two holders."""
    holders = Holder("x", True, originator, False), Holder("y", False, other, False)
    return Case("c", "i", Grounds.STALE, DEADLINE - timedelta(days=7), DEADLINE, outcome, None, holders)


@pytest.mark.parametrize(("originator", "other", "is_late"), list(product(ANSWERS, ANSWERS, (False, True))))
def test_every_combination_of_answers(originator: Answer | None, other: Answer | None, is_late: bool) -> None:  # noqa: FBT001
    """Answered when all have; else open or overdue. Only the originator decides by leaving."""
    now = DEADLINE + timedelta(seconds=1 if is_late else 0)
    found = case(originator, other)
    if originator and other:
        assert state_of(found, now) is State.ANSWERED
    else:
        assert state_of(found, now) is (State.OVERDUE if is_late else State.OPEN)
    falls = originator is Answer.WITHDRAW or (originator is None and is_late)
    assert ruling(found, now) is (Outcome.UPHELD if falls else None)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_decided_case_stays_decided(outcome: Outcome) -> None:
    """Whatever the time and the answers."""
    found = case(None, None, outcome)
    for now in (DEADLINE - timedelta(days=1), DEADLINE + timedelta(days=99)):
        assert state_of(found, now) == outcome.value
        assert ruling(found, now) is outcome
