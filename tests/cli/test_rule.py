"""``stillwatch rule``, ``member rules`` and ``member rule``: files in, counts out, nobody named."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.share.node.members import ALPHA, NOW, node
from tests.share.rules.test_shadow import traffic
from tests.share.rules.texts import rule_text
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.node.node import Node
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.rules.message import signed_rule
from stillwatch.share.rules.read import parse_rule
from stillwatch.share.rules.rule import rule_hash
from stillwatch.store.database import open_database

runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rule, a wrong one, and logs of thirty accounts."""
    (tmp_path / "rule.yaml").write_text(rule_text(ALPHA))
    (tmp_path / "wrong.yaml").write_text(rule_text(ALPHA).replace("share: 0.5", "share: 0.51, owner: secret"))
    batch = traffic({f"acct-{i}": (12, 0) for i in range(30)})
    (tmp_path / "logs").mkdir()
    ids = pa.array([f"x{i}" for i in range(len(batch))])
    table = pa.table(batch).set_column(
        batch.schema.get_field_index("exchange_id"), batch.schema.field("exchange_id"), ids
    )
    pq.write_table(table, tmp_path / "logs" / "log.parquet")
    return tmp_path


def test_a_good_rule_has_a_hash(folder: Path) -> None:
    """The one that members name it by."""
    result = runner.invoke(app, ["rule", "check", str(folder / "rule.yaml")])
    content = rule_hash(parse_rule((folder / "rule.yaml").read_text()))
    assert (result.exit_code, result.output) == (0, f"{folder / 'rule.yaml'}: good, rule {content}\n")


def test_every_problem_is_told_with_its_line(folder: Path) -> None:
    """In words and as JSON; no value is repeated, and the error is one of use."""
    for flag in ([], ["--json"]):
        result = runner.invoke(app, ["rule", "check", str(folder / "wrong.yaml"), *flag])
        assert isinstance(result.exception, InvalidInput)
        assert "multiple of 0.05" in result.output
        assert "must be one of exchanges, share" in result.output
        assert "secret" not in result.output + str(result.exception)
    told = json.loads(runner.invoke(app, ["rule", "check", "--json", str(folder / "wrong.yaml")]).stdout)
    assert [problem["line"] for problem in told["problems"]] == [6, 6]


def test_a_rule_of_another_time_is_good_and_not_taken(folder: Path) -> None:
    """The file is right; that others will not take it now is said."""
    for name, created_h, said in (("old", -49.0, "over"), ("new", 2.0, "future")):
        (folder / name).write_text(rule_text(ALPHA, created_h=created_h, days=2))
        assert said in runner.invoke(app, ["rule", "check", str(folder / name)]).output


@pytest.mark.parametrize("text", [None, b"\xff\xfe", b"a: " + b"x" * (17 << 10)])
def test_what_is_no_rule_is_no_rule(folder: Path, text: bytes | None) -> None:
    """Not there, not UTF-8, too large."""
    if text is not None:
        (folder / "odd.yaml").write_bytes(text)
    result = runner.invoke(app, ["rule", "check", str(folder / "odd.yaml")])
    assert isinstance(result.exception, UnreadableSource | InvalidInput)


def test_a_bomb_of_aliases_is_refused_before_it_is_built(folder: Path) -> None:
    """Nine levels of nine: ten to the ninth values, in a few hundred bytes."""
    lines = [
        'a: &a ["lol"]',
        *(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(9)),
    ]
    (folder / "bomb.yaml").write_text("\n".join(lines))
    result = runner.invoke(app, ["rule", "check", str(folder / "bomb.yaml")])
    assert isinstance(result.exception, InvalidInput)
    assert "no anchors" in result.output


def test_shadow_counts_and_names_nobody(folder: Path) -> None:
    """Without labels there is no precision to tell; accounts are counted."""
    result = runner.invoke(app, ["rule", "shadow", str(folder / "rule.yaml"), str(folder / "logs"), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"n_exchanges": 360, "n_matched": 360, "n_accounts": 30, "n_flagged": 30}
    assert "acct-" not in result.stdout


def test_a_node_lists_its_rules(folder: Path) -> None:
    """Wordings, state and counts, in words and as JSON; nothing is asked of the forum."""
    (folder / "member.toml").write_text(
        'forum = "http://127.0.0.1:9"\ncollection = "campaigns"\ntoken_file = "t"\nindex = "index"\nfolder = "node"\n'
        + "".join(
            f'[evaluators.{name}]\nurl = "http://127.0.0.1:9"\ntoken_file = "t"\nkeys_file = "k"\n' for name in "ns"
        )
    )
    (folder / "node").mkdir()
    known = node(ALPHA)
    engine = open_database(folder / "node" / "node.db", NODE_TABLES)
    rule = parse_rule(rule_text(ALPHA))
    told = signed_rule(rule, ALPHA, known.key, rule.created)
    Node(ALPHA, engine, known.key, lambda _: {}).take_message(told.document(), ALPHA, "1", max(NOW, rule.created))
    engine.dispose()
    known.engine.dispose()
    settings = ["--settings", str(folder / "member.toml")]
    text = runner.invoke(app, ["member", "rules", *settings]).output
    assert "state: valid" in text
    assert "wording: rate each answer from # to #" in text
    found = json.loads(runner.invoke(app, ["member", "rules", *settings, "--json"]).stdout)
    assert (found["rule"], found["answers"], found["author"]) == (rule_hash(rule), 0, ALPHA)
