"""``stillwatch serve --rehearse``: what it prints and keeps, and how a failure ends; the story has tests of its own."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from tests.service.rehearsal.made import result
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.service.rehearsal import story
from stillwatch.service.rehearsal.judge import Check
from stillwatch.service.rehearsal.result import Rehearsed
from stillwatch.service.rehearsal.world import Plot

Asked = list[tuple[Path, Plot]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Play nothing, and keep what was to be played."""
    return _plays(monkeypatch, result())


def _plays(monkeypatch: pytest.MonkeyPatch, outcome: Rehearsed) -> Asked:
    found: Asked = []

    def play(folder: Path, plot: Plot, say: Callable[[str], None], now: datetime) -> Rehearsed:
        assert now.tzinfo is not None
        found.append((folder, plot))
        folder.mkdir(exist_ok=True)
        say("a line of the timeline")
        return outcome

    monkeypatch.setattr(story, "rehearse", play)
    return found


def test_with_a_folder_page_and_figures_are_kept(asked: Asked, tmp_path: Path) -> None:
    """Where it was asked for, of the size and seed that were asked for."""
    out = tmp_path / "kept"
    options = ["--out", str(out), "--exchanges", "50000", "--seed", "3"]
    done = CliRunner().invoke(app, ["serve", "--rehearse", *options], catch_exceptions=False)
    assert done.exit_code == 0
    assert asked == [(out, Plot(50_000, 3))]
    assert "a line of the timeline" in done.stdout
    assert "good: all 1 things" in done.stdout
    assert (out / "rehearsal.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((out / "rehearsal.json").read_text(encoding="utf-8"))["good"] is True


def test_without_a_folder_nothing_is_kept(asked: Asked) -> None:
    """A folder for the time being, gone afterwards; sizes as they come along."""
    done = CliRunner().invoke(app, ["serve", "--rehearse"], catch_exceptions=False)
    ((folder, plot),) = asked
    assert (done.exit_code, plot) == (0, Plot())
    assert not folder.exists()
    assert "page:" not in done.stdout


def test_json_is_alone_on_standard_output(asked: Asked) -> None:
    """The timeline goes to the other one."""
    done = CliRunner().invoke(app, ["serve", "--rehearse", "--json"], catch_exceptions=False)
    assert len(asked) == 1
    assert json.loads(done.stdout)["phases"][0]["policy"] == "default"
    assert "a line of the timeline" in done.stderr


def test_a_failed_rehearsal_is_kept_and_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With what did not hold, as an exit code of its own; the page says so too."""
    _plays(monkeypatch, result(Check("counts add up", holds=False, told="one is missing")))
    arguments = ["serve", "--rehearse", "--out", str(tmp_path / "kept")]
    with pytest.raises(FailedProof, match="the rehearsal failed: counts add up: one is missing") as failed:
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert failed.value.exit_code == 8
    assert "This rehearsal failed" in (tmp_path / "kept" / "rehearsal.html").read_text(encoding="utf-8")


def test_a_folder_in_use_is_refused(asked: Asked, tmp_path: Path) -> None:
    """Nothing is played."""
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(InvalidInput, match="must be a new or empty folder"):
        CliRunner().invoke(app, ["serve", "--rehearse", "--out", str(tmp_path)], catch_exceptions=False)
    assert asked == []


@pytest.mark.parametrize("option", [["--out", "x"], ["--exchanges", "50000"], ["--seed", "1"], ["--json"]])
def test_options_of_a_rehearsal_start_no_service(option: list[str], tmp_path: Path) -> None:
    """Whoever forgets --rehearse is told, before a service is made."""
    folder = tmp_path / "service"
    with pytest.raises(InvalidInput, match="are of --rehearse"):
        CliRunner().invoke(app, ["serve", "--folder", str(folder), *option], catch_exceptions=False)
    assert not folder.exists()
