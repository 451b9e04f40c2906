"""What has matched is kept as digests under the node's salt: in no clear, under one salt, gone with the indicator."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.share.node.members import ALPHA, BETA, NOW, SIGNING, harvest_of, keys_at, node, told
from tests.share.node.test_node import MINUTE, fed

from stillwatch.errors import UnreadableSource
from stillwatch.model.indicator import SignalKind
from stillwatch.share.answers.check import Memory
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.matches import ACCOUNT, in_force, match_salt, matched_in, value_digest
from stillwatch.share.node.node import Node
from stillwatch.share.node.tables import MATCHES, NODE_TABLES
from stillwatch.store.database import empty_log, open_database


def test_one_salt_that_only_its_owner_reads(tmp_path: Path) -> None:
    """None until it is made; made once; damaged it is no salt."""
    assert match_salt(tmp_path) is None
    salt = match_salt(tmp_path, make=True)
    assert salt is not None
    assert match_salt(tmp_path, make=True) == match_salt(tmp_path) == salt
    (path,) = tmp_path.iterdir()
    assert (len(salt), path.stat().st_mode & 0o777) == (32, 0o600)
    path.write_bytes(salt[:-1])
    with pytest.raises(UnreadableSource, match="must hold 32 bytes"):
        match_salt(tmp_path)


def test_digests_of_what_matched_and_nothing_in_clear(
    indexes: dict[str, LocalIndex], beta: Memory, tmp_path: Path
) -> None:
    """The node knows of each digest what it is of; its database shows no value; a revocation leaves no digest."""
    sender, salt, indicator = node(ALPHA), bytes(range(32)), told(indexes["alpha"])
    engine = open_database(tmp_path / "node.db", NODE_TABLES)
    receiver = Node(BETA, engine, SIGNING[BETA], keys_at, salt)
    fed(receiver, sender.tell(indicator, harvest_of(indexes["alpha"]), NOW).document()["objects"], beta)
    signals = indexes["beta"].signals.to_pylist()
    with engine.begin() as connection:
        found = in_force(connection, NOW)
        kept = dict(zip([match.key for match in found], matched_in(connection, found), strict=True))
    bands = {value_digest(salt, SignalKind.BAND, row["value"]) for row in signals if row["kind"] == "band"}
    digests = {int(one) for key, rows in kept.items() if key[2] == "band" for one in rows["digest"]}
    assert digests
    assert digests <= bands
    assert {match.weight for match in found if match.kind == ACCOUNT} == {1.0}
    assert not empty_log(engine) or (tmp_path / "node.db").stat().st_size > 0
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert not [row["value"] for row in signals if row["value"].encode() in data]
    fed(receiver, sender.take_back(indicator.indicator_id, NOW + MINUTE).document()["objects"], beta, minutes=1)
    with engine.begin() as connection:
        assert connection.execute(select(MATCHES)).all() == []
        assert in_force(connection, NOW) == []
    engine.dispose()


def test_without_a_salt_nothing_is_kept(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """Who does not ask for it has no copy of its customers' values, hidden or not."""
    receiver = node(BETA)
    told_now = node(ALPHA).tell(told(indexes["alpha"]), harvest_of(indexes["alpha"]), NOW)
    assert fed(receiver, told_now.document()["objects"], beta)
    with receiver.engine.begin() as connection:
        assert connection.execute(select(MATCHES)).all() == []


def test_what_has_ended_or_aged_is_not_in_force(indexes: dict[str, LocalIndex], beta: Memory) -> None:
    """Networks last 14 days and bands 90, and no word outlasts its indicator."""
    receiver = Node(BETA, node(BETA).engine, SIGNING[BETA], keys_at, bytes(32))
    told_now = node(ALPHA).tell(told(indexes["alpha"]), harvest_of(indexes["alpha"]), NOW)
    fed(receiver, told_now.document()["objects"], beta)
    with receiver.engine.begin() as connection:
        early = {match.kind: match.weight for match in in_force(connection, NOW)}
        later = {match.kind: match.weight for match in in_force(connection, NOW + timedelta(days=13))}
        assert in_force(connection, NOW + timedelta(days=14)) == []
    assert early["band"] == 1.0
    assert later["band"] == pytest.approx(0.5 ** (13 / 21))
