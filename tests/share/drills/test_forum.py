"""A drill at a running forum: three nodes, one honest, one that lies, one that echoes; and its proof."""

import contextlib
import copy
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
import pytest
from sqlalchemy import select
from tests.share.exchange import Exchange, eventually, exchange
from tests.share.made import indicator

from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.model.indicator import Indicator, Sighting, SightingAnswer, SignalKind, Tag
from stillwatch.share.answers.check import Memory
from stillwatch.share.answers.findings import LocalEvidence
from stillwatch.share.answers.index import KINDS, Local, TagIndex
from stillwatch.share.drills.close import close, drills_in, proof_of, report_on
from stillwatch.share.drills.plant import Planted, add_account, plant
from stillwatch.share.drills.proof import check_drill, check_order
from stillwatch.share.drills.templates import likeness, templates_in
from stillwatch.share.forum.member_keys import verify_keys_of
from stillwatch.share.guard.admit import admit
from stillwatch.share.node.service import Service
from stillwatch.share.stix.signatures import is_members, signed_bundle, verify_object
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.stix.write import false_positive_bundle, sighting_bundle
from stillwatch.share.taxii.tables import OBJECT, RECORDS
from stillwatch.signing.keys import keys_of

EPOCH = 3


def now() -> datetime:
    """Whole milliseconds."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def real(**changes: Any) -> Indicator:
    """A real one, of this moment."""
    at = now()
    times = {"created": at, "modified": at, "valid_from": at, "valid_until": at + timedelta(days=14)}
    return indicator(**times, quiet_until=None, **changes)


def tell(member: Service, one: Indicator) -> None:
    """Publish an indicator as a node does."""
    assert not member.send(member.node.tell(one, "campaign-1", now())).refused


def remembers(one: Indicator) -> Memory:
    """Traffic in which a family has the indicator's tags."""
    tags = np.frombuffer(bytes.fromhex("".join(tag.value for tag in one.tags)), np.uint8).reshape(-1, 32)
    n = len(one.tags)
    kinds = np.array([KINDS.index(tag.kind) for tag in one.tags], np.uint8)
    family, account = np.ones(n, np.uint64), np.arange(n, dtype=np.uint64)
    index = TagIndex.of(
        Local(tags, kinds, family, account, np.zeros(n, np.bool_)),
        epoch=EPOCH,
        days=14,
        coverage=dict.fromkeys(SignalKind, 1.0),
        n_accounts=1_000_000,
        n_families=10,
    )
    return Memory(index, {}, lambda number: LocalEvidence(number, None, 0.0, 0.0, 40, 1_000))


def answered(member: Service, indicator_id: str, answer: SightingAnswer) -> None:
    """A member answers, whatever it has seen."""
    told = Sighting(str(uuid.uuid4()), indicator_id, now(), answer, 14, 1.0, (SignalKind.BAND,))
    bundle = sighting_bundle(told, member.node.member_id, indicator().tlp)
    member.send(admit(signed_bundle(bundle, member.node.key)))


def standing(place: Exchange, name: str) -> Indicator:
    """An indicator as it stands at the forum."""
    with place.store.engine.begin() as connection:
        found = templates_in(connection, place.campaigns)
    return next(one for one in found if one.indicator_id == name)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Exchange]:
    """A forum with one real indicator, which its originator signed."""
    with exchange(tmp_path) as made:
        yield made


def planted(place: Exchange, count: int = 1) -> tuple[str, Planted]:
    """An account of the forum's and its drill."""
    account = add_account(place.store, place.on_event, "quiet one", "campaigns")
    return account, plant(place.store, account, "campaigns", count, place.key)


def test_who_lies_and_who_echoes_is_found_and_who_looks_is_not(place: Exchange) -> None:
    """The honest node sees the real campaign and not the canary; all withdraw it; detection and recovery are told."""
    origin, honest, liar, echoer = (place.member() for _ in range(4))
    true = real()
    tell(origin, true)
    with contextlib.ExitStack() as stack:
        checked = stack.enter_context(place.watching(honest, remembers(true)))
        for other in (origin, liar, echoer):
            stack.enter_context(place.watching(other))
        eventually(lambda: len(checked) == 1)
        account, drill = planted(place)
        (name,) = drill.indicator_ids
        eventually(lambda: len(checked) == 2)
        for seen in (true.indicator_id, name):
            answered(liar, seen, SightingAnswer.SEEN)
        echo = replace(standing(place, name), indicator_id=str(uuid.uuid4()), group_id=str(uuid.uuid4()))
        tell(echoer, echo)
        dispute = false_positive_bundle(
            name, FalsePositive.SHARED_NETWORK, now(), member=honest.node.member_id, tlp=true.tlp
        )
        honest.send(admit(signed_bundle(dispute, honest.node.key)))
        eventually(lambda: report_on(place.store, drill.drill_id).n_answers == 2)
        before = report_on(place.store, drill.drill_id)
        close(place.store, drill.drill_id, place.key)
        eventually(lambda: report_on(place.store, drill.drill_id).n_holding == 1)
        assert report_on(place.store, drill.drill_id).recovery is None
        echoer.take_back(echo.indicator_id)
        eventually(lambda: report_on(place.store, drill.drill_id).recovery is not None)
    assert {one.indicator.indicator_id: one.answer.answer for one in checked[:2]} == {
        true.indicator_id: SightingAnswer.SEEN,
        name: SightingAnswer.LOOKED_NOT_SEEN,
    }
    assert (before.n_members, before.n_holding, before.recovery) == (4, 4, None)
    after = report_on(place.store, drill.drill_id)
    assert after.believers == {liar.node.member_id}
    assert after.echoers == {echoer.node.member_id}
    assert (after.n_answers, after.n_seen, after.n_holding) == (2, 1, 0)
    assert after.detection is not None
    assert after.recovery is not None
    assert timedelta() < after.detection < after.recovery
    assert account not in {*after.believers, *after.echoers}


def test_a_canary_is_published_as_any_member_publishes(place: Exchange) -> None:
    """The same kinds of objects and fields, each signed by a key that the forum tells of the pseudonym."""
    origin = place.member()
    tell(origin, real())
    account, drill = planted(place, count=2)
    with place.store.engine.begin() as connection:
        rows = connection.execute(select(RECORDS).where(RECORDS.c.kind == OBJECT)).all()
    shapes: dict[str, set[tuple[str, ...]]] = {}
    for row in rows:
        made = orjson.loads(row.document)
        if is_members(made):
            verify_object(made, verify_keys_of(place.store.engine, row.origin))
            shapes.setdefault(row.origin, set()).add((made["type"], *sorted(made), *sorted(made["extensions"])))
    assert shapes[account] == shapes[origin.node.member_id]
    assert len(drill.indicator_ids) == 2


def test_the_ledger_does_not_warn_anybody(place: Exchange) -> None:
    """Before it is closed a drill is, entry by entry, what a member does: joins, commits, publishes."""
    origin = place.member()
    tell(origin, real())
    account, drill = planted(place)
    mine = [entry["kind"] for entry in place.entries() if entry["actor"] == account]
    theirs = [entry["kind"] for entry in place.entries() if entry["actor"] == origin.node.member_id]
    assert mine == [*theirs[:-2], "commitment", *theirs[-2:]]
    assert "drill" not in {entry["kind"] for entry in place.entries()}
    with pytest.raises(MissingData, match="not closed"):
        proof_of(place.store, drill.drill_id, place.key)


def test_that_it_was_a_drill_is_proved_offline(place: Exchange) -> None:
    """By a commitment that stands before the canaries; a proof of which anything is changed does not hold."""
    tell(place.member(), real())
    _, drill = planted(place)
    close(place.store, drill.drill_id, place.key)
    told = proof_of(place.store, drill.drill_id, place.key)
    shown = check_drill(told, keys_of([place.key.verify_key]))
    assert (shown.drill_id, shown.indicator_ids, shown.entry.index) == (
        drill.drill_id,
        drill.indicator_ids,
        drill.entry,
    )
    place.entries()
    assert check_order(shown, place.folder / "ledger.jsonl") == 1
    kinds = [entry["kind"] for entry in place.entries()]
    assert kinds[-2:] == ["reveal", "drill"]
    for change in (_another_drill, _another_entry, _another_salt, _nonsense):
        with pytest.raises(FailedProof):
            check_drill(change(copy.deepcopy(told)), keys_of([place.key.verify_key]))


def _another_drill(told: dict[str, Any]) -> dict[str, Any]:
    told["reveal"]["item"]["indicators"] = [str(uuid.uuid4())]
    return told


def _another_entry(told: dict[str, Any]) -> dict[str, Any]:
    told["proof"]["entry"]["actor"] = str(uuid.uuid4())
    return told


def _another_salt(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"salt": "0" * 64}


def _nonsense(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"proof": "x"}


def test_a_publication_before_the_commitment_is_no_drill(place: Exchange) -> None:
    """Who publishes first and calls it a drill afterwards is found out by the places in the ledger."""
    tell(place.member(), real())
    _, drill = planted(place)
    close(place.store, drill.drill_id, place.key)
    shown = check_drill(proof_of(place.store, drill.drill_id, place.key))
    place.entries()
    path = place.folder / "ledger.jsonl"
    moved = replace(shown, entry=replace(shown.entry, index=len(path.read_text().splitlines()) + 9))
    with pytest.raises(FailedProof, match="before the drill"):
        check_order(moved, path)
    other = replace(shown, entry=replace(shown.entry, commitment="0" * 64))
    with pytest.raises(FailedProof, match="another"):
        check_order(other, path)


def test_closing_deletes_all_of_the_canaries_and_again_is_no_harm(place: Exchange) -> None:
    """Nothing of the account stands; the real indicator does; closing twice reveals once."""
    tell(place.member(), real())
    account, drill = planted(place, count=3)
    first = close(place.store, drill.drill_id, place.key)
    assert close(place.store, drill.drill_id, place.key) == first
    with place.store.engine.begin() as connection:
        left = select(RECORDS.c.type).where(RECORDS.c.origin == account, RECORDS.c.document.is_not(None))
        assert set(connection.execute(left).scalars()) <= {"identity"}
        (listed,) = drills_in(connection)
        assert len(templates_in(connection, place.campaigns)) == 1
    assert listed.closed_at is not None
    assert [entry["kind"] for entry in place.entries()].count("drill") == 1


def test_an_account_serves_once(place: Exchange) -> None:
    """Its pseudonym is known afterwards; and nobody else's account plants anything."""
    origin = place.member()
    tell(origin, real())
    account, _ = planted(place)
    with pytest.raises(InvalidInput, match="one drill"):
        plant(place.store, account, "campaigns", 1, place.key)
    with pytest.raises(MissingData, match="no account"):
        plant(place.store, origin.node.member_id, "campaigns", 1, place.key)
    with pytest.raises(MissingData, match="no collection"):
        plant(place.store, account, "elsewhere", 1, place.key)
    with pytest.raises(InvalidInput, match="1 to 20"):
        plant(place.store, account, "campaigns", 21, place.key)


def test_a_collection_without_indicators_hides_no_canary(place: Exchange) -> None:
    """There is nothing that it could be like."""
    account = add_account(place.store, place.on_event, "quiet one", "campaigns")
    with pytest.raises(MissingData, match="whose like"):
        plant(place.store, account, "campaigns", 1, place.key)


def test_a_canary_is_like_several_and_a_copy_of_none(place: Exchange) -> None:
    """Parts of the behaviour are others', its hours nobody's; tags of the newest epoch only."""
    one = real(indicator_id=str(uuid.uuid4()))
    other = replace(
        one,
        indicator_id=str(uuid.uuid4()),
        behaviour=replace(one.behaviour, temperature="1", max_tokens="0-256", builds=("curl/8",)),
        tags=tuple(Tag(tag.kind, EPOCH - 1, tag.value) for tag in one.tags),
    )
    made = [likeness([one, other], now(), Random(seed)) for seed in range(20)]  # noqa: S311 - a test
    assert {found.behaviour.temperature for found in made} == {"0", "1"}
    assert all(found.behaviour.week not in {one.behaviour.week, other.behaviour.week} for found in made)
    assert all(sorted(found.behaviour.week) == sorted(one.behaviour.week) for found in made)
    assert all(found.behaviour.elicitation == one.behaviour.elicitation for found in made)
    origin = place.member()
    for told in (one, other):
        tell(origin, told)
    with place.store.engine.begin() as connection:
        (only,) = templates_in(connection, place.campaigns)
    assert {tag.epoch for tag in only.tags} == {EPOCH}


def test_removal_is_told_of_what_was_deleted_for_the_member(place: Exchange) -> None:
    """A place that is made up, one of another use and one of no tombstone are refused in the same words."""
    origin, blind = place.member(), place.member(read=False)
    tell(origin, real())
    cursors, top = place.store.cursors, place.store.marks()[0]
    _, drill = planted(place)
    close(place.store, drill.drill_id, place.key)
    stone = place.store.marks()[0]
    bodies = [cursors.text(top, "feed"), cursors.text(stone, "page x"), "x" * 32, cursors.text(stone + 99, "feed")]
    answers = [place.post(origin, "/removed/", _place(text)) for text in bodies]
    answers.append(place.post(blind, "/removed/", _place(cursors.text(stone, "feed"))))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert place.post(origin, "/removed/", b"{").status_code == 422
    assert place.post(origin, "/removed/", b"x" * 300).status_code == 413
    before = len(place.entries())
    assert [place.post(origin, "/removed/", _place(cursors.text(stone, "feed"))).status_code for _ in range(2)] == [
        200,
        200,
    ]
    assert [entry["kind"] for entry in place.entries()[before:]] == ["removal"]


def _place(text: str) -> bytes:
    return b'{"place": "%b"}' % text.encode()


def test_an_unknown_drill_is_missing(place: Exchange) -> None:
    """Named, and not a failure."""
    for ask in (report_on, lambda store, name: close(store, name, place.key)):
        with pytest.raises(MissingData, match="no such drill"):
            ask(place.store, "d")
