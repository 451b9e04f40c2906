"""A forum that lies: keys that it made up, words in a member's name, and a ledger that was written again."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy import text, update
from tests.share.hostile.exchange import Exchange, guard, publishing, told_now
from tests.share.hostile.test_messages import ADDRESS, SEEN, VALUE, bundle_of, signed, victim

from stillwatch.errors import FailedProof
from stillwatch.ledger.audit import audit
from stillwatch.ledger.tables import ENTRIES
from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.share.access.roster import Role
from stillwatch.share.forum.member_keys import MEMBER_KEY_TABLES
from stillwatch.share.node.own_key import renewed_key
from stillwatch.share.node.pins import pinned_keys
from stillwatch.share.node.service import _tell_key
from stillwatch.share.stix.signatures import is_members
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.taxii.admission import prepare
from stillwatch.signing.keys import SigningKey, keys_of


def forged(exchange: Exchange, victim_id: str, objects: list[dict[str, object]]) -> None:
    """Put objects into the forum's store as if a member had published them."""
    items = [prepare(made, guard) for made in objects]
    exchange.store.publish(
        Member(victim_id, Role.MEMBER), exchange.campaigns, items, Quotas(exchange.store.engine, Limits())
    )


def made_up_key(exchange: Exchange, member_id: str) -> SigningKey:
    """A key that the forum tells as a member's, and that the member never had."""
    key = SigningKey.generate()
    table = MEMBER_KEY_TABLES.tables["forum_member_keys"]
    row = {"key_id": key.key_id, "member_id": member_id, "jwk": key.verify_key.jwk(), "created_s": 0}
    with exchange.store.engine.begin() as connection:
        connection.execute(table.insert().values(row))
    return key


def test_a_key_that_the_forum_makes_up_is_held_back(exchange: Exchange) -> None:
    """Once a member is known, nobody speaks in its name under another key; a person sees the key that waits."""
    spoken_for, reader = exchange.member(), victim(exchange)
    exchange.publish(spoken_for.token, *bundle_of(spoken_for))
    exchange.catch_up(reader)
    assert reader.answers == [SEEN]
    key = made_up_key(exchange, spoken_for.member_id)
    objects = bundle_of(spoken_for)
    forged(exchange, spoken_for.member_id, [signed(one, key) if is_members(one) else one for one in objects])
    exchange.catch_up(reader)
    assert reader.answers == [SEEN]
    with reader.node.engine.begin() as connection:
        known = pinned_keys(connection)
    states = {one.key_id: one.is_trusted for one in known if one.member_id == spoken_for.member_id}
    assert states == {spoken_for.node.key.key_id: True, key.key_id: False}
    assert {reason.partition(":")[0] for _, reason in reader.node.passed_over()} == {"unknown-key"}


def test_a_member_that_renews_its_key_goes_on_being_heard(exchange: Exchange) -> None:
    """Through the forum's endpoint, with the old key's word; nobody has to confirm anything."""
    sender, reader = exchange.member(), victim(exchange)
    publishing(sender, told_now({ADDRESS: [VALUE]}))
    exchange.catch_up(reader)
    sender.node.key = renewed_key(
        exchange.folder / sender.member_id,
        sender.member_id,
        lambda told: _tell_key(exchange.url, sender.token, told),
    )
    publishing(sender, told_now({ADDRESS: [VALUE]}))
    exchange.catch_up(reader)
    assert reader.answers == [SEEN, SEEN]
    assert reader.node.passed_over() == []


def test_a_ledger_that_was_written_again_names_its_first_bad_entry(exchange: Exchange, tmp_path: Path) -> None:
    """An actor is changed in the forum's own database; the export no longer verifies."""
    sender, auditor = exchange.member(), exchange.token(Role.AUDITOR)[1]
    publishing(sender, told_now({ADDRESS: [VALUE]}))
    path, keys = tmp_path / "ledger.jsonl", keys_of([exchange.key.verify_key])

    def export() -> None:
        headers = {"Authorization": f"Bearer {auditor}"}
        path.write_bytes(httpx.get(f"{exchange.url}/ledger/export", headers=headers).content)

    export()
    assert audit(path, (), keys).size > 4
    with exchange.store.engine.begin() as connection:
        connection.execute(update(ENTRIES).where(ENTRIES.c.index == 3).values(actor="somebody-else"))
    export()
    with pytest.raises(FailedProof, match="entry 3 is bad"):
        audit(path, (), keys)


def test_every_word_of_a_member_has_its_entry(exchange: Exchange) -> None:
    """Indicator, answer, opinion and revocation of nodes that run: each is in the ledger, by kind and pseudonym."""
    sender, reader = exchange.member(), victim(exchange)
    told = told_now({ADDRESS: [VALUE]})
    publishing(sender, told)
    exchange.catch_up(reader)
    reader.service.dispute(told.indicator_id, FalsePositive.SHARED_NETWORK)
    exchange.catch_up(sender)
    assert [one.origin for one in sender.node.opinions_of(told.indicator_id)] == [reader.member_id]
    with exchange.store.engine.begin() as connection:
        rows = connection.execute(text("SELECT kind, actor FROM ledger_entries")).all()
    said = [tuple(row) for row in rows if row.kind in {"publish", "sighting", "opinion"}]
    assert said == [("publish", sender.member_id), ("sighting", reader.member_id), ("opinion", reader.member_id)]
