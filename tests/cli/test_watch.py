"""``stillwatch watch`` ticks until it is told to end."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pyarrow as pa
import pytest
from tests import traffic
from tests.scanning import write
from typer.testing import CliRunner

from stillwatch.cli import app

COMMAND = [sys.executable, "-c", "from stillwatch.cli import main; main()", "watch"]


def folders(at: Path) -> list[str]:
    """Arguments that name them."""
    return [str(at / "logs"), "--state", str(at / "state"), "--out", str(at / "out")]


def recent() -> pa.Table:
    """A fortnight in the ten hours before now."""
    table = traffic.mixed()
    us = table["time"].cast(pa.int64()).to_numpy()
    at = time.time_ns() // 1_000 - (us.max() - us) // (14 * 24 // 10)
    return table.set_column(table.schema.get_field_index("time"), "time", pa.array(at).cast(table["time"].type))


def line(of: IO[str] | None) -> str:
    """The next one."""
    assert of is not None
    return of.readline()


def test_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One tick, with its figures as text or JSON; the second has nothing new."""
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "salt"))
    write(tmp_path / "logs", recent())
    first = CliRunner().invoke(app, ["watch", *folders(tmp_path), "--once", "--json"])
    told = json.loads(first.stdout)
    assert first.exit_code == 0
    assert told["campaigns"] > 0
    assert told["streams"] >= 60
    assert not told["idle"]
    assert (tmp_path / "out" / "findings" / "campaigns.json").exists()
    again = CliRunner().invoke(app, ["watch", *folders(tmp_path), "--once"])
    assert f"nothing new  {told['exchanges']:,} exchanges" in again.stdout


def test_errors_of_one_tick(tmp_path: Path) -> None:
    """Without logs a single tick fails as any command does."""
    done = CliRunner().invoke(app, ["watch", *folders(tmp_path), "--once"])
    assert "there is no folder of logs" in str(done.exception)


def test_until_told_to_end(tmp_path: Path) -> None:
    """An error is printed and the next tick tries again; a signal ends it with 0 after the tick that runs."""
    command = [*COMMAND, *folders(tmp_path), "--every", "0.1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        told = json.loads(line(watching.stdout))
        assert told["error"] == "MissingData"
        assert "there is no folder of logs" in told["message"]
        (tmp_path / "logs").mkdir()
        while "error" in told:
            told = json.loads(line(watching.stdout))
        assert told["idle"]
        watching.send_signal(signal.SIGTERM)
        assert watching.wait() == 0
        assert watching.stderr is not None
        assert not watching.stderr.read()


def test_a_second_signal_kills_the_tick(tmp_path: Path) -> None:
    """A tick that would go on is not waited for when it is said twice; the command ends all the same."""
    write(tmp_path / "logs", recent())
    command = [*COMMAND, *folders(tmp_path), "--every", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        while not (tmp_path / "state" / "memory").exists():
            assert watching.poll() is None
        watching.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            watching.wait(1.0)
        watching.send_signal(signal.SIGTERM)
        assert watching.wait() == 0
        assert watching.stderr is not None
        assert "killed by signal 9" in watching.stderr.read()
    assert not (tmp_path / "out" / "tick.json").exists()
