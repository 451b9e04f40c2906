"""What a tick of the watch costs, what its index weighs, and what one lookup costs.

Usage: ``.venv/bin/python -m benchmarks.act_lookup [--exchanges N] [--asked N] [--repeats N]``

Traffic is simulated with the default campaigns and cut into hourly files. The tick runs twice, the second time with all
kernels compiled, and once more with nothing new. Lookups are timed one by one in processor time of the thread, a row of
the traffic each, and the fastest of several rounds of each row counts for the second line: the first line holds what
other programs on the machine did to the caches.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.model.decision import Request
from stillwatch.simulate import simulate
from stillwatch.state.log_files import log_files, time_of
from stillwatch.watch import tick

HOUR_US = 3_600_000_000


def cut(made: Path, logs: Path) -> pa.Table:
    """The traffic in hourly files, and as a table."""
    table = pa.concat_tables([pq.read_table(path) for path in sorted((made / "logs").rglob("*.parquet"))])
    hour = table["time"].cast(pa.int64()).to_numpy() // HOUR_US
    logs.mkdir()
    for number in np.unique(hour):
        pq.write_table(table.filter(pa.array(hour == number)), logs / f"hour-{number}.parquet")
    shutil.copy(made / "accounts.parquet", logs)
    return table


def ticks(folder: Path, logs: Path) -> None:
    """Print what ticks cost."""
    spans = [file.span_us for file in log_files(logs)]
    now = time_of(max(span[1] for span in spans if span is not None)) + timedelta(minutes=1)
    for label, where in (("first, compiling", "cold"), ("again, from nothing", "warm"), ("nothing new", "warm")):
        cpu, wall = time.process_time(), time.perf_counter()
        done = tick(logs, folder / where / "state", folder / where / "out", now=now)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(f"tick, {label:<20} {done.n_exchanges:>9,} exchanges {wall:>9.3f} s wall {cpu:>9.3f} s processor")
        if not done.is_idle:
            slow = sorted(done.stage_s.items(), key=lambda stage: -stage[1])[:5]
            print("      " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in slow))


def loaded(path: Path) -> SingleLookup:
    """Print what the index weighs and takes to load."""
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and "facts" not in file.name)
    start = time.perf_counter()
    index, facts = IndexFolder(path).load()
    read_s = time.perf_counter() - start
    single = SingleLookup(index)
    print(
        f"index: {size / 2**20:.1f} MiB, {len(index.held):,} streams of {len(index.held.accounts):,} accounts, "
        f"{len(index.nearest.leader):,} leaders, {facts.table.num_rows:,} facts; read in {read_s:.3f} s, "
        f"ready for single requests in {time.perf_counter() - start:.3f} s"
    )
    return single


def timed(single: SingleLookup, requests: Sequence[Request], repeats: int) -> NDArray[np.float64]:
    """Microseconds of each lookup in each round, [round, request]."""
    spent = np.zeros((repeats, len(requests)))
    for times in spent:
        for i, request in enumerate(requests):
            start = time.thread_time_ns()
            single.campaign_of(request)
            times[i] = (time.thread_time_ns() - start) / 1e3
    return spent


def clock_us() -> float:
    """What reading the clock costs; it is in every figure."""
    start = [time.thread_time_ns() for _ in range(10_001)]
    return float(np.median(np.diff(start)) / 1e3)


def lookups(single: SingleLookup, table: pa.Table, asked: int, repeats: int) -> None:
    """Print what single lookups cost, and check that their answers are the batch's."""
    names = [field.name for field in fields(Request) if field.name != "request_id"]
    rows = np.random.default_rng(1).permutation(table.num_rows)[:asked]
    asked_for = table.take(pa.array(rows))
    requests = [Request(**row) for row in asked_for.select(names).to_pylist()]
    batch = asked_for.combine_chunks().to_batches()[0]
    differing = single.index.campaign_of(batch) != [single.campaign_of(request) for request in requests]
    print(f"lookups: {len(requests):,} asked, {int(differing.sum())} answers differ from the batch's")
    held = [request for request in requests if single.holds(request.account_id)]
    others = [request for request in requests if not single.holds(request.account_id)]
    print(f"      microseconds of processor time, {clock_us():.1f} of them the clock     p50     p99   p99.9")
    for label, part in (("account with a stream", held), ("account without one", others)):
        spent = timed(single, part, repeats)
        for how, times in (("every lookup", spent.ravel()), ("fastest of each", spent.min(axis=0))):
            ends = "".join(f"{value:>8.1f}" for value in np.percentile(times, [50, 99, 99.9]))
            print(f"      {label:<22} {len(part):>8,} {how:<16}        {ends}")


def batches(index: StreamIndex, table: pa.Table) -> None:
    """Print what looking everything up at once costs."""
    start = time.process_time()
    for batch in table.to_batches():
        index.campaign_of(batch)
    print(f"in batches: {(time.process_time() - start) / table.num_rows * 1e6:.2f} microseconds an exchange")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--exchanges", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"{datetime.now().astimezone():%Y-%m-%d %H:%M}")
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as name:
        folder = Path(name)
        simulate(folder / "made", exchanges=options.exchanges, seed=7, days=1)
        table = cut(folder / "made", folder / "logs")
        ticks(folder, folder / "logs")
        single = loaded(folder / "warm" / "out" / "index")
        lookups(single, table, options.asked, options.repeats)
        batches(single.index, table)


if __name__ == "__main__":
    main()
