"""Messages that are not whole: the real forum refuses what its guard sees, the real node passes over the rest."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.share.hostile.exchange import Exchange, Member, local_index, opened_exchange, told_now

from stillwatch.model.indicator import SightingAnswer, SignalKind
from stillwatch.share.node.node import findings_in
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import time_text
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.signature import sign

ADDRESS, SEEN = SignalKind.ADDRESS, SightingAnswer.SEEN
VALUE = "41.9.0.1"
Object = dict[str, Any]
STRANGER = SigningKey.generate()


def victim(exchange: Exchange) -> Member:
    """A member that would see the address if it took the indicator."""
    return exchange.member(local_index([(ADDRESS, VALUE, 7, 0)], [(5, 7)], 0, 25_000))


def bundle_of(sender: Member, ahead_s: float = 0.0) -> list[Object]:
    """What a sender's node tells of the address; by a clock that is ahead."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=ahead_s)
    times = {"created": at, "modified": at, "valid_from": at, "valid_until": at + timedelta(days=2)}
    told = told_now({ADDRESS: [VALUE]}, **times)
    objects: list[Object] = sender.node.tell(told, "campaign-1", at).document()["objects"]
    return objects


def signed(made: Object, key: SigningKey) -> Object:
    """An object, signed again."""
    bare = copy.deepcopy(made)
    bare["extensions"][EXTENSION].pop("signature", None)
    bare["extensions"][EXTENSION]["signature"] = sign(bare, key)
    return bare


def unsigned(made: Object, _key: SigningKey) -> Object:
    """Without its signature."""
    made["extensions"][EXTENSION].pop("signature")
    return made


def wrongly_signed(made: Object, _key: SigningKey) -> Object:
    """Changed after it was signed."""
    made["extensions"][EXTENSION]["source_grade"] = "A"
    return made


def strangely_signed(made: Object, _key: SigningKey) -> Object:
    """By a key that nobody knows."""
    return signed(made, STRANGER)


def expired(made: Object, key: SigningKey) -> Object:
    """Valid until yesterday."""
    for field, days in (("created", 3), ("modified", 3), ("valid_from", 3), ("valid_until", 1)):
        made[field] = time_text(datetime.now(UTC).replace(microsecond=0) - timedelta(days=days))
    return signed(made, key)


def future_dated(made: Object, key: SigningKey) -> Object:
    """Made tomorrow."""
    for field, days in (("created", 1), ("modified", 1), ("valid_from", 1), ("valid_until", 2)):
        made[field] = time_text(datetime.now(UTC).replace(microsecond=0) + timedelta(days=days))
    return signed(made, key)


def of_unknown_schema(made: Object, key: SigningKey) -> Object:
    """Passed another table."""
    made["extensions"][EXTENSION]["schema"] = "0" * 64
    return signed(made, key)


def with_unknown_field(made: Object, key: SigningKey) -> Object:
    """A field too many, with an address in it."""
    made["x_seen_at"] = VALUE
    return signed(made, key)


Change = Callable[[Object, SigningKey], Object]
FOR_THE_FORUM = (expired, future_dated, of_unknown_schema, with_unknown_field)
FOR_THE_NODE: dict[Change, str] = {
    unsigned: "unsigned",
    wrongly_signed: "wrong-signature",
    strangely_signed: "unknown-key",
}


def changed(objects: list[Object], change: Change, key: SigningKey) -> list[Object]:
    """The bundle with its indicator changed."""
    return [change(copy.deepcopy(made), key) if made["type"] == "indicator" else made for made in objects]


def test_what_is_whole_is_seen(exchange: Exchange) -> None:
    """Else the tests below would show nothing."""
    sender, reader = exchange.member(), victim(exchange)
    assert exchange.publish(sender.token, *bundle_of(sender))["failure_count"] == 0
    exchange.catch_up(reader)
    assert reader.answers == [SEEN]


@pytest.mark.parametrize("change", FOR_THE_FORUM)
def test_the_forum_refuses_what_the_table_does_not_let_cross(exchange: Exchange, change: Change) -> None:
    """It stores the rest, says which object and why without the value, and nobody sees anything."""
    sender, reader = exchange.member(), victim(exchange)
    status = exchange.publish(sender.token, *changed(bundle_of(sender), change, sender.node.key))
    assert [failure["id"].partition("--")[0] for failure in status["failures"]] == ["indicator"]
    assert VALUE not in json.dumps(status)
    exchange.catch_up(reader)
    assert (exchange.held("indicator"), reader.answers) == ([], [])


@pytest.mark.parametrize("change", FOR_THE_NODE)
def test_a_node_passes_over_what_its_member_did_not_sign(exchange: Exchange, change: Change) -> None:
    """The forum need not be believed in this; the reason is written down."""
    sender, reader = exchange.member(), victim(exchange)
    status = exchange.publish(sender.token, *changed(bundle_of(sender), change, sender.node.key))
    assert status["failure_count"] == 0
    exchange.catch_up(reader)
    assert reader.answers == []
    assert FOR_THE_NODE[change] in {reason.partition(":")[0] for _, reason in reader.node.passed_over()}


@pytest.mark.parametrize("change", [*FOR_THE_FORUM, *FOR_THE_NODE])
def test_a_forum_that_checks_nothing_brings_nothing_through(tmp_path: Path, change: Change) -> None:
    """Each node has the guard too, and writes down who published what it did not take."""
    with opened_exchange(tmp_path, admit=lambda _: []) as lax:
        sender, reader = lax.member(), victim(lax)
        lax.publish(sender.token, *changed(bundle_of(sender), change, sender.node.key))
        lax.catch_up(reader)
        assert len(lax.held("indicator")) == 1
        assert reader.answers == []
        assert findings_in(reader.node.engine) == []
        assert sender.member_id in {origin for origin, _ in reader.node.passed_over()}
        assert not any(VALUE in reason for _, reason in reader.node.passed_over())


@pytest.mark.parametrize(("ahead_s", "is_taken"), [(-3_600, True), (60, True), (600, False)])
def test_clocks_may_differ_by_two_minutes(exchange: Exchange, *, ahead_s: float, is_taken: bool) -> None:
    """A sender's clock that is behind does no harm, one that is far ahead is refused by forum and node alike."""
    sender, reader = exchange.member(), victim(exchange)
    exchange.publish(sender.token, *bundle_of(sender, ahead_s))
    exchange.catch_up(reader)
    assert bool(exchange.held("indicator")) is is_taken
    assert reader.answers == ([SEEN] if is_taken else [])


def test_truncated_and_oversized_messages_leave_nothing(exchange: Exchange) -> None:
    """Cut anywhere, or above eight megabytes: an answer of TAXII's, nothing stored, and the next one is served."""
    sender = exchange.member()
    body = json.dumps({"objects": bundle_of(sender)}).encode()
    before = exchange.n_records()
    for cut in (1, len(body) // 3, len(body) - 1):
        assert exchange.post(sender.token, body[:cut]).status_code == 400
    assert exchange.post(sender.token, body[:-1] + b" " * (9 << 20) + b"}").status_code == 413
    assert exchange.post(sender.token, b"[" * 100_000).status_code in {400, 422}
    assert exchange.n_records() == before
    assert exchange.post(sender.token, body).status_code == 202
