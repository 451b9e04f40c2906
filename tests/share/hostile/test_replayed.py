"""The same message again: from who sent it, from somebody else, and after it was taken back."""

import json
from datetime import UTC, datetime, timedelta

from tests.share.hostile.exchange import Exchange
from tests.share.hostile.test_messages import SEEN, bundle_of, signed, victim

from stillwatch.share.node.node import findings_in
from stillwatch.share.stix.signatures import is_members


def test_the_same_publication_twice_is_one(exchange: Exchange) -> None:
    """Byte for byte: stored once, checked once, answered once."""
    sender, reader = exchange.member(), victim(exchange)
    body = json.dumps({"objects": bundle_of(sender)}).encode()
    for _ in range(2):
        assert exchange.post(sender.token, body).json()["failure_count"] == 0
        exchange.catch_up(reader)
    assert len(exchange.held("indicator")) == len(exchange.held("sighting")) == 1
    assert reader.answers == [SEEN]


def test_nobody_publishes_anothers_message_again(exchange: Exchange) -> None:
    """As it was, or with the thief's name and signature: the ids belong to who published first."""
    sender, thief, reader = exchange.member(), exchange.member(), victim(exchange)
    objects = bundle_of(sender)
    exchange.publish(sender.token, *objects)
    own = [made | {"created_by_ref": f"identity--{thief.member_id}"} for made in objects if is_members(made)]
    exchange.publish(thief.token, *objects)
    status = exchange.publish(thief.token, *(signed(made, thief.node.key) for made in own))
    assert status["failure_count"] == len(own)
    exchange.catch_up(reader)
    assert len(exchange.held("indicator")) == 1
    assert len(findings_in(reader.node.engine)) == 1


def test_what_was_taken_back_does_not_come_again(exchange: Exchange) -> None:
    """The old bundle is sent once more after its revocation: findings stay withdrawn."""
    sender, reader = exchange.member(), victim(exchange)
    objects = bundle_of(sender)
    about = next(made["id"] for made in objects if made["type"] == "indicator").partition("--")[2]
    exchange.publish(sender.token, *objects)
    exchange.catch_up(reader)
    sender.service.send(sender.node.take_back(about, datetime.now(UTC) + timedelta(seconds=1)))
    exchange.publish(sender.token, *objects)
    exchange.catch_up(reader)
    assert [finding["withdrawn"] for finding in findings_in(reader.node.engine)] == [True]
    assert reader.answers == [SEEN]
