"""What comes together is taken together: as one by one, all or nothing, and answered in one piece."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.share.node.members import ALPHA, BETA, NOW, harvest_of, node, told

from stillwatch.share.answers.check import Memory
from stillwatch.share.feed.client import Event
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import Node, findings_in
from stillwatch.share.node.service import Service
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import ANSWERS, KEYS, OBJECTS
from stillwatch.share.stix.signatures import is_members
from stillwatch.share.taxii.client import Outcome


@pytest.fixture
def events(indexes: dict[str, LocalIndex]) -> list[Event]:
    """What the feed brings of alpha's harvest."""
    bundle = node(ALPHA).tell(told(indexes["alpha"]), harvest_of(indexes["alpha"]), NOW)
    return [Event(str(n), "object", "c", ALPHA, "", made) for n, made in enumerate(bundle.document()["objects"])]


def held(one: Node) -> tuple[Any, ...]:
    """Everything that a node remembers of others, but for what is random."""
    with one.engine.begin() as connection:
        answers = select(ANSWERS.c.indicator_id, ANSWERS.c.version, ANSWERS.c.answer, ANSWERS.c.coverage)
        rows = [connection.execute(chosen).all() for chosen in (select(OBJECTS), answers, select(KEYS))]
    return (*rows, findings_in(one.engine), one.passed_over(), one.place())


def test_together_is_as_one_by_one(events: list[Event], beta: Memory) -> None:
    """However the events are cut into batches, with an object that is passed over among them."""
    bad = dataclasses.replace(events[5], place="bad", document={**events[5].document, "x_more": 1})
    given = [*events[:5], bad, *events[5:]]
    singly, halves, whole = node(BETA), node(BETA), node(BETA)
    counts = [len(singly.take_all([event], beta, NOW)) for event in given]
    cut = [len(halves.take_all(part, beta, NOW)) for part in (given[:9], given[9:])]
    assert sum(counts) == sum(cut) == len(whole.take_all(given, beta, NOW)) == 1
    assert held(singly) == held(halves) == held(whole)


def test_a_batch_that_fails_leaves_nothing(events: list[Event], beta: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither objects nor keys nor the place, and the same batch can be taken afterwards."""
    receiver, fails = node(BETA), True

    def failing(self: Node, *arguments: Any) -> Any:
        if fails:
            raise RuntimeError
        return check(self, *arguments)

    check = Node._check
    monkeypatch.setattr(Node, "_check", failing)
    with pytest.raises(RuntimeError):
        receiver.take_all(events, beta, NOW)
    assert held(receiver) == held(node(BETA))
    fails = False
    assert len(receiver.take_all(events, beta, NOW)) == 1
    assert held(receiver)[2] != []


def test_a_tombstone_among_others_buries(events: list[Event], beta: Memory) -> None:
    """What the forum deletes in the same batch is withdrawn, and the place moves past it."""
    receiver = node(BETA)
    found = next(event for event in events if event.document["type"] == "indicator")
    gone = Event("gone", "tombstone", "c", ALPHA, "", {"id": found.document["id"], "version": None})
    receiver.take_all([*events, gone], beta, NOW)
    assert receiver.place() == "gone"
    assert all(finding["withdrawn"] for finding in findings_in(receiver.engine))


def test_what_nothing_follows_from_is_not_looked_at(events: list[Event], beta: Memory) -> None:
    """A campaign, or a link between campaign and technique, that nobody signed is no reason for anything."""
    receiver = node(BETA)
    dull = [
        event
        for event in events
        if event.document["type"] == "campaign" or event.document.get("relationship_type") in {"uses", "attributed-to"}
    ]
    assert len(dull) > 3
    receiver.take_all([dataclasses.replace(e, document={**e.document, "extensions": {}}) for e in dull], beta, NOW)
    assert receiver.passed_over() == []
    assert receiver.place() == dull[-1].place


class Forum:
    """Accepts everything, and remembers what it was sent in each request."""

    def __init__(self) -> None:
        self.requests: list[list[dict[str, Any]]] = []

    def publish(self, _collection: str, objects: Sequence[dict[str, Any]]) -> Outcome:
        """Accept."""
        self.requests.append(list(objects))
        return Outcome(tuple(str(made["id"]) for made in objects), {})


def test_answers_go_together_and_what_the_forum_has_does_not_go_again(
    indexes: dict[str, LocalIndex], beta: Memory, tmp_path: Path
) -> None:
    """Three answers in one request, no object twice in it; later only what is the member's own."""
    receiver, forum = node(BETA), Forum()
    settings = NodeSettings("", "c", tmp_path, tmp_path, tmp_path, ())  # type: ignore[arg-type]
    service = Service(settings, receiver, None, None, forum, "", 0, 7, 0)  # type: ignore[arg-type]
    for n in range(4):
        bundle = node(ALPHA).tell(told(indexes["alpha"]), harvest_of(indexes["alpha"]), NOW)
        batch = [Event(f"{n}", "object", "c", ALPHA, "", made) for made in bundle.document()["objects"]]
        assert len(receiver.take_all(batch, beta, NOW)) == 1
        if n >= 2:
            service.answer()
    first, second = forum.requests
    assert [made["type"] for made in first].count("sighting") == 3
    assert len({made["id"] for made in first}) == len(first)
    assert not all(is_members(made) for made in first)
    assert [made["type"] for made in second] == ["sighting"]
    assert receiver.unsent() == []
