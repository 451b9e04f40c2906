"""Commitments, reveals, grades and corroboration over HTTP: what counts, what does not, and what the hostile gain."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select
from tests.share import made
from tests.share.trust_exchange import Exchange, exchanging

from stillwatch.errors import MissingData
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import ENTRIES
from stillwatch.model.indicator import Indicator, SightingAnswer, SignalKind, Tag, Tlp
from stillwatch.share.access.quotas import Limits
from stillwatch.share.commitments.held import item_of
from stillwatch.share.commitments.holding import Holding
from stillwatch.share.commitments.messages import commitment_message, reveal_message
from stillwatch.share.forum import commitment_api
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import derived_id
from stillwatch.share.stix.write import indicator_bundle, revocation, sighting_bundle
from stillwatch.share.taxii.client import Taxii
from stillwatch.share.trust.owners import set_owner
from stillwatch.share.trust.posterior import AuditOutcome

NOBODY = "0b1c2d3e-4f5a-4b6c-8d7e-9f0a1b2c3d4e"


def tags(*numbers: int) -> tuple[Tag, ...]:
    """Tags of these numbers, every other one a band."""
    return tuple(Tag(SignalKind.BAND if n % 2 else SignalKind.PAYMENT, 3, made.digest(n)) for n in numbers)


SHARED, OTHERS = tags(*range(10)), tags(*range(100, 110))


class Someone:
    """A member without a node, which does what it likes."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.member_id, self.token = exchange.member()
        self.held: dict[int, Holding] = {}
        self.said: dict[str, Indicator] = {}

    def commit(self, found: Iterable[Tag]) -> int:
        """Place of a commitment to tags."""
        holding = Holding(self.member_id, map(item_of, found), uuid.uuid4().bytes * 2)
        index = int(self.post("/commitments/", commitment_message(holding.commitment, datetime.now(UTC)).body)["index"])
        self.held[index] = holding
        return index

    def reveal(self, index: int, found: Iterable[Tag], holding: Holding | None = None) -> httpx.Response:
        """Answer to a reveal, of a commitment of one's own or of what one says it is."""
        used = holding or self.held[index]
        message = reveal_message(index, [used.reveal(item_of(tag)) for tag in found], datetime.now(UTC))
        return self.exchange.post(self.token, "/reveals/", message.body)

    def post(self, path: str, body: bytes) -> dict[str, Any]:
        """Answer to something that is taken."""
        answer = self.exchange.post(self.token, path, body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def publish(self, found: tuple[Tag, ...], **changes: Any) -> str:
        """Id of an indicator with these tags."""
        now = datetime.now(UTC).replace(microsecond=0)
        times = {"created": now, "modified": now, "valid_from": now, "valid_until": now + timedelta(days=9)}
        named = {"indicator_id": str(uuid.uuid4()), "group_id": str(uuid.uuid4()), "quiet_until": None}
        indicator = made.indicator(tags=found, **(times | named | changes))
        self.said[indicator.indicator_id] = indicator
        self.send(indicator_bundle(indicator, self.member_id)["objects"])
        return indicator.indicator_id

    def revoke(self, identifier: str) -> None:
        """Take an indicator back."""
        indicator = self.said[identifier]
        later = indicator.modified + timedelta(seconds=1)
        self.send(revocation(indicator, self.member_id, later)["objects"])

    def send(self, objects: list[dict[str, Any]]) -> None:
        """Publish objects as they are."""
        taxii = Taxii(f"{self.exchange.url}/taxii2/", self.token)
        try:
            assert taxii.publish("campaigns", objects).refused == {}
        finally:
            taxii.close()

    def ask(self, path: str) -> httpx.Response:
        """Ask the forum."""
        return self.exchange.get(self.token, path)

    def origins(self, identifier: str) -> int:
        """Origins of an indicator, as this member is told."""
        return int(self.ask(f"/corroboration/{identifier}").json()["origins"])


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A forum for the tests of this file."""
    with exchanging(tmp_path_factory.mktemp("forum") / "forum.db") as running:
        yield running


@pytest.fixture
def three(exchange: Exchange) -> tuple[Someone, Someone, Someone]:
    """Three members that nobody has met before, and tags that nobody had: those of other tests are not theirs."""
    global SHARED, OTHERS
    base = uuid.uuid4().int % (1 << 60) * 2
    SHARED, OTHERS = tags(*range(base, base + 10)), tags(*range(base + 100, base + 110))
    return Someone(exchange), Someone(exchange), Someone(exchange)


def corroborated(one: Someone, other: Someone) -> tuple[str, str, int]:
    """Two members that really knew the same: both indicators, and the place of the other's commitment."""
    index = other.commit(SHARED)
    first = one.publish(SHARED)
    second = other.publish(SHARED)
    assert other.reveal(index, SHARED).status_code == 201
    return first, second, index


def test_who_committed_before_is_a_second_origin(three: tuple[Someone, Someone, Someone]) -> None:
    """Both indicators have two origins then, and every entry that is named proves itself."""
    one, other, reader = three
    first, second, index = corroborated(one, other)
    told = reader.ask(f"/corroboration/{first}").json()
    assert (told["origins"], told["originator"], reader.origins(second)) == (2, one.member_id, 2)
    (partner,) = told["partners"]
    (opened,) = partner["commitments"]
    assert (partner["member"], opened["member"], opened["index"]) == (other.member_id, other.member_id, index)
    for place in (index, opened["reveal"], *partner["publications"]):
        found = reader.ask(f"/corroboration/{first}/entries/{place}").json()
        assert found["proof"]["entry"]["index"] == place


def test_three_origins_are_three_and_more_are_not_told(
    exchange: Exchange, three: tuple[Someone, Someone, Someone]
) -> None:
    """How many see a campaign is nobody's business from three on."""
    members = [*three, Someone(exchange)]
    places = [member.commit(SHARED) for member in members]
    ids = [member.publish(SHARED) for member in members]
    for member, place in zip(members, places, strict=True):
        member.reveal(place, SHARED)
    told = members[0].ask(f"/corroboration/{ids[0]}").json()
    assert told["origins"] == 3
    assert len(told["partners"]) == 2


def test_a_commitment_after_sight_is_an_echo(three: tuple[Someone, Someone, Someone]) -> None:
    """It is taken and recorded, and the reveal as well; it counts for nothing."""
    one, other, reader = three
    first = one.publish(SHARED)
    index = other.commit(SHARED)
    second = other.publish(SHARED)
    assert other.reveal(index, SHARED).status_code == 201
    assert reader.origins(first) == reader.origins(second) == 1


def test_without_a_reveal_there_is_one_origin(three: tuple[Someone, Someone, Someone]) -> None:
    """Publishing the same again is an echo, whatever was committed to and not shown."""
    one, other, reader = three
    other.commit(SHARED)
    first = one.publish(SHARED)
    other.publish(SHARED)
    assert reader.origins(first) == 1


def test_copied_tags_beside_an_invention_gain_no_origin(three: tuple[Someone, Someone, Someone]) -> None:
    """A liar mixes another's tags into its own indicator: of those it is an echo, of the rest it is alone."""
    one, other, reader = three
    index = one.commit(SHARED)
    one.publish(SHARED)
    lie = other.publish((*SHARED, *OTHERS))
    assert one.reveal(index, SHARED).status_code == 201
    assert reader.origins(lie) == 1


def test_copied_networks_are_not_dated_back(three: tuple[Someone, Someone, Someone]) -> None:
    """The networks of an indicator have their own place: what is added later was not known before."""
    one, other, reader = three
    index = one.commit(SHARED)
    now = datetime.now(UTC).replace(microsecond=0)
    lie = other.publish((), indicator_id=str(uuid.uuid4()))
    one.publish(SHARED)
    before = other.said[lie]
    payments = tuple(tag for tag in SHARED if tag.kind is SignalKind.PAYMENT)
    objects = indicator_bundle(replace(before, tags=payments), other.member_id)["objects"]
    assert now <= before.modified
    other.send([o for o in objects if o["id"] == derived_id("infrastructure", lie)])
    assert one.reveal(index, payments).status_code == 201
    assert reader.origins(lie) == 1


def test_an_early_publication_of_a_third_makes_both_echoes(
    exchange: Exchange, three: tuple[Someone, Someone, Someone]
) -> None:
    """Even one that has been taken back since: who committed after it may have read it."""
    one, other, reader = three
    third = Someone(exchange)
    third.revoke(third.publish(SHARED))
    first, second, _ = corroborated(one, other)
    assert reader.origins(first) == reader.origins(second) == 1


def test_a_revoked_or_deleted_partner_counts_no_more(three: tuple[Someone, Someone, Someone]) -> None:
    """Its word was what corroborated; and an indicator that was taken back is not there to ask about."""
    one, other, reader = three
    first, second, _ = corroborated(one, other)
    other.revoke(second)
    assert reader.origins(first) == 1
    assert reader.ask(f"/corroboration/{second}").status_code == 404


def test_members_of_one_owner_are_one_origin(exchange: Exchange, three: tuple[Someone, Someone, Someone]) -> None:
    """A company with two nodes does not corroborate itself; the operator's word is in the ledger."""
    one, other, reader = three
    first, _, _ = corroborated(one, other)
    assert reader.origins(first) == 2
    with exchange.engine.begin() as connection:
        set_owner(connection, other.member_id, one.member_id)
        with pytest.raises(MissingData, match="no such member"):
            set_owner(connection, other.member_id, NOBODY)
    assert reader.origins(first) == 1


def test_a_tag_that_innocent_accounts_have_corroborates_little(three: tuple[Someone, Someone, Someone]) -> None:
    """A member tells a benign rate of one in four: ten such tags are worth 20 bits, less than 64 chances ask for."""
    one, other, reader = three
    shared = SHARED[:6]
    index = other.commit(shared)
    first = one.publish(shared)
    other.publish(shared)
    other.reveal(index, shared)
    assert reader.origins(first) == 2
    now = datetime.now(UTC).replace(microsecond=0)
    about = made.sighting(
        sighting_id=str(uuid.uuid4()), indicator_id=first, created=now, answer=SightingAnswer.SEEN, benign_rate=0.25
    )
    reader.send(sighting_bundle(about, reader.member_id, Tlp.AMBER)["objects"])
    assert reader.origins(first) == 1


def test_what_was_not_committed_to_cannot_be_revealed(three: tuple[Someone, Someone, Someone]) -> None:
    """A proof out of another holding fits no root, and nothing is recorded."""
    one, other, reader = three
    first = one.publish(SHARED)
    other.publish(SHARED)
    index = other.commit(OTHERS)
    wrong = other.reveal(index, SHARED, Holding(other.member_id, map(item_of, SHARED), b"s" * 32))
    assert wrong.status_code == 422
    assert "not in what the member committed to" in wrong.json()["description"]
    assert reader.origins(first) == 1


def test_anothers_commitment_cannot_be_revealed(three: tuple[Someone, Someone, Someone]) -> None:
    """Not even by somebody who has its salts; an entry that is no commitment has the same answer."""
    one, other, _ = three
    index = one.commit(SHARED)
    one.publish(SHARED)
    other.publish(SHARED)
    answers = [other.reveal(place, SHARED[:1], one.held[index]) for place in (index, 0, 10**9)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.json()["description"] for answer in answers}) == 1


def test_only_what_both_have_published_is_revealed(three: tuple[Someone, Someone, Someone]) -> None:
    """Neither what nobody else has told, nor what one does not tell oneself, nor what one has taken back."""
    one, other, _ = three
    index = other.commit((*SHARED, *OTHERS))
    assert other.reveal(index, SHARED).status_code == 422
    one.publish(SHARED)
    assert other.reveal(index, SHARED).status_code == 422
    mine = other.publish((*SHARED, *OTHERS))
    assert other.reveal(index, OTHERS).status_code == 422
    other.revoke(mine)
    assert other.reveal(index, SHARED).status_code == 422


def test_the_same_again_has_the_same_place(exchange: Exchange, three: tuple[Someone, Someone, Someone]) -> None:
    """An answer that was lost on the way costs the ledger nothing."""
    one, other, _ = three
    holding = Holding(other.member_id, map(item_of, SHARED), b"s" * 32)
    message = commitment_message(holding.commitment, datetime.now(UTC)).body
    places = {other.post("/commitments/", message)["index"] for _ in range(3)}
    assert len(places) == 1
    one.publish(SHARED)
    other.publish(SHARED)
    revealed = {other.reveal(min(places), SHARED, holding).json()["index"] for _ in range(2)}
    assert len(revealed) == 1
    with exchange.engine.begin() as connection:
        mine = select(ENTRIES.c.kind).where(ENTRIES.c.actor == other.member_id)
        kinds = list(connection.execute(mine).scalars())
    assert kinds.count(Kind.COMMITMENT) == kinds.count(Kind.REVEAL) == 1


def test_a_flood_of_commitments_ends(three: tuple[Someone, Someone, Someone], monkeypatch: pytest.MonkeyPatch) -> None:
    """Some in a day; and each makes the next worth less, since all that was committed to are chances taken."""
    one, other, reader = three
    monkeypatch.setattr(commitment_api, "COMMITMENTS_A_DAY", 32)
    places = [other.commit(tags(n)) for n in range(31)]
    places.append(other.commit(SHARED[:2]))
    holding = Holding(other.member_id, [], b"x" * 32)
    late = reader.exchange.post(
        other.token, "/commitments/", commitment_message(holding.commitment, datetime.now(UTC)).body
    )
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    first = one.publish(SHARED)
    other.publish(SHARED)
    assert other.reveal(places[-1], SHARED[:2]).status_code == 201
    assert reader.origins(first) == 1, "two tags are not enough for 2,048 chances"


def test_messages_count_against_the_quota(tmp_path: Path) -> None:
    """As objects that are published do; nothing is recorded of those beyond it."""
    limits = Limits(requests=10**6, objects=2, size_bytes=1 << 30)
    with exchanging(tmp_path / "forum.db", limits) as exchange:
        member = Someone(exchange)
        member.commit(SHARED)
        member.commit(OTHERS)
        holding = Holding(member.member_id, [], b"x" * 32)
        late = exchange.post(
            member.token, "/commitments/", commitment_message(holding.commitment, datetime.now(UTC)).body
        )
        assert late.status_code == 429


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"size": 63}, 422),
        ({"root": "a" * 63}, 422),
        ({"note": "alice@example.com"}, 422),
        ({"type": "appeal"}, 422),
        ({"created": "2999-01-01T00:00:00.000Z"}, 422),
    ],
)
def test_what_the_guard_does_not_pass_is_refused(
    three: tuple[Someone, Someone, Someone], change: dict[str, Any], status: int
) -> None:
    """With the field and without what stood in it."""
    holding = Holding(three[0].member_id, [], b"x" * 32)
    told = commitment_message(holding.commitment, datetime.now(UTC)).document() | change
    answer = three[0].exchange.post(three[0].token, "/commitments/", orjson.dumps(told))
    assert answer.status_code == status
    assert "alice" not in answer.text


def test_bodies_are_bounded_and_json(three: tuple[Someone, Someone, Someone]) -> None:
    """A megabyte, one object, of the endpoint's own kind."""
    member = three[0]
    message = commitment_message(Holding(member.member_id, [], b"x" * 32).commitment, datetime.now(UTC)).body
    sent = {"/reveals/": message, "/commitments/": b"[" * 100_000}
    assert {member.exchange.post(member.token, path, body).status_code for path, body in sent.items()} <= {400, 422}
    assert member.exchange.post(member.token, "/reveals/", b" " * ((1 << 20) + 1)).status_code == 413


def test_grades_follow_from_audits_and_not_from_floods(three: tuple[Someone, Someone, Someone]) -> None:
    """Nine operations are B; one operation in nine indicators is as one; one that was wrong shows."""
    one, other, reader = three
    base = uuid.uuid4().int % (1 << 60) * 2
    for n in range(9):
        one.exchange.audit(one.publish(tags(base + n)), AuditOutcome.CONFIRMED, [SignalKind.BAND])
        flood = other.publish(tags(base + 1000, base + 2000 + n))
        other.exchange.audit(flood, AuditOutcome.CONFIRMED, [SignalKind.BAND])
    grades = [reader.ask(f"/grades/{member.member_id}").json()["grades"] for member in (one, other)]
    assert [found["band"] for found in grades] == ["B", "F"]
    assert grades[0]["payment"] == "F"
    one.exchange.audit(next(iter(one.said)), AuditOutcome.WRONG, [SignalKind.BAND])
    assert reader.ask(f"/grades/{one.member_id}").json()["grades"]["band"] > "B"


def test_operations_that_grow_together_are_one_in_older_audits_too(three: tuple[Someone, Someone, Someone]) -> None:
    """Nine that were audited as nine, then tied by one more indicator: one operation, and nothing can be told."""
    one, _, reader = three
    base = uuid.uuid4().int % (1 << 60) * 2
    for n in range(9):
        one.exchange.audit(one.publish(tags(base + n)), AuditOutcome.CONFIRMED, [SignalKind.BAND])
    tie = one.publish(tags(*range(base, base + 9)))
    one.exchange.audit(tie, AuditOutcome.NOT_JUDGED, [SignalKind.BAND])
    assert reader.ask(f"/grades/{one.member_id}").json()["grades"]["band"] == "F"


def test_an_audit_is_in_the_ledger_and_of_something_published(
    exchange: Exchange, three: tuple[Someone, Someone, Someone]
) -> None:
    """The operator judges what there is; kinds that it does not name are those that the indicator has."""
    one, _, reader = three
    exchange.audit(one.publish(SHARED), AuditOutcome.WRONG)
    with exchange.engine.begin() as connection:
        last = connection.execute(select(ENTRIES).order_by(ENTRIES.c.index.desc()).limit(1)).one()
    assert (last.kind, last.actor) == (Kind.AUDIT, "operator")
    with pytest.raises(MissingData, match="nobody has published"):
        exchange.audit(NOBODY, AuditOutcome.WRONG)
    grades = reader.ask(f"/grades/{one.member_id}").json()["grades"]
    assert set(grades) == set(SignalKind)
    assert "wrong" not in str(grades)


def test_what_is_not_for_a_member_is_answered_for_as_what_is_not_there(
    exchange: Exchange, three: tuple[Someone, Someone, Someone]
) -> None:
    """Without the right to read: no grade, no origins, no entry; the same words as for anything unknown."""
    one, other, reader = three
    first, _, index = corroborated(one, other)
    blind = Someone(exchange)
    exchange.collections.grant(blind.member_id, exchange.campaigns, read=False, write=True)
    for known, unknown in (
        (f"/grades/{one.member_id}", f"/grades/{NOBODY}"),
        (f"/corroboration/{first}", f"/corroboration/{NOBODY}"),
        (f"/corroboration/{first}/entries/{index}", f"/corroboration/{NOBODY}/entries/{index}"),
    ):
        answers = [blind.ask(known), blind.ask(unknown), reader.ask(unknown), reader.ask(unknown.replace("-", "x"))]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.json()["description"] for answer in answers}) == 1
        assert httpx.get(exchange.url + known).status_code == 401


def test_no_entry_is_opened_that_proves_nothing(three: tuple[Someone, Someone, Someone]) -> None:
    """Commitments to other things, and what others have published, stay closed."""
    one, other, reader = three
    hidden = other.commit(OTHERS)
    first, _, _ = corroborated(one, other)
    assert reader.ask(f"/corroboration/{first}/entries/{hidden}").status_code == 404
    assert reader.ask(f"/corroboration/{first}/entries/x").status_code == 400


def test_a_partner_in_a_collection_that_is_not_for_the_asker_is_not_named(
    exchange: Exchange, three: tuple[Someone, Someone, Someone]
) -> None:
    """Neither counted nor told: that it sees the campaign too is only for those who read it there."""
    one, other, reader = three
    private = exchange.collections.add("Private", alias=f"private-{one.member_id[:8]}")
    exchange.collections.grant(other.member_id, private, read=True, write=True)
    index = other.commit(SHARED)
    first = one.publish(SHARED)
    indicator = other.said[other.publish(OTHERS)]
    now = indicator.modified
    hidden = replace(indicator, indicator_id=str(uuid.uuid4()), group_id=str(uuid.uuid4()), tags=SHARED, modified=now)
    taxii = Taxii(f"{exchange.url}/taxii2/", other.token)
    assert taxii.publish(private, indicator_bundle(hidden, other.member_id)["objects"]).refused == {}
    taxii.close()
    assert other.reveal(index, SHARED).status_code == 201
    assert reader.origins(first) == 1
    assert other.origins(first) == 2


def test_a_claimed_grade_is_only_a_claim(three: tuple[Someone, Someone, Someone]) -> None:
    """What an originator writes into its own indicator is not what the forum tells of it."""
    one, _, reader = three
    one.publish(SHARED)
    (told,) = (
        o for o in indicator_bundle(next(iter(one.said.values())), one.member_id)["objects"] if o["type"] == "indicator"
    )
    assert told["extensions"][EXTENSION]["source_grade"] == "B"
    assert set(reader.ask(f"/grades/{one.member_id}").json()["grades"].values()) == {"F"}
