"""Decisions at size: a million accounts, a hundred thousand streams, fifty rules; in process, one thread.

Usage: ``.venv/bin/python -m benchmarks.act_decide [--accounts 1000000] [--streams 100000] [--json FILE]``

Facts stand in dictionaries, as a service loads them; what a look-up of a prompt costs is measured by
``benchmarks.act_lookup``. Times are of the thread's own processor, so that others on the machine are left out, and of
the wall. What is durable first (`new decisions`) waits for its record: there only the wall counts.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from stillwatch.act.decide.clock import Clock
from stillwatch.act.decide.decider import Decider
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.recorder import Recorder
from stillwatch.act.decide.settings import DeciderSettings
from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tables import DECISION_TABLES
from stillwatch.act.policy.condition import condition_of
from stillwatch.act.policy.limits import Limits
from stillwatch.act.policy.policy import ActivePolicy, Policy, Rule
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import AccountFacts, Action, Decision, Facts, Request, StreamFacts, WindowFacts
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

SAMPLE: Final = 20_000
CAMPAIGNS: Final = 200
RECORDED: Final = 5_000
N_RULES: Final = 50
WINDOW: Final = WindowFacts(26_000_000, 1_000_000, 800_000)
TIME: Final = datetime(2026, 11, 27, tzinfo=UTC)


class Row(NamedTuple):
    """One line of the table: microseconds of one decision."""

    what: str
    times: int
    per_s: float
    cpu_p50_us: float
    cpu_p99_us: float
    wall_p50_us: float
    wall_p99_us: float


class Tables:
    """Facts of accounts and streams; a request of an odd session is of its account's stream, if it has one."""

    def __init__(self, accounts: int, streams: int) -> None:
        self.accounts = {
            f"account-{n:07d}": AccountFacts(float(n % 900), verified_level=n % 3, n_exchanges=26)
            for n in range(accounts)
        }
        self.streams = {
            f"account-{n:07d}": StreamFacts(
                f"c-{n % CAMPAIGNS}", Verdict.HARVEST, 30.0 + n % 90, 20.0, 10.0, 0.5, 13, streams, TIME, TIME
            )
            for n in range(streams)
        }

    def facts(self, request: Request) -> Facts:
        """Two look-ups."""
        account = self.accounts.get(request.account_id) or AccountFacts()
        stream = self.streams.get(request.account_id) if request.session_id == "odd" else None
        return Facts(account, stream, window=WINDOW)


def rule(n: int) -> Rule:
    """The n-th of the rules; the last matches every accused stream that the others do not."""
    when = (
        f"stream.accused && stream.bits_over_bar > {200 + n}.0 && account.age_days < 30.0 && "
        f"(request.model == 'model-{n}' || stream.verdict == 'harvest')"
    )
    condition, wrong = condition_of(when if n < N_RULES - 1 else "stream.accused && stream.verdict == 'harvest'")
    if condition is None:
        raise SystemExit(str(wrong))
    return Rule(f"rule-{n}", condition, Action.THROTTLE, "Slower, please.", timedelta(hours=8), 60.0)


def policy(*, needs_stream: bool) -> ActivePolicy:
    """Fifty rules; `needs_stream` is what reading a policy proves of such rules."""
    rules = tuple(replace(rule(n), needs_stream=needs_stream) for n in range(N_RULES))
    return ActivePolicy(Policy("bench", "v" * 64, rules, (), Limits(1.0, 1.0, 1.0), ()), 1.0, 1, TIME, "ada")


def timed(what: str, requests: Sequence[Request], decide: Callable[[Request], object]) -> Row:
    """Decide about each; how long one took."""
    cpu, wall = np.zeros(len(requests)), np.zeros(len(requests))
    start_cpu_s = time.thread_time()
    for n, request in enumerate(requests):
        at_ns, cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
        decide(request)
        cpu[n], wall[n] = time.thread_time_ns() - cpu_ns, time.perf_counter_ns() - at_ns
    busy_s = time.thread_time() - start_cpu_s
    found = [float(np.percentile(one, q)) / 1000 for one in (cpu, wall) for q in (50, 99)]
    row = Row(what, len(requests), len(requests) / busy_s, *found)
    print(
        f"{row.what:<46} {row.times:>7,} {row.per_s:>8,.0f} a processor second   "
        f"cpu p50 {row.cpu_p50_us:>6.0f} p99 {row.cpu_p99_us:>6.0f} us   "
        f"wall p50 {row.wall_p50_us:>6.0f} p99 {row.wall_p99_us:>7.0f} us",
        flush=True,
    )
    return row


def requests_of(accounts: int, session: str, seed: int) -> list[Request]:
    """Requests of random accounts."""
    numbers = np.random.default_rng(seed).integers(0, accounts, SAMPLE)
    return [Request(f"account-{n:07d}", f"r-{n}", session_id=session, model="model-7") for n in numbers]


def restored(numbers: Iterable[int]) -> Iterator[tuple[Stream, Decision]]:
    """Decisions by the last rule, as the database has them."""
    now = datetime.now(UTC)
    for n in numbers:
        campaign, account = f"c-{n % CAMPAIGNS}", f"account-{n:07d}"
        end = now + timedelta(hours=8)
        made = Decision(Action.THROTTLE, str(uuid.uuid4()), "", "Slower, please.", "v" * 64, now, end)
        rule, url = f"rule-{N_RULES - 1}", f"https://example.org/appeal/{uuid.uuid4()}"
        yield (
            Stream(campaign, account),
            replace(made, rule=rule, evidence_id=campaign, rate_per_minute=60.0, appeal_url=url),
        )


def resident_bytes() -> int:
    """Memory of the process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bench(accounts: int, streams: int) -> dict[str, object]:
    """All rows, and memory."""
    rows: list[Row] = []
    empty = resident_bytes()
    tables = Tables(accounts, streams)
    loaded = resident_bytes()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "service.db", DECISION_TABLES)
        LEDGER_TABLES.create_all(engine)
        with Recorder(engine, SigningKey.generate(), 2 * streams) as recorder:
            memory = DecisionMemory(recorder)
            settings = DeciderSettings(stage_key=bytes(32), record_wait_s=5.0)
            current = [policy(needs_stream=True)]
            decider = Decider(tables, lambda: current[0], memory, settings)
            judged = current[0].policy.judge
            first = [Request(f"account-{n:07d}", session_id="odd") for n in range(200)]
            rows.append(timed("new decisions, one by one, durable first", first, decider.decide))
            before = time.perf_counter()
            for n in range(RECORDED):
                decider.begin(Request(f"account-{n:07d}", session_id="odd"))
            while recorder.n_waiting:
                time.sleep(0.01)
            filled_s = time.perf_counter() - before
            print(f"{RECORDED:,} new decisions recorded in {filled_s:.1f} s, {RECORDED / filled_s:,.0f}/s", flush=True)
            memory.restore(restored(range(RECORDED, streams)), Clock().now())
            decider.tend()
            held = resident_bytes()
            print(f"{len(memory):,} streams in memory, the others as after a restart", flush=True)
            others = requests_of(accounts, "even", 1)
            accused = requests_of(streams, "odd", 2)
            mixed = [accused[n] if n % 50 == 0 else others[n] for n in range(SAMPLE)]
            rows.append(timed("of no accused stream, rules need one", others, decider.decide))
            rows.append(timed("of an accused stream, fifty rules asked", accused, decider.decide))
            known = tables.facts(accused[0])
            rows.append(timed("  the fifty rules alone", accused, lambda asked: judged(asked, known, TIME)))
            rows.append(timed("one in fifty of an accused stream", mixed, decider.decide))
            current[0] = policy(needs_stream=False)
            rows.append(timed("of no accused stream, fifty rules asked", others, decider.decide))
            decider.tend(0.002)
        engine.dispose()
    return {
        "rows": [row._asdict() for row in rows],
        "facts_bytes": loaded - empty,
        "decisions_bytes": held - loaded,
        "recorded_per_s": RECORDED / filled_s,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.act_decide", description="Decisions at size.")
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--streams", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    found = bench(options.accounts, options.streams)
    for what in ("facts_bytes", "decisions_bytes", "peak_bytes"):
        print(f"{what:<46} {found[what]:>15,}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
