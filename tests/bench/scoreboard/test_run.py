"""The scoreboard end to end on the smallest world, and what happens when a step breaks."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillwatch.bench.scoreboard import run as scoreboard_run
from stillwatch.bench.scoreboard.isolation import StepFailed, StepNotRun, run_step
from stillwatch.bench.scoreboard.plan import make_plan
from stillwatch.bench.scoreboard.results import OURS
from stillwatch.bench.worlds import World
from stillwatch.cli import app

ARGUMENTS = ["--scale", "1/1000", "--seeds", "7-7", "--generator", "first", "--only", "slow-drip,volume"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a scoreboard of one scenario and one baseline; the world is kept beside it."""
    folder = tmp_path_factory.mktemp("bench")
    work = ["--work", str(folder / "work"), "--keep"]
    done = CliRunner().invoke(
        app, ["bench", *ARGUMENTS, "--out", str(folder / "out"), *work], env={"STILLWATCH_CORPORA": ""}
    )
    assert done.exit_code == 0, done.output
    assert "**stillwatch**" in done.stdout
    assert "campaigns 7: volume" in done.stderr
    return folder


def test_the_run_is_on_the_board(out: Path) -> None:
    """Us and the baseline on the same exchanges, with time and memory; the world lies where it was kept."""
    board = json.loads((out / "out" / "scoreboard.json").read_text())
    ours, volume = board["outcomes"]
    assert (ours["method"], volume["method"]) == (OURS, "volume")
    assert ours["n_planted"] == volume["n_planted"] > 0
    assert ours["n_legitimate"] == volume["n_legitimate"] == sum(kind["n_accounts"] for kind in board["kinds"])
    assert [row["campaign"] for row in ours["scenarios"]] == ["slow-drip"]
    assert ours["wall_s"] > 0
    assert ours["peak_bytes"] > 50 << 20
    assert ours["recall"]["0"] <= ours["recall"]["0.001"]
    assert board["setup"]["seeds"] == [7]
    assert board["worlds"][0]["n_planted"] == ours["n_planted"]
    assert board["failures"] == []
    assert not (out / "work" / "out").exists()
    assert (out / "work" / "campaigns-first-7" / "truth" / "world.json").is_file()


def test_a_broken_step_is_told_and_the_others_go_on(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan that fails, a baseline that cannot run: both on the board, and the run goes on to the end."""

    def breaking(order: dict[str, object], folder: Path) -> dict[str, object]:
        if order["job"] == "detect":
            message = "ended by signal 9 (out of memory?)"
            raise StepFailed(message)
        if order["job"] == "rank":
            message = "extra 'embed' is not installed"
            raise StepNotRun(message)
        return run_step(order, folder)

    monkeypatch.setattr(scoreboard_run, "run_step", breaking)
    plan = make_plan(
        seeds=(7,), scale=1 / 1000, generator="first", only=["slow-drip", "volume"], work=out / "work", keep=True
    )
    board = scoreboard_run.run_scoreboard(plan)
    assert [f.step for f in board.failures] == ["campaigns 7: scan"]
    assert [o.status for o in board.outcomes] == ["not run: extra 'embed' is not installed"]
    assert board.headlines == ()


def test_a_step_says_what_was_wrong(tmp_path: Path) -> None:
    """A folder without logs, and a world that cannot be written: one line, no traceback."""
    with pytest.raises(StepFailed, match="does not exist"):
        run_step({"job": "detect", "folder": str(tmp_path)}, tmp_path / "out")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "mine.txt").write_text("x")
    world = World.of("campaigns", generator="first", seed=1, scale=1 / 1000)
    order = {
        "job": "build",
        "world": {n: getattr(world, n) for n in World.__slots__},
        "folder": str(tmp_path / "w"),
        "corpora": "",
    }
    with pytest.raises(StepFailed, match="other files than a world"):
        run_step(order, tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--keep"], "--keep needs --work"),
        (["--seeds", "x"], "--seeds"),
        (["--scale", "3"], "--scale"),
        (["--save-expectation", "e.json", "--seeds", "2"], "at least 3 seeds"),
        (["--expect", "no-such.json"], "no-such.json does not exist"),
    ],
)
def test_wrong_options_are_refused_before_any_work(tmp_path: Path, arguments: list[str], said: str) -> None:
    """The error is about the option, and nothing is written."""
    done = CliRunner().invoke(app, ["bench", "--out", str(tmp_path / "o"), *arguments])
    assert done.exit_code != 0
    assert said in str(done.exception)
    assert not (tmp_path / "o").exists()
