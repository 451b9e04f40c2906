"""What was revoked, deleted or has ended is nowhere on the forum's disk, and its ledger still verifies."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.share.hub import PLENTY, admit
from tests.share.made import MEMBER, digest, indicator

from stillwatch.ledger.audit import audit
from stillwatch.ledger.book import opening_of
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.export import export
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES, LEDGER_TABLES
from stillwatch.model.indicator import Indicator, SignalKind, Tag
from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Quotas
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.forum.recording import ledger_events
from stillwatch.share.stix.ids import derived_id
from stillwatch.share.stix.pattern import format_pattern
from stillwatch.share.stix.write import indicator_bundle, revocation
from stillwatch.share.taxii.admission import prepare
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.forgetting import KEPT, forget_ended
from stillwatch.share.taxii.moments import microseconds
from stillwatch.share.taxii.store import Store
from stillwatch.signing.keys import SigningKey, keys_of

MINUTE = timedelta(minutes=1)
TAGS = tuple(Tag(kind, 1, digest(n)) for n, kind in enumerate(SignalKind))
OTHER = "0b1c2d3e-4f5a-4b6c-8d7e-9f0a1b2c3d4e"


class Place:
    """A forum's store with its ledger, and a member and an operator."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, SigningKey.generate()
        self.record = ledger_events(self.key)
        self.store = Store(folder / "forum.db", self.record)
        LEDGER_TABLES.create_all(self.store.engine)
        roster = Roster(self.store.engine)
        self.member = Member(roster.add_member("a", Role.MEMBER)[0], Role.MEMBER)
        self.operator = Member(roster.add_member("o", Role.OPERATOR)[0], Role.OPERATOR)

    def publish(self, bundle: dict[str, Any]) -> dict[str, Any]:
        """Status of a publication of a bundle."""
        items = [prepare(made, admit) for made in bundle["objects"]]
        return self.store.publish(self.member, "c", items, Quotas(self.store.engine, PLENTY))

    def disk(self) -> bytes:
        """Every byte of the forum's files, after its chore and while it runs."""
        self.store.forget()
        return b"".join(path.read_bytes() for path in sorted(self.folder.iterdir()))

    def verified(self) -> dict[str, int]:
        """Kinds of entries of the ledger, which is verified as anybody would."""
        path = self.folder.parent / "ledger.jsonl"
        with self.store.engine.begin() as connection:
            export(connection, path)
        return audit(path, (), keys_of([self.key.verify_key])).kinds


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty forum."""
    (tmp_path / "forum").mkdir()
    made = Place(tmp_path / "forum")
    yield made
    made.store.close()


def told() -> Indicator:
    """An indicator with a tag of every kind, of now."""
    return indicator(tags=TAGS)


def shown(disk: bytes) -> list[str]:
    """Which tags, and whether the behaviour, can be found in these bytes."""
    found = [tag.value for tag in TAGS if tag.value.encode() in disk or bytes.fromhex(tag.value) in disk]
    return found + ["pattern"] * (format_pattern(told().behaviour).encode()[:40] in disk)


def revoked(place: Place) -> None:
    """Its originator takes it back."""
    place.publish(revocation(told(), MEMBER, told().modified + MINUTE))


def deleted(place: Place) -> None:
    """The operator deletes it."""
    identifier = f"indicator--{told().indicator_id}"
    assert place.store.delete(place.operator, "c", Filters(ids=(identifier,), every=True))


def ended(place: Place) -> None:
    """Thirty days and a minute have passed since its end."""
    at = microseconds(f"{told().valid_until + KEPT + MINUTE:%Y-%m-%dT%H:%M:%S}Z")
    assert at is not None
    with place.store.engine.begin() as connection:
        assert forget_ended(connection, at, place.record) == 1
        assert forget_ended(connection, at, place.record) == 0


@pytest.mark.parametrize(
    ("end", "kinds"), [(revoked, {"revoke": 1, "networks": 2}), (deleted, {"revoke": 1}), (ended, {})]
)
def test_what_has_ended_is_nowhere_on_the_disk(
    place: Place, end: Callable[[Place], None], kinds: dict[str, int]
) -> None:
    """All tags and the behaviour stood there and do not any more; the ledger has its entry and verifies."""
    place.publish(indicator_bundle(told(), MEMBER))
    assert len(shown(place.disk())) == len(TAGS) + 1
    end(place)
    assert shown(place.disk()) == []
    assert place.verified() == {"publish": 1, "networks": 1} | kinds


def test_every_version_is_forgotten_with_the_last(place: Place) -> None:
    """Tags that only an earlier version had, too."""
    first = told()
    later = replace(first, modified=first.modified + MINUTE / 2, tags=TAGS[:1])
    place.publish(indicator_bundle(first, MEMBER))
    place.publish(indicator_bundle(later, MEMBER))
    assert len(shown(place.disk())) == len(TAGS) + 1
    revoked(place)
    assert shown(place.disk()) == []


def test_the_revocation_stays_for_readers_and_for_proofs(place: Place) -> None:
    """It is served, its entries' documents are kept, and the earlier version does not come back."""
    place.publish(indicator_bundle(told(), MEMBER))
    revoked(place)
    place.store.forget()
    served = {record.object_id: record for record in place.store.page("c", Filters(every=True)).records}
    assert b'"revoked":true' in (served[f"indicator--{told().indicator_id}"].document or b"")
    with place.store.engine.begin() as connection:
        index = connection.execute(select(ENTRIES.c.index).where(ENTRIES.c.kind == Kind.REVOKE.value)).scalar_one()
        opening = opening_of(connection, index)
        assert opening is not None
        assert opening.document["object"]["revoked"] is True
        left = connection.execute(select(DOCUMENTS.c.document)).scalars().all()
        assert [told["object"]["revoked"] for told in left] == [True, True]
    place.publish(indicator_bundle(told(), MEMBER))
    assert shown(place.disk()) == []


def test_what_others_hold_is_not_forgotten(place: Place) -> None:
    """Another indicator, and one that is valid still, keep their content, their entries and their documents."""
    other = replace(told(), indicator_id=OTHER, valid_until=told().valid_until + KEPT, tags=TAGS[:2])
    place.publish(indicator_bundle(told(), MEMBER))
    place.publish(indicator_bundle(other, MEMBER))
    ended(place)
    assert shown(place.disk()) == [tag.value for tag in TAGS[:2]] + ["pattern"]
    with place.store.engine.begin() as connection:
        kept = {told["object"]["id"] for told in connection.execute(select(DOCUMENTS.c.document)).scalars()}
    assert kept == {f"indicator--{OTHER}", derived_id("infrastructure", OTHER)}


def test_networks_that_somebody_else_made_up_stop_no_deletion(place: Place) -> None:
    """The id follows from the indicator's, so that anybody can take it first; the indicator goes all the same."""
    bundle = indicator_bundle(told(), MEMBER)
    networks = [made for made in bundle["objects"] if made["type"] == "infrastructure"]
    member, place.member = place.member, Member(Roster(place.store.engine).add_member("b")[0], Role.MEMBER)
    place.publish({"objects": networks})
    place.member = member
    place.publish(bundle)
    wanted = Filters(ids=(f"indicator--{told().indicator_id}",), every=True)
    assert len(place.store.delete(member, "c", wanted)) == 1
    assert place.store.page("c", wanted).records == ()
