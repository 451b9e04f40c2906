"""``stillwatch forum audit`` and ``forum member owner``: the operator's hand, recorded in the forum's ledger."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.share import made
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.cli.forum_store import key_of, opened
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import ENTRIES
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.stix.write import indicator_bundle
from stillwatch.share.taxii.admission import prepare
from stillwatch.share.trust.records import audits_of


def run(*arguments: object) -> dict[str, Any]:
    """What a command tells; what it raises comes through."""
    result = CliRunner().invoke(app, ["forum", *map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.fixture
def forum(tmp_path: Path) -> tuple[Path, list[str]]:
    """A forum's database with two members, of which the first has published an indicator."""
    path = tmp_path / "forum.db"
    store, on_event = opened(str(path), key_of(None, str(path)))
    roster, collections = Roster(store.engine, on_event), Collections(store.engine, on_event)
    members = [roster.add_member(f"member {n}")[0] for n in range(2)]
    campaigns = collections.add("Campaigns", alias="campaigns")
    items = [prepare(o, lambda _: []) for o in indicator_bundle(made.indicator(), members[0])["objects"]]
    store.publish(Member(members[0], Role.MEMBER), campaigns, items, Quotas(store.engine, Limits()))
    store.close()
    return path, members


def entries(path: Path) -> list[str]:
    """Kinds of the ledger's entries."""
    store, _ = opened(str(path), None)
    with store.engine.begin() as connection:
        found = list(connection.execute(select(ENTRIES.c.kind).order_by(ENTRIES.c.index)).scalars())
    store.close()
    return found


def test_an_audit_is_recorded_and_in_the_ledger(forum: tuple[Path, list[str]]) -> None:
    """For the kinds that were judged, or all that the indicator has."""
    path, members = forum
    told = run("audit", made.indicator().indicator_id, "--outcome", "wrong", "--kind", "band", "--db", path)
    assert told == {
        "indicator": made.indicator().indicator_id,
        "member": members[0],
        "outcome": "wrong",
        "kinds": ["band"],
    }
    told = run("audit", made.indicator().indicator_id, "--outcome", "confirmed", "--db", path)
    assert told["kinds"] == ["address", "payment", "band"]
    store, _ = opened(str(path), None)
    with store.engine.begin() as connection:
        assert {(one.kind.value, one.outcome.value) for one in audits_of(connection, members[0])} == {
            ("address", "confirmed"),
            ("payment", "confirmed"),
            ("band", "confirmed"),
        }
    store.close()
    assert entries(path)[-2:] == [Kind.AUDIT, Kind.AUDIT]


def test_nothing_else_is_judged(forum: tuple[Path, list[str]]) -> None:
    """Neither an indicator that is not there nor a kind that is none; the ledger does not grow."""
    path, _ = forum
    before = entries(path)
    with pytest.raises(MissingData, match="nobody has published"):
        run("audit", forum[1][0], "--outcome", "wrong", "--db", path)
    with pytest.raises(InvalidInput, match="must be a random one"):
        run("audit", "indicator-1", "--outcome", "wrong", "--db", path)
    with pytest.raises(InvalidInput, match="--kind must be of"):
        run("audit", made.indicator().indicator_id, "--outcome", "wrong", "--kind", "rumour", "--db", path)
    assert entries(path) == before


def test_an_owner_is_in_the_ledger(forum: tuple[Path, list[str]]) -> None:
    """As every change of the roster."""
    path, members = forum
    assert run("member", "owner", members[1], members[0], "--db", path) == {"member": members[1], "owner": members[0]}
    assert entries(path)[-1] == Kind.ROSTER_CHANGE
