"""Appeals at a running forum from filing to proof: by withdrawal, by silence, by decision; what falls stays down."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.share.forum.appeal_place import Place, serving_appeals

from stillwatch.errors import InvalidInput
from stillwatch.ledger.audit import audit
from stillwatch.ledger.export import export
from stillwatch.model.indicator import SignalKind, SourceGrade
from stillwatch.share.appeals.case import Answer, Grounds, Outcome, State
from stillwatch.share.appeals.removal import check_removal
from stillwatch.share.forum import rulings
from stillwatch.share.life.tombstones import Cause, tombstone_of
from stillwatch.share.node.appeals import Waiting
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import derived_id
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.tables import RECORDS, TOMBSTONE
from stillwatch.share.trust.posterior import AuditOutcome, posterior, source_grade
from stillwatch.share.trust.records import audits_of
from stillwatch.signing.keys import keys_of

NAMES = ("a", "b", "c")
NEVER: Callable[[str], None] = lambda _: None  # noqa: E731 - a node that drops what it is told to


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A forum that answers, with a week to answer appeals."""
    with serving_appeals(tmp_path) as running:
        yield running


def now() -> datetime:
    """The forum's time."""
    return datetime.now(UTC)


def filed(place: Place, indicator_id: str, name: str = "b") -> str:
    """Reference of an appeal."""
    with place.desk(name) as desk:
        return desk.file(indicator_id, Grounds.LEGITIMATE_USE, now())[0]


def waiting(place: Place, name: str) -> list[Waiting]:
    """What waits for a member."""
    with place.desk(name) as desk:
        return desk.waiting()


def give(place: Place, indicator_id: str, **answers: Answer) -> None:
    """Answers of members."""
    for name, given in answers.items():
        (one,) = [found for found in waiting(place, name) if found.indicator_id == indicator_id]
        with place.desk(name) as desk:
            desk.answer(one.appeal, given, now())


def state(place: Place, reference: str) -> dict[str, Any]:
    """Where the appeal of member b is."""
    with place.desk("b") as desk:
        return desk.status(reference)


def own(objects: list[dict[str, Any]]) -> set[str]:
    """Objects of an indicator that belong to it alone."""
    return {o["id"] for o in objects if EXTENSION in o.get("extensions", {}) and o["type"] != "campaign"}


def stored(place: Place) -> set[str]:
    """Ids of all objects that are still there."""
    found = place.store.page(place.campaigns, Filters(every=True)).records
    return {record.object_id for record in found}


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what the forum does by itself."""
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_appeal_reaches_every_holder_and_the_originators_retreat_ends_it(place: Place, tmp_path: Path) -> None:
    """Filed once, each member asked under its own name; withdrawn, deleted, acknowledged, proved, in the ledger."""
    indicator_id, objects = place.tell()
    reference = filed(place, indicator_id)
    asked = {name: waiting(place, name) for name in (*NAMES, "auditor")}
    assert [(name, [one.is_own for one in asked[name]]) for name in NAMES] == [
        ("a", [True]),
        ("b", [False]),
        ("c", [False]),
    ]
    assert asked["auditor"] == []
    assert len({one.appeal for name in NAMES for one in asked[name]}) == 3
    give(place, indicator_id, b=Answer.ABSTAIN)
    assert state(place, reference) | {"deadline": ""} == {
        "state": "open", "deadline": "", "n_holders": 3, "n_answered": 1, "n_removed": 0
    }  # fmt: skip
    give(place, indicator_id, a=Answer.WITHDRAW)
    assert not stored(place) & own(objects)
    assert next(o["id"] for o in objects if o["type"] == "campaign") in stored(place)
    for name in NAMES:
        with place.desk(name) as desk:
            assert desk.attend(NEVER, now()) == []
    assert (state(place, reference)["state"], state(place, reference)["n_removed"]) == ("upheld", 3)
    with place.desk("b") as desk:
        shown = check_removal(desk.proof(reference), keys_of([place.key.verify_key]))
    assert (shown.indicator_id, len(shown.gone), shown.is_complete) == (indicator_id, 3, True)
    with place.store.engine.begin() as connection:
        export(connection, tmp_path / "ledger.jsonl")
    assert audit(tmp_path / "ledger.jsonl", (), keys_of([place.key.verify_key])).kinds["appeal"] == 7


def test_silence_of_the_originator_deletes_without_anybody_doing_anything(tmp_path: Path) -> None:
    """The deadline passes, the forum settles by itself, and readers of the feed are told of every object."""
    with serving_appeals(tmp_path, timedelta(seconds=1)) as place:
        indicator_id, objects = place.tell()
        reference = filed(place, indicator_id)
        give(place, indicator_id, c=Answer.MAINTAIN)
        until(lambda: state(place, reference)["state"] == "upheld")
        assert not stored(place) & own(objects)
        with place.store.engine.begin() as connection:
            gone = select(RECORDS.c.object_id).where(
                RECORDS.c.kind == TOMBSTONE, RECORDS.c.collection_id == place.campaigns
            )
            assert set(connection.execute(gone).scalars()) == own(objects)


def test_what_fell_cannot_come_back(tmp_path: Path) -> None:
    """By its originator or anybody else, with a later version, in another collection, after the forum was restarted."""
    with serving_appeals(tmp_path) as place:
        indicator_id, objects = place.tell()
        filed(place, indicator_id)
        give(place, indicator_id, a=Answer.WITHDRAW)
        place.collections.add("More", alias="more")
        place.join("d", "more")
    with serving_appeals(tmp_path, known=place) as again:
        for name, collection in (("a", "campaigns"), ("b", "campaigns"), ("d", "more")):
            refused = again.publish(name, *objects, collection=collection).refused
            assert set(refused) == own(objects)
            assert {"id: was deleted, and stays so"} == set(refused.values())
        later = [{**o, "modified": "2026-11-25T00:00:00.000Z"} if o["id"] in own(objects) else o for o in objects]
        assert set(again.publish("a", *later).refused) == own(objects)


def test_a_case_that_people_have_answered_waits_for_the_operator(place: Place) -> None:
    """Everybody maintains: nothing falls by itself; rejected stays, upheld goes."""
    for outcome in Outcome:
        indicator_id, objects = place.tell()
        reference = filed(place, indicator_id)
        with pytest.raises(InvalidInput, match="it is open"):
            place.appeals.decide(place.appeals.cases()[0].case_id, outcome)
        give(place, indicator_id, a=Answer.MAINTAIN, b=Answer.MAINTAIN, c=Answer.MAINTAIN)
        assert place.appeals.settle() == []
        assert state(place, reference)["state"] == State.ANSWERED.value
        (case,) = place.appeals.cases()
        place.appeals.decide(case.case_id, outcome)
        assert (own(objects) <= stored(place)) is (outcome is Outcome.REJECTED)
        assert state(place, reference)["state"] == outcome.value
        assert place.appeals.cases() == []


def test_an_upheld_appeal_counts_against_the_originator(place: Place) -> None:
    """Wrong in each kind of signal that the indicator had; enough of them, and the grade is E."""
    for _ in range(3):
        indicator_id, _ = place.tell()
        filed(place, indicator_id)
        give(place, indicator_id, a=Answer.WITHDRAW)
    with place.store.engine.begin() as connection:
        found = tuple(audits_of(connection, place.ids["a"]))
    assert {audited.outcome for audited in found} == {AuditOutcome.WRONG}
    assert {audited.kind for audited in found} == {SignalKind.ADDRESS, SignalKind.PAYMENT, SignalKind.BAND}
    record = posterior(found, [SignalKind.ADDRESS], now() + timedelta(minutes=1))
    assert (round(record.wrong), source_grade(record)) == (3, SourceGrade.E)


def test_who_corrects_itself_before_anybody_appeals_is_not_blamed(place: Place) -> None:
    """Taken back: a tombstone of that cause; a later appeal is upheld at once, deletes the rest, and is proved."""
    indicator_id, objects = place.tell()
    told = next(o for o in objects if o["type"] == "indicator")
    later = {"modified": "2026-11-25T00:00:00.000Z", "revoked": True, "pattern": "unknown"}
    assert place.publish("a", told | later).refused == {}
    reference = filed(place, indicator_id)
    assert state(place, reference)["state"] == "upheld"
    assert not stored(place) & own(objects)
    with place.store.engine.begin() as connection:
        stone = tombstone_of(connection, indicator_id)
        assert tuple(audits_of(connection, place.ids["a"])) == ()
    assert stone is not None
    assert stone.cause is Cause.WITHDRAWN
    with place.desk("c") as desk:
        assert desk.attend(NEVER, now()) == []
    with place.desk("b") as desk:
        told = desk.proof(reference)
    assert len(check_removal(told, keys_of([place.key.verify_key])).gone) == 1
    assert not [member_id for member_id in place.ids.values() if member_id in str(told)]


def test_a_deletion_is_a_tombstone_once_nothing_is_left(place: Place) -> None:
    """One version of two is none; all of them are, and the networks go with the indicator."""
    indicator_id, objects = place.tell()
    told = next(o for o in objects if o["type"] == "indicator")
    place.publish("a", told | {"modified": "2026-11-25T00:00:00.000Z"})
    path = f"/forum/collections/campaigns/objects/{told['id']}/"
    accept = {"Accept": "application/taxii+json;version=2.1"}
    causes = []
    with place.client("a") as client:
        for query in ({"match[version]": "first"}, {"match[version]": "all"}):
            assert client.delete(path, params=query, headers=accept).status_code == 200
            with place.store.engine.begin() as connection:
                stone = tombstone_of(connection, indicator_id)
            causes.append(stone and stone.cause)
        networks = derived_id("infrastructure", indicator_id)
        assert client.delete(f"/forum/collections/campaigns/objects/{networks}/", headers=accept).status_code == 404
    assert causes == [None, Cause.DELETED]


def test_a_ruling_and_what_it_does_are_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the deletion fails the answer was not taken: no indicator is revoked on paper and alive in the store."""
    indicator_id, objects = place.tell()
    reference = filed(place, indicator_id)

    def broken(*_args: object) -> None:
        message = "planted"
        raise RuntimeError(message)

    with monkeypatch.context() as patch:
        patch.setattr(rulings, "refuse_everywhere", broken)
        (one,) = waiting(place, "a")
        with place.desk("a") as desk, pytest.raises(OSError, match="500"):
            desk.answer(one.appeal, Answer.WITHDRAW, now())
    assert own(objects) <= stored(place)
    assert (state(place, reference)["state"], state(place, reference)["n_answered"]) == ("open", 0)
    give(place, indicator_id, a=Answer.WITHDRAW)
    assert not stored(place) & own(objects)
