"""The bench command on a run that is given: what it prints, writes, and exits with."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.bench.scoreboard.boards import example_board
from typer.testing import CliRunner

from stillwatch.bench.scoreboard import run as scoreboard_run
from stillwatch.bench.scoreboard.expectations import Expectation
from stillwatch.bench.scoreboard.results import Board
from stillwatch.cli import app

runner = CliRunner()
SOUND = replace(example_board(), failures=())


def play(monkeypatch: pytest.MonkeyPatch, board: Board) -> None:
    """Let every run end with this board."""
    monkeypatch.setattr(scoreboard_run, "run_scoreboard", lambda *_: board)


def test_a_sound_run_is_written_and_kept_as_expectation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table, page, picture and expectation are there; the same run then shows no regression."""
    play(monkeypatch, SOUND)
    out, kept, picture = tmp_path / "o", tmp_path / "e.json", tmp_path / "p.svg"
    first = runner.invoke(
        app, ["bench", "--out", str(out), "--save-expectation", str(kept), "--seeds", "1-3", "--picture", str(picture)]
    )
    assert first.exit_code == 0, first.output
    assert "**stillwatch**" in first.stdout
    assert f"page: {out / 'scoreboard.html'}" in first.stdout
    assert picture.is_file()
    again = runner.invoke(app, ["bench", "--out", str(out), "--expect", str(kept), "--markdown"])
    assert again.exit_code == 0, again.output
    assert "no regression" in again.stderr
    assert "page:" not in again.stdout


def test_a_regression_fails_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, one line a measure, and the scoreboard is written all the same."""
    Expectation.of(SOUND).save(tmp_path / "e.json")
    worse = tuple(replace(outcome, average_precision=0.3) for outcome in SOUND.outcomes)
    play(monkeypatch, replace(SOUND, outcomes=worse))
    done = runner.invoke(app, ["bench", "--out", str(tmp_path / "o"), "--expect", str(tmp_path / "e.json"), "--json"])
    assert done.exit_code == 1
    assert "regression: campaigns average_precision is 0.3, worse than 0.95" in done.stderr
    assert done.stdout.startswith("{")
    assert (tmp_path / "o" / "scoreboard.html").is_file()


def test_a_failed_step_is_an_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step is named on standard error."""
    play(monkeypatch, example_board())
    done = runner.invoke(app, ["bench", "--out", str(tmp_path / "o")])
    assert done.exit_code == 1
    assert "failed: campaigns 2: seat" in done.stderr
