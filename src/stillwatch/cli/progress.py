"""Progress on standard error: bars with rate and remaining time, or a line per stage when nobody watches."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stillwatch.model.progress import Progress

__all__ = ["progress"]


@contextmanager
def progress() -> Iterator[Progress]:
    """Give the function that long work calls with stage, done and total."""
    if sys.stderr.isatty():
        with _bars() as report:
            yield report
        return
    lines = _Lines()
    yield lines.report
    lines.finish()


class _Lines:
    """A line per stage with its seconds, written when the stage is over, and the sum at the end."""

    def __init__(self) -> None:
        self._stage = ""
        self._begin = self._start = time.perf_counter()

    def report(self, stage: str, done: float, total: float) -> None:  # noqa: ARG002 (only stages matter here)
        """Begin a line when the stage is a new one."""
        if stage != self._stage:
            self._end_stage()
            self._stage, self._start = stage, time.perf_counter()

    def finish(self) -> None:
        """Write the line of the stage that runs, and the sum."""
        if self._stage:
            self._end_stage()
            _write("in all", self._begin)

    def _end_stage(self) -> None:
        from stillwatch.report.sentences import stage

        if self._stage:
            _write(stage(self._stage), self._start)


def _write(what: str, start: float) -> None:
    sys.stderr.write(f"{what}: {time.perf_counter() - start:.1f} s\n")
    sys.stderr.flush()


@contextmanager
def _bars() -> Iterator[Progress]:
    """One bar a stage, the finished ones left standing."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from stillwatch.cli.rate import RateColumn
    from stillwatch.report.sentences import stage

    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=26),
        TaskProgressColumn(),
        RateColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(name: str, done: float, total: float) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(stage(name), total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield report
