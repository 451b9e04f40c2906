"""``stillwatch member backsearch``: two nodes by their commands, from question to values."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.share.node.search.exchange import Exchange, addresses, exchanging, index_of
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.model.search_index import INDEX_TABLES, INDEX_VERSION
from stillwatch.share.evaluator.messages import write_keys
from stillwatch.share.oprf.keys import new_key_pair
from stillwatch.share.tags.epochs import epoch_of

runner = CliRunner()


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A forum that answers."""
    with exchanging(tmp_path_factory.mktemp("forum")) as running:
        yield running


def member(forum: Exchange, folder: Path) -> str:
    """A member with settings and an index; its pseudonym."""
    folder.mkdir()
    member_id, token = forum.roster.add_member(folder.name)
    forum.collections.grant(member_id, forum.campaigns, read=True, write=True)
    (folder / "token").write_text(token.text)
    (folder / "keys").write_bytes(write_keys(7, {epoch_of(datetime.now(UTC)): new_key_pair().public}))
    evaluators = "".join(
        f'[evaluators.{name}]\nurl = "http://127.0.0.1:1"\ntoken_file = "token"\nkeys_file = "keys"\n'
        for name in ("north", "south")
    )
    (folder / "member.toml").write_text(
        f'forum = "{forum.url}"\ncollection = "campaigns"\ntoken_file = "token"\nindex = "index"\nfolder = "node"\n'
        f'open_searches = ["address"]\n{evaluators}'
    )
    _index(folder / "index")
    return member_id


def _index(folder: Path) -> None:
    folder.mkdir()
    made = index_of(addresses(0, 60))
    window = {
        "version": INDEX_VERSION,
        "first": made.first,
        "last": made.last,
        "n_exchanges": 60,
        "n_accounts": 60,
        "kind": "address",
        "coverage": 0.97,
    }
    tables = {name: schema.empty_table() for name, schema in INDEX_TABLES.items()}
    tables |= {"signals": made.signals, "window": pa.Table.from_pylist([window], schema=INDEX_TABLES["window"])}
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")


def said(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """What a command prints as JSON."""
    settings = ["--settings", str(folder / "member.toml"), "--json"]
    result = runner.invoke(app, ["member", "backsearch", *arguments, *settings], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_two_nodes_search_each_other_by_their_commands(forum: Exchange, tmp_path: Path) -> None:
    """Ask, exchange on both sides, see the bucket, approve on both sides, see the values; folders are the owner's."""
    alpha, beta = tmp_path / "alpha", tmp_path / "beta"
    alpha_id, beta_id = member(forum, alpha), member(forum, beta)
    said(beta, "exchange")
    (tmp_path / "values").write_text("\n".join([*addresses(40, 80), "", addresses(40, 41)[0]]))
    (asked,) = said(alpha, "ask", beta_id, "--values", str(tmp_path / "values"))
    assert asked["values"] == 40
    search = asked["search"]
    assert said(beta, "exchange") == [{"search": search, "came": "request", "state": "answered"}]
    assert said(alpha, "exchange") == [{"search": search, "came": "answer", "state": "counted"}]
    (told,) = said(alpha, "list")
    assert (told["matches"], told["state"], told["other"]) == ("10 to 99", "counted", beta_id)
    assert said(alpha, "approve", search, "--name", "Ada") == [{"search": search, "state": "approved"}]
    said(beta, "exchange")
    assert said(beta, "approve", search, "--name", "Grace") == [{"search": search, "state": "revealed"}]
    said(alpha, "exchange")
    assert said(alpha, "show", search) == [{"search": search, "values": addresses(40, 60)}]
    (told,) = said(beta, "list")
    assert (told["other"], told["approved_here"], told["approved_there"]) == (alpha_id, "Grace", True)
    plain = runner.invoke(app, ["member", "backsearch", "show", search, "--settings", str(alpha / "member.toml")])
    assert plain.stdout.splitlines() == addresses(40, 60)
    assert (alpha / "node").stat().st_mode & 0o077 == 0
    assert (alpha / "node" / "sealing.key").stat().st_mode & 0o077 == 0


def test_what_cannot_be_asked_is_an_error_of_ours(forum: Exchange, tmp_path: Path) -> None:
    """Another kind, both sources of values or none, no file, a value that is none, no campaign; no value is told."""
    folder = tmp_path / "gamma"
    member(forum, folder)
    (tmp_path / "values").write_text("41.7.0.1\njane@corp.example\n")
    cases: list[tuple[list[str], type[Exception], str]] = [
        (["--kind", "names", "--values", "x"], InvalidInput, "--kind must be"),
        ([], InvalidInput, "--values or --campaign"),
        (["--values", "x", "--campaign", "y"], InvalidInput, "--values or --campaign"),
        (["--values", str(tmp_path / "none")], UnreadableSource, "cannot read the values"),
        (["--values", str(tmp_path / "values")], InvalidInput, "value 2 of 2"),
        (["--campaign", "campaign-0"], MissingData, "no campaign"),
    ]
    for arguments, error, words in cases:
        line = ["member", "backsearch", "ask", "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", *arguments]
        result = runner.invoke(app, [*line, "--settings", str(folder / "member.toml")])
        assert isinstance(result.exception, error), result.output
        assert words in str(result.exception)
        assert "jane" not in str(result.exception)
    with pytest.raises(MissingData, match="knows no search"):
        said(folder, "approve", "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "--name", "Ada")
