"""A forum that says more than its ledger shows is not believed: every lie about a partner is found out by the node."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.share import made
from tests.share.node.members import ALPHA, BETA

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.ledger.book import Event, append, entry_at, opening_of, sign_head
from stillwatch.ledger.entry import Entry, Kind
from stillwatch.ledger.proof import Proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.commitments.held import item_of
from stillwatch.share.commitments.holding import Holding
from stillwatch.share.commitments.record import commit, reveal
from stillwatch.share.node.proved import opened_entry, proved_kinds
from stillwatch.share.stix.write import indicator_bundle
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, tzinfo=UTC)
KEY = SigningKey.generate()
TAGS = tuple(Tag(SignalKind.BAND, 3, made.digest(n)) for n in range(8))
FIRST, SECOND = made.indicator(tags=TAGS), made.indicator(indicator_id=BETA, group_id=ALPHA, tags=TAGS)


class Forum:
    """A ledger in which beta commits, alpha and beta publish, and beta reveals; and what is told of it."""

    def __init__(self, connection: Connection, *, echo: bool = False) -> None:
        self.connection = connection
        holding = Holding(BETA, map(item_of, TAGS), b"s" * 32)
        first = self._publish(ALPHA, FIRST) if echo else None
        committed = commit(connection, holding.commitment, NOW)
        first = first or self._publish(ALPHA, FIRST)
        second = self._publish(BETA, SECOND)
        shown = reveal(connection, BETA, committed.index, [holding.reveal(item_of(tag)) for tag in TAGS], NOW)
        opened = {"index": committed.index, "reveal": shown.index, "member": BETA, "chances": 64}
        self.told: dict[str, Any] = {
            "member": BETA,
            "commitments": [opened],
            "publications": [first.index, second.index],
        }
        self.change: dict[int, Any] = {}

    def _publish(self, member: str, indicator: Any) -> Entry:
        told = next(o for o in indicator_bundle(indicator, member)["objects"] if o["type"] == "indicator")
        return append(self.connection, Event(Kind.PUBLISH, member, {"event": "publish", "object": told}, NOW))

    def answer(self, index: int) -> dict[str, Any]:
        """What it tells of an entry, honestly."""
        head = sign_head(self.connection, KEY, NOW)
        size = int(head["size"])
        proof = Proof(entry_at(self.connection, index), size, tuple(inclusion_path(self.connection, index, size)))
        opening = opening_of(self.connection, index)
        assert opening is not None
        return {
            "head": head,
            "proof": proof.told(),
            "opening": {"salt": opening.salt.hex(), "document": dict(opening.document)},
        }

    def entry_at(self, index: int) -> tuple[Entry, Mapping[str, Any]]:
        """An entry as the node checks it."""
        return opened_entry(self.change.get(index) or self.answer(index), index, keys_of([KEY.verify_key]))

    def kinds(self, **changes: Any) -> frozenset[SignalKind]:
        """What the node makes of what is told."""
        return proved_kinds(self.told | changes, FIRST.indicator_id, ALPHA, self.entry_at)


@pytest.fixture
def connection() -> Any:
    """A forum's transaction."""
    with open_database("sqlite://", LEDGER_TABLES).begin() as begun:
        yield begun


def test_an_honest_forum_is_believed(connection: Connection) -> None:
    """The kinds of tags in which both are origins."""
    assert Forum(connection).kinds() == {SignalKind.BAND}


def test_a_commitment_after_the_publication_proves_nothing(connection: Connection) -> None:
    """All entries are as they are said to be; their order is what the node counts for itself."""
    assert Forum(connection, echo=True).kinds() == frozenset()


def test_chances_are_at_least_the_commitments_size(connection: Connection) -> None:
    """A forum cannot make a commitment smaller than it is, and a larger number makes it worth less."""
    forum = Forum(connection)
    (opened,) = forum.told["commitments"]
    assert forum.kinds(commitments=[opened | {"chances": 0}]) == {SignalKind.BAND}
    assert forum.kinds(commitments=[opened | {"chances": 1 << 75}]) == frozenset()


def test_an_entry_without_its_document_or_proof_is_none(connection: Connection) -> None:
    """Another document, another salt, another entry's proof, a head that somebody else signed, nothing at all."""
    forum = Forum(connection)
    place = forum.told["publications"][0]
    honest = forum.answer(place)
    wrong = [copy.deepcopy(honest) for _ in range(3)]
    wrong[0]["opening"]["document"]["object"]["modified"] = "2026-01-01T00:00:00.000Z"
    wrong[1]["opening"]["salt"] = "00" * 32
    wrong[2]["proof"] = forum.answer(place + 1)["proof"]
    for answer in wrong:
        forum.change[place] = answer
        with pytest.raises(FailedProof):
            forum.kinds()
    forum.change[place] = honest
    with pytest.raises(FailedProof):
        opened_entry(honest, place, keys_of([SigningKey.generate().verify_key]))
    for nothing in ({"proof": None}, {**honest, "opening": {"salt": "x", "document": {}}}, {**honest, "proof": []}):
        with pytest.raises((FailedProof, InvalidInput)):
            opened_entry(nothing, place, keys_of([KEY.verify_key]))


def test_entries_of_others_prove_nothing(connection: Connection) -> None:
    """A commitment said to be alpha's, publications swapped, a reveal in the place of a commitment."""
    forum = Forum(connection)
    (opened,) = forum.told["commitments"]
    with pytest.raises(FailedProof, match="no commitment and reveal"):
        forum.kinds(commitments=[opened | {"member": ALPHA}])
    with pytest.raises((FailedProof, InvalidInput)):
        forum.kinds(commitments=[opened | {"index": opened["reveal"]}])
    with pytest.raises(FailedProof, match="no publication"):
        forum.kinds(publications=[opened["index"]])
    assert forum.kinds(commitments=[opened | {"member": "somebody"}]) == frozenset()
    assert forum.kinds(publications=forum.told["publications"][:1]) == frozenset()
    assert forum.kinds(publications=[]) == frozenset()
    assert forum.kinds(member=ALPHA) == frozenset()


@pytest.mark.parametrize("change", [{"commitments": None}, {"publications": ["x"]}, {"commitments": [{}]}])
def test_what_cannot_be_read_is_an_error_of_ours(connection: Connection, change: dict[str, Any]) -> None:
    """A forum that answers otherwise than it should does not end a node."""
    with pytest.raises(InvalidInput, match="cannot be read"):
        Forum(connection).kinds(**change)
