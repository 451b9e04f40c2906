"""What the operator's hands do, that it is told inside the transaction, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.credentials import Proxies
from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.access.tables import TABLES
from stillwatch.store.database import open_database
from stillwatch.web.problem import Problem


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An empty database."""
    return open_database(tmp_path / "forum.db", TABLES)


def test_a_member_sees_its_own_collections_and_no_trace_of_others(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection that is not there and one that is not for it are refused with the same words."""
    monkeypatch.setattr("stillwatch.share.access.access._UNNOTICED_S", 0.0)
    access, roster, collections = Access(engine), Roster(engine), Collections(engine)
    member = Member(roster.add_member("one")[0], Role.MEMBER)
    mine, other = collections.add("Mine", alias="mine"), collections.add("Other", alias="other")
    assert access.collections(member) == {}
    collections.grant(member.member_id, "mine", read=True, write=False)
    seen = access.collections(member)
    assert list(seen) == [mine]
    assert (seen[mine].can_read, seen[mine].can_write) == (True, False)
    assert access.collection(member, "mine") == access.collection(member, mine)
    told = set()
    for name in (other, "other", "nothing"):
        with pytest.raises(Problem) as wrong:
            access.collection(member, name)
        told.add((int(wrong.value.status), str(wrong.value)))
    assert len(told) == 1
    collections.grant(member.member_id, mine, read=False, write=False)
    assert access.collections(member) == {}


def test_everything_is_told_and_nothing_happens_when_telling_fails(engine: Engine) -> None:
    """The hook hears each change with its actor; when it raises the change is undone."""
    heard: list[tuple[str, str]] = []

    def hear(kind: str, actor: str, document: Any, connection: Connection) -> None:
        assert connection.in_transaction()
        assert isinstance(document, dict)
        heard.append((kind, actor))
        if len(heard) > 6:
            message = "full"
            raise RuntimeError(message)

    roster, collections = Roster(engine, hear), Collections(engine, hear)
    one, token = roster.add_member("one")
    made = collections.add("Mine")
    collections.grant(one, made, read=True, write=True)
    roster.rotate_token(one, token.lookup)
    roster.revoke_token(token.lookup)
    roster.trust_certificate(one, "ab" * 32)
    with pytest.raises(RuntimeError):
        roster.revoke_member(one)
    assert [kind for kind, _ in heard] == [
        "member-added",
        "collection-added",
        "granted",
        "token-rotated",
        "token-revoked",
        "certificate-trusted",
        "member-revoked",
    ]
    assert roster.members()[0].revoked_s is None


def test_what_is_not_there_cannot_be_changed(engine: Engine) -> None:
    """Each mistake is an error that names what was wrong."""
    roster, collections = Roster(engine), Collections(engine)
    one, _ = roster.add_member("one")
    collections.add("Mine", alias="mine")
    with pytest.raises(MissingData):
        roster.revoke_member("nobody")
    with pytest.raises(MissingData):
        roster.revoke_token("nothing")
    with pytest.raises(MissingData):
        roster.rotate_token("nobody", None)
    with pytest.raises(MissingData):
        collections.grant(one, "nothing", read=True, write=True)
    with pytest.raises(InvalidInput, match="alias"):
        collections.add("Again", alias="mine")
    with pytest.raises(InvalidInput, match="64 hex"):
        roster.trust_certificate(one, "short")
    with pytest.raises(InvalidInput, match="CIDR"):
        Proxies(["everywhere"])
    for name in ("", "x" * 201):
        with pytest.raises(InvalidInput):
            roster.add_member(name)
        with pytest.raises(InvalidInput):
            collections.add(name)


def test_quotas_end_with_the_window_and_say_when(engine: Engine) -> None:
    """Requests, objects and bytes each have a limit; what would be too much is not counted once undone."""
    one, _ = Roster(engine).add_member("one")
    now = [1_000.0]
    quotas = Quotas(engine, Limits(requests=2, objects=10, size_bytes=100, window_s=60), lambda: now[0])
    quotas.request(one)
    quotas.request(one)
    with pytest.raises(Problem, match="requests") as told:
        quotas.request(one)
    assert told.value.headers == {"Retry-After": "20"}
    for n, size, word in ((11, 1, "objects"), (1, 101, "bytes")):
        with pytest.raises(Problem, match=word), engine.begin() as connection:
            quotas.publish(connection, one, n, size)
    with engine.begin() as connection:
        quotas.publish(connection, one, 6, 60)
    assert quotas.used(one) == {"requests": 3, "objects": 6, "size_bytes": 60}
    with pytest.raises(Problem, match="objects"), engine.begin() as connection:
        quotas.publish(connection, one, 6, 1)
    now[0] += 60
    with engine.begin() as connection:
        quotas.publish(connection, one, 6, 60)
    quotas.request(one)
    assert quotas.used(one) == {"requests": 1, "objects": 6, "size_bytes": 60}
