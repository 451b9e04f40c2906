"""The commands of analysts over a service's database: cases, appeals, bundles."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.act.cases.made import PROMPT, campaign, rows
from tests.act.desk import NOW, Office, notice
from tests.report.examples import example_findings
from typer.testing import CliRunner

from stillwatch.act.cases.opening import update_cases
from stillwatch.cli import app
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.exchange import EXCHANGE
from stillwatch.report import write_findings
from stillwatch.service.home import open_home
from stillwatch.service.settings import read_settings

WHY = "The school has shown us its timetable and its pupils."


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a service with a case, a decision and an appeal, on the database of the commands."""
    path = tmp_path / "service.toml"
    path.write_text('folder = "service"\n')
    with open_home(read_settings(path), is_first=True) as home:
        made = Office(home.engine, home.trail)
        with made.engine.begin() as connection:
            update_cases(connection, made.trail, [campaign()], NOW)
        made.file(notice())
    return path


def run(*arguments: str, settings: Path, stdin: str | None = None) -> Any:
    """What a command prints as JSON."""
    told = CliRunner().invoke(app, [*arguments, "--settings", str(settings), "--json"], input=stdin)
    if told.exception is not None:
        raise told.exception
    return json.loads(told.stdout.splitlines()[-1])


def test_a_case_from_list_to_close(settings: Path) -> None:
    """Listed, assigned, noted, shown and closed, each change by somebody."""
    (found,) = run("case", "list", settings=settings)
    assert (found["case_id"], found["state"], found["version"]) == ("campaign-1", "open", 1)
    assert (
        run("case", "assign", "campaign", "--to", "cem", "--by", "bea", "--seen", "1", settings=settings)["version"]
        == 2
    )
    run("case", "note", "campaign-1", "-", "--by", "bea", settings=settings, stdin="A note\nof two lines")
    shown = run("case", "show", "campaign-1", settings=settings)
    assert [event["what"] for event in shown["events"]] == ["opened", "assigned", "noted"]
    assert "statement" not in shown["appeals"][0]
    closed = (
        "case",
        "close",
        "campaign-1",
        "ended",
        "--by",
        "bea",
        "--reason",
        "The campaign is over by now.",
        "--seen",
    )
    with pytest.raises(InvalidInput, match="version 2 by now"):
        run(*closed, "1", settings=settings)
    assert run(*closed, "2", settings=settings)["state"] == "closed"
    assert run("case", "list", settings=settings) == []


def test_an_appeal_from_list_to_labels(settings: Path, tmp_path: Path) -> None:
    """Listed, shown, answered from standard input, counted, and written for calibration."""
    (found,) = run("appeal", "list", settings=settings)
    shown = run("appeal", "show", found["appeal_id"][:8], "--by", "bea", settings=settings)
    assert (shown["appeal"]["state"], shown["decision"]["action"]) == ("looked-at", "throttle")
    arguments = ("appeal", "answer", found["appeal_id"], "upheld", "--by", "bea", "--reason", "-")
    assert run(*arguments, settings=settings, stdin=WHY)["answer"] == WHY
    with pytest.raises(InvalidInput, match="answered by bea already"):
        run(*arguments, settings=settings, stdin=WHY)
    assert run("appeal", "list", settings=settings) == []
    assert run("appeal", "list", "--which", "answered", settings=settings)[0]["state"] == "upheld"
    assert run("appeal", "report", settings=settings)["n_upheld"] == 1
    assert run("appeal", "labels", "--out", str(tmp_path / "labels"), settings=settings)["accounts"] == 1
    assert (tmp_path / "labels" / "vouched.txt").read_text() == notice().stream.account_id + "\n"


def test_overdue_ones_are_listed_apart(settings: Path) -> None:
    """An appeal of long ago is overdue by the clock of the command, or will be."""
    listed = run("appeal", "list", "--which", "overdue", settings=settings)
    everything = run("appeal", "list", "--which", "all", settings=settings)
    assert listed == [one for one in everything if one["is_overdue"]]
    assert len(everything) == 1


def test_words_for_people(settings: Path) -> None:
    """Without --json the same is told in lines, with hidden characters shown."""
    for arguments, words in (
        (["case", "list"], "campaign-1  harvest  open  nobody"),
        (["case", "show", "campaign-1"], "opened"),
        (["appeal", "list"], "research"),
        (["appeal", "report"], "filed 1: 0 upheld"),
    ):
        told = CliRunner().invoke(app, [*arguments, "--settings", str(settings)])
        assert (told.exit_code, words in told.stdout) == (0, True), told.stdout


def bundle_inputs(folder: Path) -> tuple[str, str]:
    """Findings that name a campaign, and logs with its exchanges."""
    found = example_findings()
    first = found.campaigns[0].campaign_id
    kept = [{**row, "account_id": "acct-1"} for row in rows()]
    ids = pa.Table.from_pylist(
        [{"exchange_id": r["exchange_id"], "campaign_id": first, "account_id": "acct-1"} for r in kept],
        found.exchanges.schema,
    )
    from dataclasses import replace  # noqa: PLC0415

    write_findings(replace(found, exchanges=ids), folder / "findings")
    (folder / "traffic").mkdir()
    full = [{name: row.get(name) for name in EXCHANGE.names} for row in kept]
    pq.write_table(pa.Table.from_pylist(full, EXCHANGE), folder / "traffic" / "part.parquet")
    return first, str(folder / "findings")


def test_a_bundle_is_written_once_and_verified(settings: Path, tmp_path: Path) -> None:
    """Exported out of findings and logs, verified, tied to its key; with texts only for a reason."""
    first, folder = bundle_inputs(tmp_path)
    with open_home(read_settings(settings)) as home, home.engine.begin() as connection:
        update_cases(connection, home.trail, [campaign(first)], NOW)
    out = tmp_path / "bundle.zip"
    export = ("case", "export", first, "--by", "bea", "--findings", folder, "--traffic", str(tmp_path / "traffic"))
    told = run(*export, "--out", str(out), settings=settings)
    assert PROMPT.encode() not in out.read_bytes()
    assert out.stat().st_mode & 0o077 == 0
    verified = CliRunner().invoke(app, ["case", "verify", str(out), "--key-id", told["key"], "--json"])
    assert json.loads(verified.stdout)["exchanges_hashed"] == 3
    with pytest.raises(InvalidInput, match="must be a new file"):
        run(*export, "--out", str(out), settings=settings)
    second = str(tmp_path / "second.zip")
    with pytest.raises(InvalidInput, match="belong together"):
        run(*export, "--out", second, "--with-text", settings=settings)
    reason = ("--with-text", "--reason", "The court has asked for it.", "--exchange", "x-1")
    run(*export, "--out", second, *reason, settings=settings)
    assert Path(second).read_bytes().count(PROMPT.encode()) == 1


def test_no_service_no_case(tmp_path: Path, settings: Path) -> None:
    """Where there is no service, and where there is no such case, the command says so."""
    other = tmp_path / "other.toml"
    other.write_text('folder = "nowhere"\n')
    with pytest.raises(MissingData, match="there is no service"):
        run("case", "list", settings=other)
    with pytest.raises(MissingData, match="no cases are named"):
        run("case", "show", "nothing", settings=settings)
