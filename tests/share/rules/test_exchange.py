"""Rules over a running forum: published, received, tried in shadow, answered; and everything that must not count."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from sqlalchemy import select, update
from tests.share.exchange import Exchange, eventually, exchange
from tests.share.rules.test_shadow import traffic
from tests.share.rules.texts import rule_text

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.guard.admit import admit
from stillwatch.share.node.node import findings_in
from stillwatch.share.node.rule_service import Tried, publish_rule, try_rule
from stillwatch.share.node.rule_tables import RULES
from stillwatch.share.node.rules import KeptRule, RuleState, one_rule, rules_in
from stillwatch.share.node.service import Service
from stillwatch.share.node.tables import ANSWERS, FINDINGS
from stillwatch.share.rules.message import signed_answer, signed_rule
from stillwatch.share.rules.read import parse_rule
from stillwatch.share.rules.rule import HarvestRule, rule_document, rule_hash
from stillwatch.share.rules.shadow import ShadowAnswer, shadow_document
from stillwatch.share.taxii.media import TAXII_TYPE
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.signature import signed

ANSWER_ID = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A forum that answers while the tests of this file run."""
    with exchange(tmp_path_factory.mktemp("exchange")) as made:
        yield made


def rule_of(member: Service, **how: Any) -> HarvestRule:
    """A rule that this member wrote."""
    return parse_rule(rule_text(member.node.member_id, **how))


def tried(member: Service, content: str, caught: int = 25) -> Tried:
    """A member tries a rule: so many of its thirty harvesting accounts are caught."""
    accounts = {f"h{i}": (12, 0) if i < caught else (0, 12) for i in range(30)}
    batches: list[pa.RecordBatch] = [traffic(accounts)]
    return try_rule(member, content, batches, dict.fromkeys(accounts, True), datetime.now(UTC))


def kept(member: Service, content: str) -> KeptRule:
    """A rule as a node lists it."""
    return next(one for one in rules_in(member.node.engine, datetime.now(UTC)) if one.content == content)


def has(member: Service, content: str) -> bool:
    """Whether a rule came."""
    return any(one.content == content for one in rules_in(member.node.engine, datetime.now(UTC)))


def test_a_rule_is_published_received_tried_and_answered(place: Exchange) -> None:
    """Two members answer; all three see the same consensus of two; nothing was run before somebody asked for it."""
    author, first, second = (place.member() for _ in range(3))
    with place.watching(author), place.watching(first), place.watching(second):
        content = publish_rule(author, rule_of(author), datetime.now(UTC))
        eventually(lambda: all(has(one, content) for one in (author, first, second)))
        assert kept(first, content).consensus.n_members == 0
        assert tried(first, content[:12], caught=30).answer.recall == "nearly-all"
        assert tried(second, content, caught=20).answer.recall == "half"
        eventually(lambda: all(kept(one, content).consensus.n_members == 2 for one in (author, first, second)))
    said = kept(author, content).consensus
    assert {name: n for name, n in said.recall.items() if n} == {"nearly-all": 1, "half": 1}
    assert said.precision["nearly-all"] == 2 - said.precision["too-few"]
    assert sum(said.precision.values()) == 2


def test_the_last_answer_of_a_member_counts(place: Exchange) -> None:
    """Who answers again changes its answer, and is one member still."""
    author, other = place.member(), place.member()
    with place.watching(other):
        content = publish_rule(author, rule_of(author), datetime.now(UTC))
        eventually(lambda: has(other, content))
        tried(other, content, caught=20)
        tried(other, content, caught=30)
        eventually(lambda: kept(other, content).consensus.recall["nearly-all"] == 1)
    assert kept(other, content).consensus.n_members == 1


def test_of_few_accounts_nothing_is_sent(place: Exchange) -> None:
    """Below the floor the forum hears nothing, not even that there were few."""
    author, other = place.member(), place.member()
    with place.watching(other):
        content = publish_rule(author, rule_of(author), datetime.now(UTC))
        eventually(lambda: has(other, content))
    before = len(place.entries())
    accounts = {f"h{i}": (12, 0) for i in range(19)}
    result = try_rule(other, content, [traffic(accounts)], dict.fromkeys(accounts, True), datetime.now(UTC))
    assert (result.is_sent, result.counts.n_caught) == (False, 19)
    assert len(place.entries()) == before
    with pytest.raises(InvalidInput, match="too few"):
        signed_answer(result.answer, other.node.key, datetime.now(UTC))


def test_a_rule_in_shadow_flags_nobody(place: Exchange) -> None:
    """After a run in which every account is flagged a node has no finding and no answer to an indicator."""
    author, other = place.member(), place.member()
    with place.watching(other) as checked:
        content = publish_rule(author, rule_of(author), datetime.now(UTC))
        eventually(lambda: has(other, content))
        assert tried(other, content, caught=30).counts.n_flagged == 30
        eventually(lambda: kept(other, content).consensus.n_members == 1)
    assert (findings_in(other.node.engine), checked) == ([], [])
    with other.node.engine.begin() as connection:
        assert all(connection.execute(select(table)).first() is None for table in (ANSWERS, FINDINGS))


def test_a_copy_with_one_character_changed_starts_anew(place: Exchange) -> None:
    """Another hash: answers to the first do not count for it."""
    author, other = place.member(), place.member()
    with place.watching(other):
        content = publish_rule(author, rule_of(author), datetime.now(UTC))
        copy = publish_rule(author, rule_of(author, wording="rate each answers from # to #"), datetime.now(UTC))
        eventually(lambda: has(other, content) and has(other, copy))
        tried(other, content)
        eventually(lambda: kept(other, content).consensus.n_members == 1)
    assert content != copy
    assert kept(other, copy).consensus.n_members == 0


def test_an_author_does_not_answer_its_own_rule(place: Exchange) -> None:
    """Its node does not, the forum refuses it, and nodes would not count it."""
    author, other = place.member(), place.member()
    with place.watching(author), place.watching(other):
        content = publish_rule(author, rule_of(author), datetime.now(UTC))
        eventually(lambda: has(author, content) and has(other, content))
        with pytest.raises(InvalidInput, match="own rule"):
            tried(author, content)
    own = signed_answer(ShadowAnswer(content, "most", "most"), author.node.key, datetime.now(UTC))
    refused = place.post(author, "/rules/campaigns/", own.body)
    assert (refused.status_code, "does not answer" in refused.text) == (409, True)
    other.node.take_message(own.document(), author.node.member_id, "smuggled", datetime.now(UTC))
    assert kept(other, content).consensus.n_members == 0


def test_an_answer_to_a_rule_that_was_never_published_is_refused(place: Exchange) -> None:
    """In the words for a rule that is not for the member; a node passes it over."""
    member, other = place.member(), place.member()
    lost = signed_answer(ShadowAnswer("0" * 64, "most", "most"), member.node.key, datetime.now(UTC))
    blind = place.member(read=False)
    unseen = signed_answer(ShadowAnswer("0" * 64, "most", "most"), blind.node.key, datetime.now(UTC))
    answers = [place.post(member, "/rules/campaigns/", lost.body), place.post(blind, "/rules/campaigns/", unseen.body)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    other.node.take_message(lost.document(), member.node.member_id, "smuggled", datetime.now(UTC))
    assert "not published" in other.node.passed_over()[0][1]


@pytest.mark.parametrize(("how", "said"), [({"created_h": -49, "days": 2}, "expired"), ({"created_h": 1}, "future")])
def test_a_rule_of_another_time_is_refused_by_all(place: Exchange, how: dict[str, Any], said: str) -> None:
    """Expired or from the future: its own node does not send it, the forum and other nodes do not take it."""
    author, other, now = place.member(), place.member(), datetime.now(UTC)
    rule = rule_of(author, **how)
    with pytest.raises(InvalidInput, match=said):
        publish_rule(author, rule, now)
    sealed = admit(signed(rule_document(rule), author.node.key))
    assert place.post(author, "/rules/campaigns/", sealed.body).status_code == 422
    other.node.take_message(sealed.document(), author.node.member_id, "smuggled", now)
    assert said in other.node.passed_over()[0][1]


def test_a_rule_that_ends_counts_no_more(place: Exchange) -> None:
    """It is listed as ended, nobody's answer counts, and it cannot be tried."""
    author, other = place.member(), place.member()
    with place.watching(other):
        content = publish_rule(author, rule_of(author), datetime.now(UTC))
        eventually(lambda: has(other, content))
        tried(other, content)
        eventually(lambda: kept(other, content).consensus.n_members == 1)
    end = kept(other, content).rule.valid_until
    (late,) = (one for one in rules_in(other.node.engine, end) if one.content == content)
    assert (late.state, late.consensus.n_members) == (RuleState.ENDED, 0)
    with pytest.raises(InvalidInput, match="ended"):
        one_rule(other.node.engine, content, end)


def test_unsigned_resigned_and_changed_rules_are_refused_by_forum_and_node(place: Exchange) -> None:
    """No signature; another key's; one character changed after signing; under another member's name."""
    author, thief, other, now = place.member(), place.member(), place.member(), datetime.now(UTC)
    good = signed_rule(rule_of(author), author.node.member_id, author.node.key, now).document()
    changed = good | {"segments": [good["segments"][0].replace("each", "eacn")]}
    unsigned = {name: value for name, value in good.items() if name != "signature"}
    resigned = signed(good, SigningKey.generate())
    for document, reason in ((unsigned, "unsigned"), (resigned, "unknown-key"), (changed, "wrong-signature")):
        answer = place.post(author, "/rules/campaigns/", json.dumps(document).encode())
        assert (answer.status_code, reason in answer.text) == (422, True)
        other.node.take_message(document, author.node.member_id, reason, now)
    stolen = signed(good, thief.node.key)
    assert place.post(thief, "/rules/campaigns/", json.dumps(stolen).encode()).status_code == 422
    other.node.take_message(stolen, thief.node.member_id, "stolen", now)
    assert rules_in(other.node.engine, now) == []
    assert len(other.node.passed_over()) == 4


def test_what_is_spoilt_on_the_disk_counts_for_nothing(place: Exchange) -> None:
    """Signature and hash are checked again whenever a rule is listed."""
    author, other, now = place.member(), place.member(), datetime.now(UTC)
    good = signed_rule(rule_of(author), author.node.member_id, author.node.key, now)
    other.node.take_message(good.document(), author.node.member_id, "1", now)
    spoilt = good.body.replace(b"rate each answer", b"rate every answer")
    with other.node.engine.begin() as connection:
        connection.execute(update(RULES).values(body=spoilt))
    assert [one.state for one in rules_in(other.node.engine, now)] == [RuleState.SPOILT]


def test_bodies_are_bounded_and_closed(place: Exchange) -> None:
    """Too large, no JSON, a bomb of nesting, another message, a field too many: a refusal that repeats nothing."""
    author = place.member()
    good = signed_rule(rule_of(author), author.node.member_id, author.node.key, datetime.now(UTC)).document()
    appeal = {"type": "appeal", "remark": "alice@example.com"}
    for body, status in (
        (b"x" * (64 << 10), 413),
        (b"{", 422),
        (b"[" * 20_000, 422),
        (json.dumps(good | {"remark": "alice@example.com"}).encode(), 422),
        (json.dumps(appeal).encode(), 422),
    ):
        answer = place.post(author, "/rules/campaigns/", body)
        assert answer.status_code == status
        assert "alice" not in answer.text


def test_who_may_not_write_publishes_no_rule(place: Exchange) -> None:
    """A collection that is not there, and one that is only for reading."""
    reader = place.member(write=False)
    body = signed_rule(rule_of(reader), reader.node.member_id, reader.node.key, datetime.now(UTC)).body
    assert place.post(reader, "/rules/campaigns/", body).status_code == 403
    assert place.post(reader, "/rules/elsewhere/", body).status_code == 404
    with pytest.raises(MissingData, match="0 rules"):
        one_rule(reader.node.engine, "ab", datetime.now(UTC))


def test_taxii_does_not_know_messages_and_the_ledger_does(place: Exchange) -> None:
    """Rules are no STIX objects; each, and each answer, has an entry of its own kind."""
    author, other = place.member(), place.member()
    content = publish_rule(author, rule_of(author), datetime.now(UTC))
    answer = signed_answer(ShadowAnswer(content, "most", "half"), other.node.key, datetime.now(UTC))
    assert place.post(other, "/rules/campaigns/", answer.body).status_code == 201
    last = place.entries()[-2:]
    assert [(one["kind"], one["actor"]) for one in last] == [
        ("rule", author.node.member_id),
        ("shadow-answer", other.node.member_id),
    ]
    headers = {"Authorization": f"Bearer {author.token}", "Accept": TAXII_TYPE}
    told = httpx.get(f"{place.url}/forum/collections/campaigns/objects/", headers=headers).json()
    assert not [made for made in told.get("objects", []) if made["type"] in {"harvest-rule", "shadow-answer"}]


def test_an_answer_has_no_room_for_more_than_buckets() -> None:
    """Exact numbers, account ids or a rule's own words do not pass the guard."""
    told = shadow_document(ShadowAnswer("0" * 64, "most", "half"), ANSWER_ID, datetime(2026, 11, 20, tzinfo=UTC))
    for more in ({"precision": 0.93}, {"n_flagged": 30}, {"accounts": ["h1"]}, {"recall": "31 of 33"}):
        with pytest.raises(InvalidInput, match="may not cross"):
            admit(told | more)


def test_rules_of_two_tables_are_told_apart_by_their_hash_alone(tmp_path: Path) -> None:
    """The hash is of the content: signing, publishing and keeping a rule leave it as the author computed it."""
    with exchange(tmp_path) as place:
        author = place.member()
        rule = rule_of(author)
        assert publish_rule(author, rule, datetime.now(UTC)) == rule_hash(rule)
        assert publish_rule(author, rule, datetime.now(UTC)) == rule_hash(rule)
        assert [entry["kind"] for entry in place.entries()].count("rule") == 1
