"""Facts at size: a million accounts, a hundred thousand accused streams; what a swap of the index costs decisions.

Usage: ``.venv/bin/python -m benchmarks.act_facts [--accounts N] [--streams N] [--swaps N] [--json FILE]``

The index is made by hand: streams of template families with leaders of random signatures, figures of the window for
every account. Look-ups are timed one by one, by the thread's own processor and by the wall. During swaps, and while the
table of accounts is read again, another thread goes on asking: what it waits beyond its own work is what a decision
would wait. The same is measured with nothing loading, as others on the machine are in both.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.detect.stream_index.facts import STREAM_FACTS, FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.detect.stream_index.window import WINDOW_ACCOUNT
from stillwatch.model.account import ACCOUNT
from stillwatch.model.decision import Request
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.model.view import Grouping
from stillwatch.service.concealing import RequestConcealer
from stillwatch.service.facts import LiveFacts, Sources
from stillwatch.sketch import PhraseCounts, Templates, hash_strings

SAMPLE: Final = 50_000
CAMPAIGNS: Final = 200
LEADERS: Final = 100_000
WORDS: Final = ["alder", "birch", "cedar", "dogwood", "elm", "fir", "hazel", "ivy", "juniper", "larch"]


class Row(NamedTuple):
    """One line of the table, microseconds."""

    what: str
    times: int
    p50_us: float
    p99_us: float
    p999_us: float
    most_us: float


def names(n: int) -> pa.Array:
    """Account ids as LiteLLM has them are longer; these are of a usual length."""
    return pa.array([f"account-{i:07d}" for i in range(n)])


def write_accounts(path: Path, n: int) -> None:
    """The provider's table."""
    opened = datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1e6 + np.arange(n) % 900 * 86_400e6
    known = {
        "account_id": names(n),
        "organisation_id": pa.array([f"organisation-{i // 3}" for i in range(n)]),
        "created_at": pa.array(opened.astype(np.int64)).cast(ACCOUNT.field("created_at").type),
        "programme": pa.array([("research", "startup", None)[i % 3] for i in range(n)]),
        "verified_level": pa.array(np.arange(n, dtype=np.int32) % 3),
    }
    columns = [known.get(one.name, pa.nulls(n, one.type)) for one in ACCOUNT]
    pq.write_table(pa.table(columns, schema=ACCOUNT), path)


def index_of(n_accounts: int, n_streams: int, seed: int) -> tuple[StreamIndex, FactsBook]:
    """Every stream of another account."""
    rng = np.random.default_rng(seed)
    ids = names(n_accounts)
    account, places = hash_strings(ids.slice(0, n_streams)), np.arange(n_streams, dtype=np.int32) % CAMPAIGNS
    leader = np.unique(rng.integers(1, 1 << 63, LEADERS, dtype=np.uint64))
    family = rng.choice(leader, n_streams) >> np.uint64(3)
    held = HeldStreams.of(account, family, places, places)
    minhashes = rng.integers(0, 1 << 32, (len(leader), SIGNATURE_LENGTH), dtype=np.uint32)
    sent = pa.array([" ".join(rng.choice(WORDS, 40)) for _ in range(2_000)])
    counts = PhraseCounts.empty(n_accounts).add(sent, np.ones(len(sent), np.bool_))
    nothing = np.zeros(0, np.uint64)
    campaigns = tuple(f"campaign-{i:04d}" for i in range(CAMPAIGNS))
    index = StreamIndex(
        campaigns,
        held,
        nothing,
        np.zeros(0, np.int32),
        counts,
        Nearest(Templates(leader, leader), leader, minhashes),
        Grouping(nothing, nothing),
    )
    return index, FactsBook(_facts(campaigns, ids.slice(0, n_streams), places), _window(ids, rng))


def _facts(campaigns: tuple[str, ...], ids: pa.Array, places: np.ndarray) -> pa.Table:
    n = len(ids)
    ones, moment = pa.array(np.ones(n)), pa.array(np.full(n, 1_780_000_000_000_000)).cast(STREAM_FACTS.field(9).type)
    columns = {
        "campaign_id": pa.array(campaigns).take(pa.array(places)),
        "account_id": ids,
        "verdict": pa.array(["harvest"] * n),
        "n_exchanges": pa.array(np.ones(n, np.int64)),
        "n_accounts": pa.array(np.full(n, n // CAMPAIGNS, np.int64)),
        "first_seen": moment,
        "last_seen": moment,
    }
    return pa.table([columns.get(name, ones) for name in STREAM_FACTS.names], schema=STREAM_FACTS)


def _window(ids: pa.Array, rng: np.random.Generator) -> pa.Table:
    hashes = np.sort(hash_strings(ids))
    n = len(hashes)
    owners = rng.integers(1, n, n, dtype=np.uint64)
    return pa.table([hashes, rng.integers(1, 99, n), rng.random(n), owners], schema=WINDOW_ACCOUNT)


def requests(n_accounts: int, n_streams: int, *, accused: bool) -> list[Request]:
    """Of accounts with streams, with a prompt, or of any account."""
    rng = np.random.default_rng(5)
    chosen = rng.integers(0, n_streams if accused else n_accounts, 2_000)
    return [
        Request(f"account-{i:07d}", prompt_text=" ".join(rng.choice(WORDS, 60)), turn_count=1, temperature=1.0)
        for i in chosen
    ]


def row(what: str, seconds: list[float]) -> Row:
    """Of some times."""
    us = np.sort(np.array(seconds)) * 1e6
    p50, p99, p999 = (float(np.quantile(us, q)) for q in (0.5, 0.99, 0.999))
    return Row(what, len(us), p50, p99, p999, float(us[-1]))


def both(what: str, wall: list[float], own: list[float]) -> list[Row]:
    """Of look-ups beside something else."""
    return [row(f"{what}, wall", wall), row(f"{what}, without waits for a processor", own)]


def timed(live: LiveFacts, asked: list[Request], clock: Callable[[], float]) -> list[float]:
    """Seconds of each."""
    spent = []
    for i in range(SAMPLE):
        request = asked[i % len(asked)]
        start = clock()
        live.facts(request)
        spent.append(clock() - start)
    return spent


def beside(live: LiveFacts, asked: list[Request], work: Callable[[], None]) -> tuple[list[float], list[float]]:
    """Look-ups, a thousand a second, while something else is done in another thread.

    Seconds of each; and the same without what the two threads waited for a processor meanwhile, which others had.
    """
    wall, own = list[float](), list[float]()
    thread = threading.Thread(target=work)
    thread.start()
    waits = [Path(f"/proc/self/task/{one}/schedstat") for one in (threading.get_native_id(), thread.native_id)]
    i = 0
    while thread.is_alive():
        request, i = asked[i % len(asked)], i + 1
        before, start = waited(waits), time.perf_counter()
        live.facts(request)
        spent = time.perf_counter() - start
        wall.append(spent)
        own.append(max(0.0, spent - waited(waits) + before))
        time.sleep(0.001)
    thread.join()
    return wall, own


def waited(files: list[Path]) -> float:
    """Seconds that threads waited for a processor so far; 0 for one that has ended."""
    total_ns = 0
    for file in files:
        with suppress(OSError):
            total_ns += int(file.read_text(encoding="ascii").split()[1])
    return total_ns / 1e9


def resident() -> int:
    """Bytes of this process in memory, without what is mapped of files."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def mapped() -> int:
    """Bytes of files that are mapped and in memory."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssFile"))


def measure(folder: Path, n_accounts: int, n_streams: int, n_swaps: int) -> tuple[list[Row], dict[str, float]]:
    """All rows, and the figures that are no times of look-ups."""
    path, index = folder / "accounts.parquet", IndexFolder(folder / "index")
    write_accounts(path, n_accounts)
    generations = [index_of(n_accounts, n_streams, seed) for seed in range(2)]
    live = LiveFacts(Sources(folder / "index", folder / "scratch", path), RequestConcealer(b"salt of a benchmark"))
    figures: dict[str, float] = {}
    before, before_mapped = resident(), mapped()
    start = time.perf_counter()
    live.refresh()
    figures["table of accounts: read by its process, s"] = time.perf_counter() - start
    timed(live, requests(n_accounts, n_streams, accused=False), time.perf_counter)
    figures["table of accounts: bytes an account"] = (resident() - before) / n_accounts
    figures["table of accounts: mapped bytes an account"] = (mapped() - before_mapped) / n_accounts
    before = resident()
    index.write(*generations[0])
    start = time.perf_counter()
    live.refresh()
    figures["index: loaded, s"] = time.perf_counter() - start
    figures["index: MiB"] = (resident() - before) / 2**20
    figures["index: MiB on disk"] = sum(f.stat().st_size for f in (folder / "index").rglob("*") if f.is_file()) / 2**20
    rows = []
    for what, accused in (("any account", False), ("account with a stream, and its prompt", True)):
        asked = requests(n_accounts, n_streams, accused=accused)
        timed(live, asked, time.thread_time)
        rows.append(row(f"{what}, processor", timed(live, asked, time.thread_time)))
        rows.append(row(f"{what}, wall", timed(live, asked, time.perf_counter)))
    asked = requests(n_accounts, n_streams, accused=True)
    rows += both("nothing loading", *beside(live, asked, lambda: time.sleep(5.0)))
    wall, own, refresh_s = list[float](), list[float](), list[float]()
    for i in range(n_swaps):
        index.write(*generations[(i + 1) % 2])

        def swap() -> None:
            start = time.perf_counter()
            taken(live)
            refresh_s.append(time.perf_counter() - start)

        more_wall, more_own = beside(live, asked, swap)
        wall, own = wall + more_wall, own + more_own
    rows += both("while an index is loaded", wall, own)
    figures["swap: s, the median"] = float(np.median(refresh_s))
    os.utime(path)
    rows += both("while accounts are read again", *beside(live, asked, lambda: taken(live)))
    return rows, figures


def taken(live: LiveFacts) -> None:
    """Take up what is new, which there must be."""
    if not live.refresh():
        message = "nothing was new"
        raise RuntimeError(message)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--streams", type=int, default=100_000)
    parser.add_argument("--swaps", type=int, default=10)
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, suppress(BrokenPipeError):
        os.environ["STILLWATCH_SALT"] = str(Path(folder) / "salt")
        rows, figures = measure(Path(folder), chosen.accounts, chosen.streams, chosen.swaps)
        print(f"{chosen.accounts:,} accounts, {chosen.streams:,} streams, {LEADERS:,} leaders", file=sys.stderr)
        for name, value in figures.items():
            print(f"{name:<52} {value:>10.2f}")
        print(f"{'microseconds of a look-up':<52} {'times':>9} {'p50':>9} {'p99':>9} {'p99.9':>9} {'most':>9}")
        for one in rows:
            times = "".join(f" {us:>9.1f}" for us in (one.p50_us, one.p99_us, one.p999_us, one.most_us))
            print(f"{one.what:<52} {one.times:>9,}{times}")
        if chosen.json:
            told = {"figures": figures, "rows": [one._asdict() for one in rows]}
            chosen.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
