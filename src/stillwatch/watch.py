"""From logs that grow to findings and an index that stay fresh: one tick after the other.

Time is cut into periods, a day each unless somebody says otherwise. When one is over, the state counts its exchanges,
once (`state/closings.py`). What a tick looks at is a window of one to two periods: everything that is not counted yet,
and the exchanges of the last closing, judged with the state as it was before that. So the findings never jump at
midnight, and evidence of earlier days is the state's.

- An exchange that comes again, in whatever file, is known by its id and left out.
- One that comes late, for a period that is closed, is counted with the next. More than `REMEMBERED` periods late it is
  left out, and said in tick.json: nobody could tell any more whether it was counted.
- Without newer traffic one quiet period is closed and no more: were all closed up to a clock that has jumped ahead,
  what comes once it is right again would be too late.
- A tick that is killed is run again by the next: the findings, the index and tick.json are written at the end in this
  order, each whole or not at all; the state knows which input made it.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accounts import StoredShare
from stillwatch.detect.memory import CampaignMemory
from stillwatch.detect.pools import Pool, load_pool
from stillwatch.detect.reference import ReferenceFile
from stillwatch.detect.stream_index.facts import FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.window import window_accounts
from stillwatch.engine import LocalEngine
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.ingest import Ingest, Limits, ingest, installation_salt
from stillwatch.model.engine import Dataset
from stillwatch.model.findings import Findings
from stillwatch.model.progress import Progress, Stages
from stillwatch.report import check_folder, write_findings
from stillwatch.report.write import CAMPAIGNS, read_findings
from stillwatch.scan import Examined, judged, read, remember
from stillwatch.sketch import hash_strings
from stillwatch.state.closings import Closing, Closings
from stillwatch.state.folder import StateFolder
from stillwatch.state.keeper import Keeper, Onlooker
from stillwatch.state.log_files import LogFile, log_files, microseconds, time_of
from stillwatch.state.pending import Pending
from stillwatch.stats.lookup import HashIndex

__all__ = ["FINDINGS", "INDEX", "TICK", "TICK_VERSION", "Tick", "WatchOptions", "tick"]

TICK_VERSION: Final = 1
FINDINGS, INDEX, TICK = "findings", "index", "tick.json"
_MEMORY, _CLOSINGS = "memory", "closings"
_HOUR_US: Final = 3_600_000_000
_MOST_HOURS: Final = 24 * 7


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What a watch is run with, the same at every tick.

    period_hours    Length of a period; periods begin at multiples of it since 1970, UTC.
    grace_s         Seconds after the end of a period before it is closed, for exchanges that are still on their way.
    accounts, content, memory, threads, reference, pools, state_days    As in `stillwatch.scan`.
    """

    period_hours: int = 24
    grace_s: int = 900
    accounts: Path | None = None
    content: str = "full"
    memory: str = "4GB"
    threads: int | None = None
    reference: Path | None = None
    pools: tuple[Path, ...] = ()
    state_days: int | None = None

    def __post_init__(self) -> None:
        """Refuse periods that mean nothing.

        Raises  InvalidInput.
        """
        if not 1 <= self.period_hours <= _MOST_HOURS:
            msg = f"period_hours must be 1 to {_MOST_HOURS}, got {self.period_hours}"
            raise InvalidInput(msg)
        if self.grace_s < 0:
            msg = f"grace_s must be 0 or more, got {self.grace_s}"
            raise InvalidInput(msg)

    @property
    def period_us(self) -> int:
        """Length of a period, microseconds."""
        return self.period_hours * _HOUR_US


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did, as tick.json says it.

    input           Digest of all that the outcome rests on: the same again, and there is nothing to do.
    next_close_us   Time from which on a period is to be closed, microseconds since 1970; None when there is none before
                    there is newer traffic.
    n_exchanges     Of the window.
    n_too_late      Left out as they came more than `REMEMBERED` periods late.
    closed          Numbers of the closings of this tick.
    newest          Newest exchange of the window, None when there is none.
    lag_s           Age of that exchange when the tick was done, seconds.
    index           Line of the index that it wrote.
    is_idle         Nothing had changed since the tick before, whose figures these are. Not in the file.
    """

    input: str
    next_close_us: int | None
    at: str
    n_exchanges: int = 0
    n_too_late: int = 0
    n_campaigns: int = 0
    n_streams: int = 0
    closed: tuple[int, ...] = ()
    newest: str | None = None
    lag_s: float | None = None
    stage_s: dict[str, float] = field(default_factory=dict)
    index: str | None = None
    is_idle: bool = False


def tick(
    logs: Path,
    state: Path,
    out: Path,
    options: WatchOptions | None = None,
    *,
    now: datetime | None = None,
    on_progress: Progress | None = None,
) -> Tick:
    """Look at the window as it is now, and close the periods that are over.

    logs    Folder of Parquet files of table EXCHANGE; each appears whole and then stays as it is, or is replaced by
            another with the same exchanges. Those of the last two periods must still be there.
    state   Folder for what is remembered; one watch at a time.
    out     Folder for ``findings/``, as `stillwatch.scan` writes them, ``index/`` (`IndexFolder`) and ``tick.json``.
    now     None takes the clock; to play old traffic, the time that it would be.
    Raises  As `stillwatch.scan`; MissingData when there is no folder of logs.
    """
    options, now, started = options or WatchOptions(), now or datetime.now(UTC), time.monotonic()
    if not logs.is_dir():
        msg = f"there is no folder of logs {logs}; the collector makes it, or name another"
        raise MissingData(msg)
    files, closings = log_files(logs), Closings(state / _CLOSINGS)
    mark = _input(files, closings, options)
    last = _last(out, mark)
    if last is not None and (last.next_close_us is None or microseconds(now) < last.next_close_us):
        return replace(last, is_idle=True)
    check_folder(out / FINDINGS)
    if all(file.span_us is None for file in files):
        return Tick(mark, None, now.isoformat(), is_idle=True)
    done = _run(files, state, out, options, now, Stages(on_progress))
    elapsed_s = time.monotonic() - started
    lag_s = None if done.newest is None else (now - datetime.fromisoformat(done.newest)).total_seconds() + elapsed_s
    done = replace(done, input=_input(files, closings, options), lag_s=lag_s)
    _write_tick(done, out)
    return done


@dataclass(frozen=True, slots=True)
class _Job:
    """What a tick works with."""

    engine: LocalEngine
    source: Ingest
    exchanges: Dataset
    reference: ReferenceFile
    stored: StoredShare | None
    pools: tuple[Pool, ...]
    folder: StateFolder
    closings: Closings
    options: WatchOptions
    stages: Stages

    def scan(self, exchange: NDArray[np.uint64], keeper: Keeper) -> tuple[Examined, Findings]:
        """Judge the exchanges of these hashes."""
        chosen = HashIndex(np.sort(exchange))

        def keep(batch: pa.RecordBatch) -> pa.RecordBatch:
            return batch.filter(pa.array(chosen.among(hash_strings(batch["exchange_id"]))))

        part = self.engine.map(self.exchanges, keep, self.exchanges.schema)
        return judged(self.engine, part, self.source, self.reference, self.stages, self.pools, self.stored, keeper)


def _run(files: list[LogFile], state: Path, out: Path, options: WatchOptions, now: datetime, stages: Stages) -> Tick:
    salt, reference = installation_salt(), ReferenceFile.load(options.reference)
    stored, pools = reference.stored_share(salt), tuple(load_pool(path) for path in options.pools)
    closings = Closings(state / _CLOSINGS)
    with (
        StateFolder(state / _MEMORY, salt).held() as folder,
        LocalEngine(None, options.memory, options.threads) as engine,
    ):
        Keeper(folder, options.state_days).check_window()
        current = folder.current()
        closings.settle(None if current is None else current.digest)
        known = closings.all()
        source = ingest(
            [file.path for file in _unspent(files, known)],
            accounts=options.accounts,
            content=options.content,
            salt=salt,
            limits=Limits(now=now),
        )
        exchanges = read(engine, source, stages)
        job = _Job(engine, source, exchanges, reference, stored, pools, folder, closings, options, stages)
        rows = Pending.of(engine, exchanges, known, options.period_us)
        closed = _close_periods(job, rows, known, files, microseconds(now))
        return _look(job, rows, known + closed, out, Tick("", None, now.isoformat(), closed=_numbers(closed)))


def _unspent(files: list[LogFile], known: list[Closing]) -> list[LogFile]:
    """Files that may hold exchanges of the window, and the newest, so that there is one."""
    spent = set(known[-2].spent) if len(known) > 1 else set()
    newest = max((file for file in files if file.span_us is not None), key=_last_us)
    return [file for file in files if file.mark not in spent or file is newest]


def _last_us(file: LogFile) -> int:
    return -1 if file.span_us is None else file.span_us[1]


def _numbers(closed: list[Closing]) -> tuple[int, ...]:
    return tuple(closing.number for closing in closed)


def _close_periods(job: _Job, rows: Pending, known: list[Closing], files: list[LogFile], now_us: int) -> list[Closing]:
    """Let the state count every period that is over, the oldest first."""
    closed: list[Closing] = []
    period_us, due_us = job.options.period_us, now_us - job.options.grace_s * 1_000_000
    due_us = min(due_us - due_us % period_us, rows.limit_us(period_us))
    while (start := rows.start_us(known + closed, period_us)) is not None and start < due_us:
        end = rows.end_us(start, due_us, period_us)
        counted = rows.uncounted(end)
        part = rows.exchange[counted]
        spent = tuple(file.mark for file in files if file.span_us is not None and file.span_us[1] < end)
        number = 1 + (known + closed)[-1].number if known + closed else 1
        closing = Closing(number, start, end, rows.digest(counted), np.sort(part), spent)
        job.closings.open(closing)
        if len(part):
            keeper = Keeper(job.folder, job.options.state_days)
            examined, findings = job.scan(part, keeper)
            remember(job.engine, keeper, examined, findings, job.stages)
        job.closings.confirm(closing)
        rows.count(counted, end, period_us)
        closed.append(closing)
    return closed


def _look(job: _Job, rows: Pending, known: list[Closing], out: Path, done: Tick) -> Tick:
    """Judge the window and write what is found."""
    last = known[-1] if known else None
    chosen = rows.window(last)
    again = None if last is None else last.digest
    onlooker = Onlooker(job.folder, job.options.state_days, again, _told(out / FINDINGS))
    examined, findings = job.scan(rows.exchange[chosen], onlooker)
    with job.stages.stage("index streams"):
        scanned = examined.scanned
        index = StreamIndex.of(job.engine, findings, scanned.sketched, scanned.measured.grouping, job.pools)
        accounts = window_accounts(job.engine, job.exchanges, HashIndex(np.sort(rows.exchange[chosen])))
    with job.stages.stage("write"):
        write_findings(replace(findings, stage_s=dict(job.stages.seconds)), out / FINDINGS)
        line = IndexFolder(out / INDEX).write(index, FactsBook.of(findings, accounts))
    period_us, grace_us = job.options.period_us, job.options.grace_s * 1_000_000
    start, newest_us = rows.start_us(known, period_us), rows.time_us[chosen].max(initial=-1)
    if start is not None and start >= rows.limit_us(period_us):
        start = None
    return replace(
        done,
        next_close_us=None if start is None else start - start % period_us + period_us + grace_us,
        n_exchanges=int(chosen.sum()),
        n_too_late=rows.n_too_late,
        n_campaigns=len(findings.campaigns),
        n_streams=findings.streams.num_rows,
        newest=None if newest_us < 0 else time_of(int(newest_us)).isoformat(),
        stage_s=dict(job.stages.seconds),
        index=line,
    )


def _told(folder: Path) -> CampaignMemory | None:
    """Campaigns by the names that the look before gave them; None when there was none that can be read."""
    try:
        findings = read_findings(folder)
    except (MissingData, IncompatibleVersion, UnreadableSource):
        return None
    seen_us = [microseconds(campaign.last_seen) for campaign in findings.campaigns]
    return CampaignMemory.of_day(findings, max(seen_us, default=0) // (24 * _HOUR_US))


def _input(files: list[LogFile], closings: Closings, options: WatchOptions) -> str:
    """Digest of the marks of all that the outcome rests on."""
    paths = [path for path in (options.accounts, options.reference, *options.pools) if path is not None]
    told = [f"{path.stat().st_size} {path.stat().st_mtime_ns}" for path in paths if path.exists()]
    whole = [repr(options), *told, *(file.mark for file in files), *closings.names()]
    return hashlib.sha256("\n".join(whole).encode("utf-8", "surrogateescape")).hexdigest()


def _last(out: Path, mark: str) -> Tick | None:
    """The tick before, when it is whole and looked at the same; None when there is something to do."""
    try:
        known: dict[str, Any] = json.loads((out / TICK).read_text(encoding="utf-8"))
        version = known.pop("format_version")
        last = Tick(**known | {"closed": tuple(known["closed"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    is_whole = (out / FINDINGS / CAMPAIGNS).exists() and IndexFolder(out / INDEX).current() == last.index
    return last if version == TICK_VERSION and is_whole and last.input == mark else None


def _write_tick(done: Tick, out: Path) -> None:
    """Replace tick.json in one step.

    Raises  UnreadableSource when it cannot be written.
    """
    known = {"format_version": TICK_VERSION, **asdict(done)}
    del known["is_idle"]
    try:
        (out / (TICK + ".partial")).write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        (out / (TICK + ".partial")).replace(out / TICK)
    except OSError as wrong:
        msg = f"{out / TICK} cannot be written: {wrong.strerror}"
        raise UnreadableSource(msg) from wrong
