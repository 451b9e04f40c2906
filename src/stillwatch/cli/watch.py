"""``stillwatch watch``: look at logs that grow, again and again."""

import json
import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.progress import progress
from stillwatch.cli.scan import Content, Reference, StateDays

if TYPE_CHECKING:
    from stillwatch.service.tick_job import TickJob
    from stillwatch.service.ticking import Attempt, Ticker
    from stillwatch.watch import Tick

__all__ = ["watch"]

_LOOK_S = 0.5


def watch(
    logs: Annotated[
        Path, typer.Argument(metavar="LOGS", help="Folder of Parquet files, as the collector writes them.")
    ],
    *,
    state: Annotated[Path, typer.Option(help="Folder for what is remembered; made at first use.")],
    out: Annotated[Path, typer.Option(help="Folder for findings, the index that decisions look into, and tick.json.")],
    every: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="From the start of one tick to the next.")
    ] = 60.0,
    once: Annotated[bool, typer.Option("--once", help="Tick once, show the progress, and end.")] = False,
    period_hours: Annotated[int, typer.Option(min=1, max=168, help="Hours after which the state counts.")] = 24,
    grace: Annotated[
        int, typer.Option(min=0, metavar="SECONDS", help="Wait after a period for exchanges that are on their way.")
    ] = 900,
    accounts: Annotated[Path | None, typer.Option(help="Table of accounts: CSV, JSONL or Parquet.")] = None,
    content: Annotated[Content, typer.Option(help="What of the prompts is kept while working.")] = Content.FULL,
    memory: Annotated[str, typer.Option(help="Limit for sorting and grouping; the rest goes to disk.")] = "4GB",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="every core")] = None,
    reference: Reference = None,
    pool: Annotated[
        list[Path] | None, typer.Option(help="Known questions: text, JSON lines, Parquet or a saved pool; repeatable.")
    ] = None,
    state_days: StateDays = None,
    as_json: AsJson = False,
) -> None:
    """Keep findings and index fresh while logs grow: one line a tick, until told to end.

    A signal to end (SIGTERM, Ctrl-C) lets the tick that runs finish; a second one kills it, and the next watch does it
    again. An error of a tick is printed, and the next tick tries again.
    """
    from stillwatch.service.tick_job import TickJob
    from stillwatch.watch import WatchOptions, tick

    options = WatchOptions(
        period_hours=period_hours,
        grace_s=grace,
        accounts=accounts,
        content=content.value,
        memory=memory,
        threads=threads,
        reference=reference,
        pools=tuple(pool or ()),
        state_days=state_days,
    )
    if once:
        start = time.perf_counter()
        with progress() as report:
            done = tick(logs, state, out, options, on_progress=report)
        typer.echo(_line(done, time.perf_counter() - start, as_json=as_json))
        return
    _again_and_again(TickJob(logs, state, out, options), every, as_json=as_json)


def _again_and_again(job: "TickJob", every_s: float, *, as_json: bool) -> None:
    from stillwatch.service.ticking import Ticker

    def heard(attempt: "Attempt") -> None:
        _tell(attempt, as_json=as_json)

    logging.getLogger("stillwatch.watch").addHandler(logging.NullHandler())  # every attempt is printed already
    ticker = Ticker(job, every_s, heard=heard)
    with _told_to_end(ticker) as told:
        ticker.start()
        while not told.wait(_LOOK_S) and ticker.health().is_running:
            pass
        ticker.stop(None)


@contextmanager
def _told_to_end(ticker: "Ticker") -> Iterator[threading.Event]:
    """Signals to end, for a block: the first ends the ticker, the second kills its tick."""
    told = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if told.is_set():
            ticker.kill()
        ticker.tell_to_end()
        told.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, end) for number in numbers]
    try:
        yield told
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _tell(attempt: "Attempt", *, as_json: bool) -> None:
    from stillwatch.service.tick_job import Failure

    outcome = attempt.outcome
    if not isinstance(outcome, Failure):
        typer.echo(_line(outcome, attempt.seconds, as_json=as_json))
    elif as_json:
        typer.echo(
            json.dumps({"error": outcome.name, "message": outcome.message, "seconds": round(attempt.seconds, 3)})
        )
    else:
        from stillwatch.report.visible import visible

        typer.echo(f"error: {visible(outcome.message or outcome.name)}; the next tick tries again", err=True)


def _line(done: "Tick", seconds: float, *, as_json: bool) -> str:
    if as_json:
        told = {
            "at": done.at,
            "idle": done.is_idle,
            "exchanges": done.n_exchanges,
            "too_late": done.n_too_late,
            "campaigns": done.n_campaigns,
            "streams": done.n_streams,
            "closed": list(done.closed),
            "newest": done.newest,
            "lag_s": done.lag_s,
            "seconds": round(seconds, 3),
            "index": done.index,
        }
        return json.dumps(told)
    lag = "no exchanges" if done.lag_s is None else f"newest {done.lag_s:,.0f} s old"
    what = "nothing new  " if done.is_idle else ""
    return (
        f"{done.at[:19]}Z  {what}{done.n_exchanges:,} exchanges  {done.n_campaigns:,} campaigns  "
        f"{done.n_streams:,} streams  {lag}  {seconds:.1f} s"
    )
