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
    """A line per stage with its seconds, written when the stage is over."""

    def __init__(self) -> None:
        self._stage = ""
        self._start = 0.0

    def report(self, stage: str, done: float, total: float) -> None:  # noqa: ARG002 (only stages matter here)
        """Begin a line when the stage is a new one."""
        if stage != self._stage:
            self.finish()
            self._stage, self._start = stage, time.perf_counter()

    def finish(self) -> None:
        """Write the line of the stage that runs."""
        if self._stage:
            sys.stderr.write(f"{self._stage}: {time.perf_counter() - self._start:.1f} s\n")
            sys.stderr.flush()
            self._stage = ""


@contextmanager
def _bars() -> Iterator[Progress]:
    """One bar a stage, the finished ones left standing."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from stillwatch.cli.rate import RateColumn

    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        TaskProgressColumn(),
        RateColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: float, total: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report
