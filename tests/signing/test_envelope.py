"""Messages: each way to misuse one is refused with its own reason, and a good one counts once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from stillwatch.signing.canonical import canonical
from stillwatch.signing.envelope import ENVELOPE_TABLES, MOST_AGE, MOST_SKEW, opened, sealed
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.refused import Refused
from stillwatch.signing.signature import signed
from stillwatch.store.database import open_database

KEY = SigningKey.generate()
KEYS = keys_of([KEY.verify_key])
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BODY = {"kind": "sighting", "days": 14}


@pytest.fixture
def engine(tmp_path: Any) -> Engine:
    """Database of a reader."""
    return open_database(tmp_path / "reader.db", ENVELOPE_TABLES)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One transaction of the reader."""
    with engine.begin() as begun:
        yield begun


def message(now: datetime = NOW, **changed: Any) -> bytes:
    """A message, signed before anything is changed."""
    return canonical({**sealed(BODY, KEY, "forum", now), **changed})


def reason(connection: Connection, data: bytes, audience: str = "forum") -> str:
    """Reason why a message is refused."""
    with pytest.raises(Refused) as caught:
        opened(data, KEYS, audience, NOW, connection)
    assert "sighting" not in str(caught.value)
    return caught.value.reason


def test_a_good_message_is_accepted(connection: Connection) -> None:
    """Body, signer and time come out."""
    found = opened(message(), KEYS, "forum", NOW, connection)
    assert (found.body, found.key_id, found.issued_at) == (BODY, KEY.key_id, NOW)


def test_a_message_counts_once(connection: Connection) -> None:
    """The same bytes again, and the same message in other bytes."""
    data = message()
    opened(data, KEYS, "forum", NOW, connection)
    assert reason(connection, data) == "replayed"
    assert reason(connection, json.dumps(json.loads(data), indent=2).encode()) == "replayed"
    assert opened(message(), KEYS, "forum", NOW, connection).body == BODY


def test_a_message_whose_work_was_rolled_back_may_come_again(engine: Engine) -> None:
    """The nonce is part of the transaction; after the commit it is taken, also for who opens the database again."""
    data = message()
    with engine.connect() as begun, begun.begin() as transaction:
        opened(data, KEYS, "forum", NOW, begun)
        transaction.rollback()
    with engine.begin() as begun:
        opened(data, KEYS, "forum", NOW, begun)
    engine.dispose()
    with open_database(engine.url.render_as_string(), ENVELOPE_TABLES).begin() as begun:
        assert reason(begun, data) == "replayed"


def test_clocks_may_differ_by_two_minutes(connection: Connection) -> None:
    """Up to the limits it is accepted, beyond them it is expired or future-dated."""
    tick = timedelta(seconds=1)
    assert opened(message(NOW - MOST_AGE), KEYS, "forum", NOW, connection).body == BODY
    assert opened(message(NOW + MOST_SKEW), KEYS, "forum", NOW, connection).body == BODY
    assert reason(connection, message(NOW - MOST_AGE - tick)) == "expired"
    assert reason(connection, message(NOW + MOST_SKEW + tick)) == "future-dated"


def test_no_message_is_forgotten_while_it_could_be_accepted(connection: Connection) -> None:
    """A future-dated one stays remembered until it expires."""
    data = message(NOW + MOST_SKEW)
    opened(data, KEYS, "forum", NOW, connection)
    for later in (NOW + timedelta(minutes=m) for m in range(1, 10)):
        with pytest.raises(Refused) as caught:
            opened(data, KEYS, "forum", later, connection)
        assert caught.value.reason == ("replayed" if later - NOW <= MOST_AGE + MOST_SKEW else "expired")


def test_a_message_is_for_one_reader(connection: Connection) -> None:
    """What was sent to the forum is not accepted by an evaluator."""
    assert reason(connection, message(), audience="evaluator-2") == "wrong-audience"


def test_truncated_oversized_and_mangled_messages(connection: Connection) -> None:
    """Before anything is verified."""
    data = message()
    assert {reason(connection, data[:end]) for end in range(0, len(data), 7)} == {"truncated"}
    assert reason(connection, data + b" " * (1 << 20)) == "oversized"
    assert reason(connection, b"{}x") == "malformed"


def test_unsigned_and_wrongly_signed_messages(connection: Connection) -> None:
    """No signature, somebody's else, a changed body, a changed time."""
    document = json.loads(message())
    bare = {name: value for name, value in document.items() if name != "signature"}
    assert reason(connection, canonical(bare)) == "unsigned"
    assert reason(connection, canonical(signed(bare, SigningKey.generate()))) == "unknown-key"
    assert reason(connection, message(body={"days": 15})) == "wrong-signature"
    assert reason(connection, message(NOW - timedelta(days=1), issued_at=document["issued_at"])) == "wrong-signature"


@pytest.mark.parametrize(
    "changed",
    [
        {"more": 1},
        {"body": []},
        {"nonce": "short"},
        {"audience": None},
        {"issued_at": "2026-11-27"},
        {"issued_at": "2026-11-27T12:00:00.0Z"},
    ],
)
def test_members_that_do_not_belong_are_refused(connection: Connection, changed: dict[str, Any]) -> None:
    """One more, one of another type, one in another spelling, all well signed."""
    bare = {name: value for name, value in json.loads(message()).items() if name != "signature"}
    assert reason(connection, canonical(signed({**bare, **changed}, KEY))) == "malformed"


def test_a_refused_message_takes_no_nonce(connection: Connection) -> None:
    """Who sends a stranger's message to the wrong reader does not spoil it."""
    data = message()
    reason(connection, data, audience="somebody")
    assert opened(data, KEYS, "forum", NOW, connection).body == BODY


def test_of_many_copies_at_once_one_is_accepted(engine: Engine) -> None:
    """Eight transactions of eight threads with the same bytes."""
    data = message()

    def take(_: int) -> str:
        try:
            with engine.begin() as begun:
                opened(data, KEYS, "forum", NOW, begun)
        except Refused as refused:
            return refused.reason
        return "accepted"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(8))) == ["accepted", *["replayed"] * 7]
