"""``stillwatch drill account``, ``plant``, ``report``, ``close``, ``list`` and ``check`` over a forum's database."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.share.made import MEMBER, indicator
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import FailedProof
from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import Role
from stillwatch.share.stix.write import indicator_bundle
from stillwatch.share.taxii.admission import prepare
from stillwatch.share.taxii.store import Store

runner = CliRunner()


@pytest.fixture
def forum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A forum's database with one member and one indicator."""
    monkeypatch.chdir(tmp_path)
    run("forum", "init")
    member_id = run("forum", "member", "add", "North Cloud")["member"]
    run("forum", "collection", "grant", "campaigns", member_id, "--read", "--write")
    store = Store("forum.db")
    who = Member(member_id, Role.MEMBER)
    access = Access(store.engine)
    items = [prepare(made, lambda _: ()) for made in indicator_bundle(indicator(), MEMBER)["objects"]]
    store.publish(who, access.collection(who, "campaigns").collection_id, items, access.quotas)
    store.close()
    return tmp_path


def run(*arguments: str) -> Any:
    """What a command prints as JSON."""
    result = runner.invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout) if result.stdout.strip() else None


def test_a_drill_from_its_account_to_its_proof(forum: Path) -> None:
    """Every command in its order; the proof holds with the forum's key and its exported ledger."""
    account = run("drill", "account", "quiet one")["account"]
    drill = run("drill", "plant", account, "--count", "2")
    assert len(drill["canaries"]) == 2
    before = run("drill", "report", drill["drill"], "--names")
    assert (before["members"], before["holding"], before["believed_by"]) == (1, 1, [])
    assert run("drill", "list")["closed"] is None
    closed = run("drill", "close", drill["drill"], "--out", "proof.json")
    assert (closed["canaries"], closed["recovery_s"]) == (2, None)
    assert "believed_by" not in closed
    assert run("drill", "list")["closed"] is not None
    run("ledger", "export", "forum.db", "--out", "ledger.jsonl")
    shown = run("drill", "check", "proof.json", "--ledger", "ledger.jsonl", "--key", _public(forum))
    assert (shown["drill"], shown["published_after"], shown["signature_verified"]) == (drill["drill"], 2, True)
    told = json.loads((forum / "proof.json").read_text())
    told["reveal"]["item"]["drill"] = "another"
    (forum / "forged.json").write_text(json.dumps(told))
    with pytest.raises(FailedProof):
        run("drill", "check", "forged.json")


def _public(forum: Path) -> str:
    """File with the public half of the forum's key."""
    jwk = json.loads((forum / "forum.key").read_text())
    (forum / "public.json").write_text(json.dumps({name: jwk[name] for name in ("kty", "crv", "x")}))
    return str(forum / "public.json")
