"""The thread beside the requests: what changed counts soon, and it stops when it is told."""

from pathlib import Path

import pytest
from tests.act.decide.made import wait_until, world

from stillwatch.act.decide.source import People
from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tending import Tending
from stillwatch.model.decision import Action


def test_an_upheld_appeal_counts_by_itself(tmp_path: Path) -> None:
    """The list of cleared streams is looked at again, the decision ends and is forgotten, the stream is allowed."""
    cleared: list[Stream] = []
    with world(tmp_path, people=People(cleared=lambda: tuple(cleared))) as made, Tending(made.decider, 0.01):
        assert made.ask().action is Action.THROTTLE
        cleared.append(Stream("c-1", "a-1"))
        wait_until(lambda: len(made.memory) == 0)
        assert made.ask().action is Action.ALLOW


def test_a_list_of_appeals_that_cannot_be_had_leaves_the_last(tmp_path: Path) -> None:
    """Whoever was cleared stays so; the health says what is wrong until it is right again."""
    cleared: list[Stream] = [Stream("c-1", "a-1")]
    broken = False

    def read() -> list[Stream]:
        if broken:
            raise OSError
        return cleared

    with world(tmp_path, people=People(cleared=read)) as made:
        made.decider.tend()
        broken = True
        made.decider.tend()
        assert made.ask().action is Action.ALLOW
        assert made.decider.health().problems == ("appeals cannot be had: OSError",)
        broken = False
        made.decider.tend()
        assert made.decider.health().problems == ()


def test_an_overdue_appeal_softens_until_it_is_answered(tmp_path: Path) -> None:
    """Nothing is done about the stream while the customer waits in vain; denied, the decision of before holds on."""
    overdue: set[Stream] = set()
    with world(tmp_path, people=People(overdue=lambda: overdue)) as made:
        before = made.ask()
        overdue.add(Stream("c-1", "a-1"))
        made.decider.tend()
        assert made.ask().action is Action.OBSERVE
        assert made.ask("a-2").action is Action.THROTTLE
        overdue.clear()
        made.decider.tend()
        assert made.ask().decision_id == before.decision_id


def test_a_policy_that_is_out_of_reach_ends_nothing(tmp_path: Path) -> None:
    """While it cannot be read requests are observed; when it is back the decisions of before hold."""
    with world(tmp_path) as made:
        before = made.ask()
        policy_of = made.decider._policy_of

        def gone() -> None:
            raise OSError

        made.decider._policy_of = gone
        made.decider.tend()
        assert made.ask().action is Action.OBSERVE
        assert made.decider.health().alarm is None
        made.decider._policy_of = lambda: None
        made.decider.tend()
        made.decider._policy_of = policy_of
        assert made.ask().decision_id == before.decision_id


def test_what_goes_wrong_once_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody thought of is told, and the next look happens all the same."""
    with world(tmp_path) as made, Tending(made.decider, 0.01) as tending:
        looks: list[int] = []

        def tend(_breath_s: float) -> None:
            looks.append(1)
            if len(looks) < 3:
                raise KeyError

        monkeypatch.setattr(made.decider, "tend", tend)
        wait_until(lambda: tending.problem == "KeyError")
        wait_until(lambda: len(looks) > 3)
        assert tending.problem is None
