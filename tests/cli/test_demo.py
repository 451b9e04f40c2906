"""The demo, small: from nothing to a report, again without simulating, and never over somebody's files."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput
from stillwatch.report import read_findings

runner = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small demo."""
    out = tmp_path_factory.mktemp("demo") / "out"
    done = runner.invoke(app, ["demo", "--out", str(out), "--exchanges", "3000"])
    assert done.exit_code == 0, done.output
    assert "3,000 rows read = 3,000 kept" in done.stdout
    assert "Planted and found" in done.stdout
    end = done.stdout.splitlines()[-4:]
    assert [line.split(":")[0] for line in end] == ["report", "next", "then", "look"]
    assert end[0] == f"report: {out / 'findings' / 'report.html'}"
    assert end[3] == f"look: stillwatch console {out / 'findings'} --logs {out / 'logs'}"
    return out


def test_demo_leaves_findings(folder: Path) -> None:
    """The findings can be read, and the page is there."""
    assert read_findings(folder / "findings").tally.rows_read == 3000
    assert (folder / "findings" / "report.html").stat().st_size > 10_000


def test_the_second_demo_does_not_simulate(folder: Path) -> None:
    """The same run is reused; another seed takes its place."""
    again = runner.invoke(app, ["demo", "--out", str(folder), "--exchanges", "3000"])
    assert again.exit_code == 0
    assert "writing the logs:" not in again.stderr
    other = runner.invoke(app, ["demo", "--out", str(folder), "--exchanges", "3000", "--seed", "8", "--json"])
    assert other.exit_code == 0
    assert "writing the logs:" in other.stderr
    assert other.stdout.startswith("{")


def test_the_demo_spares_other_files(tmp_path: Path) -> None:
    """A folder that holds something else is refused and stays as it was."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mine.jsonl").write_text("{}")
    done = runner.invoke(app, ["demo", "--out", str(tmp_path)])
    assert isinstance(done.exception, InvalidInput)
    assert (tmp_path / "logs" / "mine.jsonl").read_text() == "{}"


def test_simulate_scan_score_by_hand(tmp_path: Path) -> None:
    """The three commands that the demo joins work one by one."""
    run = tmp_path / "run"
    for command in (
        ["simulate", "--out", str(run), "--exchanges", "2000", "--campaigns", "none", "--days", "3"],
        ["scan", str(run), "--strict"],
        ["score", str(run)],
        ["score", str(run), "--json"],
    ):
        done = runner.invoke(app, command)
        assert done.exit_code == 0, done.output
    assert (run / "findings" / "campaigns.json").exists()
