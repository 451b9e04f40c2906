"""The watch beside a service ticks, tells, comes back when it dies, and dies when the service does."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.service import ticking
from stillwatch.service.tick_job import Failure, TickJob
from stillwatch.service.tick_process import TickProcess
from stillwatch.service.ticking import Attempt, Ticker
from stillwatch.watch import Tick

QUICK_S = 0.01
IDLE = Tick("m", None, "now", is_idle=True)
FOUND = Tick("m", None, "now", n_exchanges=5, newest="then", lag_s=3.0, index="index-000001 ab")


class Script(TickProcess):
    """A process that answers what is written down; the rest is the real one."""

    said: list[Tick | Failure | None]
    started: list["Script"]

    def __init__(self, _job: TickJob) -> None:
        super().__init__(_job, (sys.executable, "-c", "import sys; sys.stdin.read()"))
        self.started.append(self)

    def ask(self) -> Tick | Failure:
        """The next answer; None is that it dies."""
        outcome = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if outcome is None:
            self.kill()
            self._process.wait()
            return Failure("killed by signal 9")
        return outcome

    def end(self) -> None:
        """The standard input closes."""
        assert self._process.stdin is not None
        self._process.stdin.close()


def scripted(*said: Tick | Failure | None) -> type[Script]:
    """A process that says this, the last again and again."""
    return type("Said", (Script,), {"said": list(said), "started": []})


def until(happens: Callable[[], object], patience_s: float = 60.0) -> None:
    """Wait for something."""
    ends = time.monotonic() + patience_s
    while not happens():
        assert time.monotonic() < ends
        time.sleep(QUICK_S)


def job(folder: Path) -> TickJob:
    """Folders of a watch, that of the logs empty."""
    (folder / "logs").mkdir(exist_ok=True)
    return TickJob(folder / "logs", folder / "state", folder / "out")


def test_ticks_that_found_something_are_told(tmp_path: Path) -> None:
    """The first with findings, though idle, as whoever ran before may not have taken it up; then those with news."""
    news = Tick("n", None, "now", index="index-000002 cd")
    idle = Tick("m", None, "now", index="index-000001 ab", is_idle=True)
    told, heard = list[Tick](), list[Attempt]()
    process = scripted(IDLE, idle, idle, news, IDLE)
    with Ticker(job(tmp_path), QUICK_S, told.append, heard.append, process) as ticker:
        until(lambda: len(heard) > 5)
        health = ticker.health()
    assert told == [idle, news]
    assert [attempt.outcome for attempt in heard[:5]] == [IDLE, idle, idle, news, IDLE]
    assert (health.last, health.error, health.n_restarts, health.is_running) == (IDLE, None, 0, True)
    assert not ticker.health().is_running
    assert len(process.started) == 1


def test_what_could_not_be_taken_up_is_told_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Until it could, with whatever tick comes; meanwhile the health says so, and no log says more than a name."""
    told: list[Tick] = []

    def take(done: Tick) -> None:
        told.append(done)
        if len(told) < 3:
            message = "what somebody wrote"
            raise OSError(message)

    idle = Tick("m", None, "now", index="index-000001 ab", is_idle=True)
    seen: list[str | None] = []
    ticker = Ticker(job(tmp_path), QUICK_S, take, lambda _: seen.append(ticker.health().unheard), scripted(FOUND, idle))
    with caplog.at_level(logging.WARNING), ticker:
        until(lambda: len(seen) > 4)
    assert told == [FOUND, idle, idle]
    assert seen[:5] == ["OSError", "OSError", None, None, None]
    assert "somebody" not in caplog.text


def test_an_error_is_told_and_the_next_tick_tries_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The health names it and says why until a tick is done, the log only names it; the last one's figures stay."""
    seen = list[tuple[str | None, Tick | None]]()

    def heard(_: Attempt) -> None:
        seen.append((ticker.health().error, ticker.health().last))
        why.append(ticker.health().why)

    why: list[str] = []
    failure = Failure("UnreadableSource", "what stands there")
    ticker = Ticker(job(tmp_path), QUICK_S, None, heard, scripted(FOUND, failure, IDLE))
    with caplog.at_level(logging.WARNING), ticker:
        until(lambda: len(seen) > 2)
    assert seen[:3] == [(None, FOUND), ("UnreadableSource", FOUND), (None, IDLE)]
    assert why[:3] == ["", "what stands there", ""]
    assert "stands there" not in caplog.text
    assert ticker.health().lag_s is None


def test_a_process_that_dies_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After waits that double, up to the longest; an answer brings back the shortest."""
    monkeypatch.setattr(ticking, "_FIRST_WAIT_S", 1.0)
    monkeypatch.setattr(ticking, "_LONGEST_WAIT_S", 5.0)
    process = scripted(None, None, None, None, IDLE, None, IDLE)
    waits: list[float] = []
    ticker = Ticker(job(tmp_path), QUICK_S, start=process)

    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            waits.append(round(timeout))
            return super().wait(QUICK_S)

    ticker._ending = Event()
    with ticker:
        until(lambda: len(waits) > 7)
        assert ticker.health().n_restarts == 5
    assert waits[:7] == [1, 2, 4, 5, 0, 1, 0]
    assert all(not one.is_alive for one in process.started)


def test_a_real_process_ticks_dies_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing to look at every tick is idle; killed from outside it is another process that answers."""
    monkeypatch.setattr(ticking, "_FIRST_WAIT_S", QUICK_S)
    heard: list[Attempt] = []
    with Ticker(job(tmp_path), QUICK_S, heard=heard.append) as ticker:
        until(lambda: heard)
        process = ticker._process
        assert process is not None
        assert os.getpriority(os.PRIO_PROCESS, process._process.pid) > os.getpriority(os.PRIO_PROCESS, 0)
        process._process.send_signal(signal.SIGTERM)  # it hears none of these
        process._process.kill()
        until(lambda: ticker.health().n_restarts and isinstance(heard[-1].outcome, Tick))
    outcomes = [attempt.outcome for attempt in heard]
    assert isinstance(outcomes[0], Tick)
    assert outcomes[0].is_idle
    assert Failure("killed by signal 9") in outcomes
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob(f"stillwatch-watch-{os.getpid()}*"))  # noqa: S108


def test_errors_of_a_real_tick(tmp_path: Path) -> None:
    """Without a folder of logs the tick says what is missing, and the process stays."""
    wrong = TickJob(tmp_path / "logs", tmp_path / "state", tmp_path / "out")
    with TickProcess(wrong) as process:
        outcome = process.ask()
        assert isinstance(outcome, Failure)
        assert outcome.name == "MissingData"
        assert "there is no folder of logs" in outcome.message
        (tmp_path / "logs").mkdir()
        assert isinstance(process.ask(), Tick)
        process.end()
        process.close()


PARENT = """
import sys, threading
from pathlib import Path
from stillwatch.service.tick_job import TickJob
from stillwatch.service.ticking import Ticker
folder = Path(sys.argv[1])
job = TickJob(folder / "logs", folder / "state", folder / "out")
ticker = Ticker(job, 0.05, heard=lambda _: print(ticker._process._process.pid, flush=True))
with ticker:
    threading.Event().wait()
"""


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    """Also when the parent is killed and can tell nobody."""
    told = job(tmp_path)
    with subprocess.Popen([sys.executable, "-c", PARENT, str(told.logs.parent)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    until(lambda: not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False


class Slow(Script):
    """A process in the middle of a long tick."""

    started: list[Script] = []  # noqa: RUF012 - all of this class

    def ask(self) -> Tick | Failure:
        """Until it is killed."""
        return TickProcess.ask(self)


def test_a_tick_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    """Stopping waits for the tick that runs, and no longer than it is told."""
    ticker = Ticker(job(tmp_path), QUICK_S, start=Slow)
    ticker.start()
    until(lambda: ticker.health().running_s is not None)
    assert not ticker.stop(0.05)
    assert not Slow.started[0].is_alive
    assert not ticker.health().is_running


def test_stopping_what_never_began(tmp_path: Path) -> None:
    """Is done at once."""
    assert Ticker(job(tmp_path)).stop()


@pytest.mark.parametrize("every_s", [0.0, -1.0, float("nan")])
def test_distances_that_are_none(tmp_path: Path, every_s: float) -> None:
    """Are refused."""
    with pytest.raises(InvalidInput, match="every_s must be above 0"):
        Ticker(job(tmp_path), every_s)
