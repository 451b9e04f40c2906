"""A node takes each object once, checks what is whole, believes nobody about who they are, drops what is revoked."""

import copy
import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from tests.share.node.members import ALPHA, BETA, NOW, SIGNING, harvest_of, keys_at, node, told

from stillwatch.errors import MissingData
from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import Confidence, InformationGrade, SightingAnswer, SourceGrade
from stillwatch.share.answers.check import Memory
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import Checked, Node, findings_in
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.read import read_sighting
from stillwatch.share.stix.signatures import is_members
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.signature import sign

MINUTE = timedelta(minutes=1)


def fed(
    receiver: Node, objects: Iterable[dict[str, Any]], memory: Memory, origin: str = ALPHA, minutes: int = 0
) -> list[Checked]:
    """Give the objects of a bundle to a node, one by one; what was checked."""
    now = NOW + minutes * MINUTE
    found = [receiver.take(o, origin, f"{minutes}-{n}", memory, now) for n, o in enumerate(objects)]
    return [one for one in found if one is not None]


@pytest.fixture
def bundle(indexes: dict[str, LocalIndex]) -> tuple[Node, Admitted, str]:
    """Alpha's node, what it tells of its harvest, and the indicator's id."""
    indicator, sender = told(indexes["alpha"]), node(ALPHA)
    return sender, sender.tell(indicator, harvest_of(indexes["alpha"]), NOW), indicator.indicator_id


def test_one_half_of_a_harvest_finds_the_other(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """Beta sees it in its own traffic, with its own evidence, and answers with coverage."""
    receiver = node(BETA)
    (checked,) = fed(receiver, bundle[1].document()["objects"], beta)
    assert checked.answer.answer is SightingAnswer.SEEN
    best = max(checked.answer.findings, key=lambda finding: finding.local.score_bits)
    assert best.local.verdict is Verdict.HARVEST
    assert best.words[0].indicator_id == bundle[2]
    assert checked.sighting is not None
    sent = read_sighting(checked.sighting)
    assert (sent.indicator_id, sent.answer) == (bundle[2], SightingAnswer.SEEN)
    assert {finding["indicator_id"] for finding in findings_in(receiver.engine)} == {bundle[2]}


def test_what_comes_again_is_checked_once(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """After a reconnection the same objects may come again: no second answer."""
    receiver, objects = node(BETA), bundle[1].document()["objects"]
    assert len(fed(receiver, objects, beta)) == 1
    assert fed(receiver, objects, beta, minutes=1) == []
    assert len(receiver.unsent()) == 1


def test_an_answer_waits_until_the_forum_has_it(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """It is in the database with the check itself, so that a crash between the two loses nothing."""
    receiver = node(BETA)
    fed(receiver, bundle[1].document()["objects"], beta)
    ((indicator_id, version, sighting),) = receiver.unsent()
    assert read_sighting(sighting).indicator_id == indicator_id == bundle[2]
    receiver.sent((indicator_id, version))
    assert receiver.unsent() == []


def test_an_object_under_somebody_elses_name_is_passed_over(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """The forum says who published; an object that says otherwise opens nothing, and the place moves on."""
    receiver = node(BETA)
    assert fed(receiver, bundle[1].document()["objects"], beta, origin="0b1c2d3e-4f5a-4b6c-8d7e-9f0a1b2c3d4e") == []
    assert findings_in(receiver.engine) == []
    assert receiver.place() is not None


def test_an_object_that_does_not_pass_the_guard_is_passed_over(
    bundle: tuple[Node, Admitted, str], beta: Memory
) -> None:
    """A field too many, put in on the way."""
    receiver, objects = node(BETA), bundle[1].document()["objects"]
    for made in objects:
        if made["type"] == "indicator":
            made["x_more"] = "alice@example.com"
    assert fed(receiver, objects, beta) == []


def test_an_object_that_nobody_signed_or_somebody_else_is_passed_over(
    bundle: tuple[Node, Admitted, str], beta: Memory
) -> None:
    """Unsigned, changed after it was signed, and signed by a key that is not the originator's; each with its reason."""
    document = bundle[1].document()
    for change, reason in ((_unsigned, "unsigned"), (_changed, "wrong-signature"), (_by_another, "unknown-key")):
        receiver = node(BETA)
        assert fed(receiver, [change(made) for made in document["objects"]], beta) == []
        assert {told.partition(":")[0] for _, told in receiver.passed_over()} >= {reason}


def _unsigned(made: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(made)
    made.get("extensions", {}).get(EXTENSION, {}).pop("signature", None)
    return made


def _changed(made: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(made)
    if made["type"] == "indicator":
        made["extensions"][EXTENSION]["source_grade"] = "A"
    return made


def _by_another(made: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(made)
    if is_members(made):
        made["extensions"][EXTENSION].pop("signature")
        made["extensions"][EXTENSION]["signature"] = sign(made, SigningKey.generate())
    return made


def test_what_an_originator_says_of_its_own_grades_is_not_read(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """Signed and passed by the guard, and still not its to tell: until the forum is asked nothing is known."""
    receiver = node(BETA)
    boast = dataclasses.replace(told(indexes["alpha"]), confidence=Confidence(SourceGrade.A, InformationGrade.ONE))
    fed(receiver, node(ALPHA).tell(boast, harvest_of(indexes["alpha"]), NOW).document()["objects"], beta)
    words = [finding["word"]["confidence"] for finding in findings_in(receiver.engine)]
    assert words
    assert all(word == {"source": "F", "information": "6"} for word in words)


def test_its_own_words_are_no_news(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """The feed brings a member its own objects too."""
    assert fed(bundle[0], bundle[1].document()["objects"], beta) == []


def test_what_is_revoked_is_withdrawn_and_does_not_come_back(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """The finding stays as a record and is marked; the indicator sent again is not taken."""
    receiver, objects = node(BETA), bundle[1].document()["objects"]
    fed(receiver, objects, beta)
    gone = bundle[0].take_back(bundle[2], NOW + MINUTE)
    fed(receiver, gone.document()["objects"], beta, minutes=1)
    assert all(finding["withdrawn"] for finding in findings_in(receiver.engine))
    assert fed(receiver, objects, beta, minutes=2) == []
    assert all(finding["withdrawn"] for finding in findings_in(receiver.engine))


def test_what_the_forum_deletes_is_withdrawn_and_does_not_come_back(
    bundle: tuple[Node, Admitted, str], beta: Memory
) -> None:
    """An appeal that was upheld against a silent originator ends the indicator without its word."""
    receiver, objects = node(BETA), bundle[1].document()["objects"]
    fed(receiver, objects, beta)
    receiver.bury(f"indicator--{bundle[2]}", "gone")
    assert all(finding["withdrawn"] for finding in findings_in(receiver.engine))
    assert receiver.place() == "gone"
    assert fed(receiver, objects, beta, minutes=1) == []


def test_what_fell_before_it_came_is_not_taken(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """A node that was away hears of the end first; the feed's place is not touched then."""
    receiver = node(BETA)
    receiver.bury(f"indicator--{bundle[2]}")
    assert receiver.place() is None
    assert fed(receiver, bundle[1].document()["objects"], beta) == []


def test_an_own_indicator_that_the_forum_deleted_is_not_told_again(bundle: tuple[Node, Admitted, str]) -> None:
    """Its originator's node would publish it anew in the next epoch otherwise."""
    sender = bundle[0]
    assert [indicator.indicator_id for indicator, _ in sender.own(NOW)] == [bundle[2]]
    sender.bury(f"indicator--{bundle[2]}", "gone")
    assert sender.own(NOW) == []


def test_the_place_is_kept_with_what_was_done(bundle: tuple[Node, Admitted, str], beta: Memory) -> None:
    """A node that is opened again goes on where it was."""
    receiver, objects = node(BETA), bundle[1].document()["objects"]
    assert receiver.place() is None
    fed(receiver, objects, beta)
    assert Node(BETA, receiver.engine, SIGNING[BETA], keys_at).place() == f"0-{len(objects) - 1}"


def test_nobody_takes_back_what_they_did_not_tell() -> None:
    """The id of another's indicator is no handle."""
    with pytest.raises(MissingData, match="told no indicator"):
        node(BETA).take_back("7b2a3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", NOW)
