"""An opinion against an indicator: of one that the node holds, from a closed list, heard and kept by the others."""

from typing import Any

import pytest
from tests.share.node.members import ALPHA, BETA, NOW, harvest_of, node, told
from tests.share.node.test_node import MINUTE, fed

from stillwatch.errors import MissingData
from stillwatch.share.answers.check import Memory
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import Node, indicator_in, passed_over_in
from stillwatch.share.stix.texts import FalsePositive

REASON = FalsePositive.SHARED_NETWORK


@pytest.fixture
def held(indexes: dict[str, LocalIndex], beta: Memory) -> tuple[Node, Node, str]:
    """Alpha that told of its harvest, beta that holds it, and the indicator's id."""
    indicator, sender, receiver = told(indexes["alpha"]), node(ALPHA), node(BETA)
    fed(receiver, sender.tell(indicator, harvest_of(indexes["alpha"]), NOW).document()["objects"], beta)
    return sender, receiver, indicator.indicator_id


def test_an_opinion_reaches_its_originator_and_says_only_why(held: tuple[Node, Node, str], beta: Memory) -> None:
    """An opinion and a note are sent, both keep it, nothing else of the case is in it."""
    sender, receiver, about = held
    made: list[dict[str, Any]] = receiver.dispute(about, REASON, NOW + MINUTE).document()["objects"]
    assert {"opinion", "note"} <= {one["type"] for one in made}
    assert fed(sender, made, beta, BETA, 2) == []
    for who in (sender, receiver):
        (found,) = who.opinions_of(about)
        assert (found.origin, found.reason) == (BETA, REASON)
    assert sender.passed_over() == []


def test_an_opinion_changes_no_answer_and_no_finding(held: tuple[Node, Node, str]) -> None:
    """It is shown beside them; own evidence stays own evidence."""
    _, receiver, about = held
    before = receiver.unsent()
    receiver.dispute(about, REASON, NOW + MINUTE)
    assert [one[:2] for one in receiver.unsent()] == [one[:2] for one in before]
    assert indicator_in(receiver.engine, about) is not None


def test_nobody_disputes_what_it_does_not_hold(held: tuple[Node, Node, str]) -> None:
    """One's own is taken back and not disputed; an id that is unknown is none."""
    sender, _, about = held
    for who, identifier in ((sender, about), (held[1], "7b2a3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d")):
        with pytest.raises(MissingData, match="holds no indicator"):
            who.dispute(identifier, REASON, NOW)


def test_opinions_on_what_nobody_knows_are_not_kept(held: tuple[Node, Node, str], beta: Memory) -> None:
    """A flood of opinions on made-up ids fills no table."""
    _, receiver, about = held
    made = receiver.dispute(about, REASON, NOW + MINUTE).document()["objects"]
    stranger = node(ALPHA)
    fed(stranger, made, beta, BETA, 2)
    assert stranger.opinions_of(about) == []
    assert indicator_in(stranger.engine, about) is None


def test_what_was_passed_over_is_counted_by_whom_and_why(held: tuple[Node, Node, str], beta: Memory) -> None:
    """Most first; the objects are not kept."""
    _, receiver, _ = held
    broken = [{"type": "indicator", "id": "x"}] * 3 + [{"type": "nothing"}]
    fed(receiver, broken, beta, minutes=3)
    found = passed_over_in(receiver.engine)
    assert [row["objects"] for row in found] == [3, 1]
    assert {row["origin"] for row in found} == {ALPHA}
