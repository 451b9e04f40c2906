"""``stillwatch scan --state`` on the command line: exit codes and what is printed."""

from pathlib import Path

import pytest
from tests import traffic
from tests.scanning import write
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput


def run(*arguments: str | Path) -> str:
    """Run the command and return what it prints; failures are raised."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_second_scan_says_since_when_a_campaign_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the table, in the page and in the words of explain."""
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "salt"))
    rows = traffic.mixed()
    one, two = (write(tmp_path / name, part) for name, part in (("one", rows[:5000]), ("two", rows[5000:])))
    assert "open since" not in run("scan", one, "--state", tmp_path / "state", "--out", tmp_path / "f1")
    printed = run("scan", two, "--state", tmp_path / "state", "--out", tmp_path / "f2")
    assert "open since" in printed
    assert "open since" in (tmp_path / "f2" / "report.html").read_text()
    (name,) = {word for word in printed.split() if word.startswith("campaign-")}
    assert "Open since" in " ".join(run("explain", name, "--in", tmp_path / "f2").split())


def test_state_and_findings_are_two_folders(tmp_path: Path) -> None:
    """One folder for both would mix them up."""
    with pytest.raises(InvalidInput, match="two folders"):
        run("scan", write(tmp_path / "logs", traffic.table([])), "--state", tmp_path / "x", "--out", tmp_path / "x")
