"""The one thing to do next, for every state that a version can be in."""

from datetime import timedelta
from typing import Any

import pytest
from tests.console.conftest import NOW, Rig
from tests.console.policies.made import HUGE, LARGE, OTHER, POLICY, added, approved, put, seen, signer

from stillwatch.console.policies.next_step import Standing, Step, StepKind, next_step, standing_of

HOUR = timedelta(hours=1)


def standing(rig: Rig, by: str = "ada") -> Standing:
    """How the version stands for somebody."""
    with rig.home.engine.begin() as connection:
        return standing_of(connection, POLICY, signer(rig, by))


def step(rig: Rig, by: str = "ada") -> Step:
    """What is next for somebody."""
    return next_step(standing(rig, by))


@pytest.fixture(autouse=True)
def version(rig: Rig) -> None:
    """It is there."""
    added(rig, POLICY, OTHER)


def test_first_a_preview(rig: Rig) -> None:
    """Without one, or with an old one, it is previewed; every stage says why it cannot be."""
    assert step(rig).kind is StepKind.PREVIEW
    assert all(stage.refused for stage in standing(rig).stages)
    seen(rig, POLICY, at=NOW - timedelta(days=7, seconds=1))
    assert (step(rig).kind, step(rig).headline) == (StepKind.PREVIEW, "Preview it again")
    assert not standing(rig).is_fresh
    seen(rig, POLICY, at=NOW - timedelta(days=7))
    assert step(rig).kind is StepKind.ACTIVATE


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"shares": HUGE}, StepKind.CHANGE),
        ({"figures": {"traffic": {"exchanges": 999, "organisations": 999}}}, StepKind.TRAFFIC),
        ({"shares": LARGE, "figures": {"traffic": {"exchanges": 9, "organisations": 9}}}, StepKind.TRAFFIC),
        ({"shares": LARGE}, StepKind.APPROVE),
        ({}, StepKind.ACTIVATE),
    ],
)
def test_what_a_preview_shows(rig: Rig, told: dict[str, Any], kind: StepKind) -> None:
    """Too much for anybody, too little traffic, too much for one person, and within the limits."""
    seen(rig, POLICY, **told)
    assert step(rig).kind is kind


def test_two_people(rig: Rig) -> None:
    """Who approved lets another person put it in force; for everybody else it can be."""
    seen(rig, POLICY, LARGE)
    approved(rig, POLICY, "bea")
    assert step(rig, "bea").kind is StepKind.ANOTHER
    found = step(rig, "ada")
    assert (found.kind, found.why) == (StepKind.ACTIVATE, "bea stands behind it as a second person.")


def test_stages_one_after_the_other(rig: Rig) -> None:
    """It stays ten minutes at a stage, then goes on, and at the last nothing is left to do."""
    seen(rig, POLICY)
    assert step(rig).headline == "Put it in force at 1 % of accused streams"
    put(rig, POLICY, 1, after=timedelta(minutes=-4))
    found = step(rig)
    assert (found.kind, found.until) == (StepKind.WAIT, NOW + timedelta(minutes=6))
    approved(rig, POLICY)
    assert step(rig).headline == "Put it in force at 10 % of accused streams"
    put(rig, POLICY, 10)
    put(rig, POLICY, 100)
    assert step(rig).kind is StepKind.NOTHING


def test_after_the_stay_it_goes_on(rig: Rig) -> None:
    """Long enough at 1 %, one person's word takes it to 10 %."""
    seen(rig, POLICY)
    put(rig, POLICY, 1, after=timedelta(minutes=-10))
    assert step(rig).headline == "Put it in force at 10 % of accused streams"
    assert [bool(stage.refused) for stage in standing(rig).stages] == [True, False, True]


def test_thin_traffic_wants_a_second_person(rig: Rig) -> None:
    """Beyond 1 % a preview of an hour is not enough for one person."""
    seen(rig, POLICY, span=HOUR)
    put(rig, POLICY, 1, after=-HOUR)
    assert step(rig).kind is StepKind.APPROVE
    assert "1.0 hours of traffic" in step(rig).why


def test_another_version_in_force(rig: Rig) -> None:
    """What another version reached does not count for this one."""
    seen(rig, POLICY)
    seen(rig, OTHER)
    put(rig, OTHER, 1)
    found = standing(rig)
    assert (found.reached, found.stays_until) == (0, None)
    assert next_step(found).headline == "Put it in force at 1 % of accused streams"


def test_looking_changes_nothing(rig: Rig) -> None:
    """What stages say is what an activation says, and asking leaves no row behind."""
    seen(rig, POLICY)
    for _ in range(2):
        assert [bool(stage.refused) for stage in standing(rig).stages] == [False, True, True]
    assert standing(rig).now is None
