"""``stillwatch share``: every reason at once, exit codes, the table."""

import json
from pathlib import Path

import pytest
from tests.share.made import MEMBER, indicator
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.guard.table import TABLE, schema_hash
from stillwatch.share.stix.write import bundle_bytes, indicator_bundle

runner = CliRunner()


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A bundle that may cross, one that may not, and one that is no JSON."""
    bundle = indicator_bundle(indicator(), MEMBER)
    (tmp_path / "right.json").write_bytes(bundle_bytes(bundle))
    (tmp_path / "wrong.json").write_text(json.dumps(bundle | {"remark": "call +49 170 1234567", "price": 3}))
    (tmp_path / "torn.json").write_text('{"type": "bundle", "remark": "secr')
    return [str(tmp_path / name) for name in ("right.json", "wrong.json", "torn.json")]


def test_what_may_cross_exits_with_nothing(files: list[str]) -> None:
    """One line for a right file."""
    result = runner.invoke(app, ["share", "lint", files[0]])
    assert (result.exit_code, result.output) == (0, f"{files[0]}: may cross\n")


def test_every_refusal_of_every_file_is_told(files: list[str]) -> None:
    """The reasons are printed, the values are not, and the error is one of use."""
    result = runner.invoke(app, ["share", "lint", *files])
    assert isinstance(result.exception, InvalidInput)
    assert "2 of 3 files" in str(result.exception)
    for told in ("unknown-field", "value:phone", "value:enforcement", "must be whole"):
        assert told in result.output
    assert "1234567" not in result.output
    assert "secr" not in result.output


def test_lint_tells_programs_too(files: list[str]) -> None:
    """JSON with the table's hash, path, rule and explanation."""
    told = json.loads(runner.invoke(app, ["share", "lint", "--json", *files]).stdout)
    assert told["schema"] == schema_hash()
    assert [bool(file["refusals"]) for file in told["files"]] == [False, True, True]
    assert told["files"][1]["refusals"][0].keys() == {"path", "rule", "explanation"}


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    """Another error than a refusal."""
    result = runner.invoke(app, ["share", "lint", str(tmp_path / "none.json")])
    assert isinstance(result.exception, UnreadableSource)


def test_the_table_is_printed_whole() -> None:
    """Every row, for people and for programs."""
    text = runner.invoke(app, ["share", "table"]).stdout
    assert text.startswith(f"schema {schema_hash()}\n")
    assert all(row.why in text for row in TABLE)
    told = json.loads(runner.invoke(app, ["share", "table", "--json"]).stdout)
    assert len(told["rows"]) == len(TABLE)
    assert "rules between fields" in told
