"""The ledger at size: appends, proofs and verifications a second, and an export verified offline.

Usage: ``.venv/bin/python -m benchmarks.share_ledger [--entries 100000] [--json FILE]``

One core, SQLite in a file. An append with its signed head and a commit of its own is what a forum does for one event;
what bounds it is the disk, so the same without a commit stands beside it. The floor of a commit is measured, too.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy import Engine, select, update

from stillwatch.ledger.audit import audit
from stillwatch.ledger.book import Event, append, append_all, entry_at, head, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.export import export
from stillwatch.ledger.proofs import consistency_path, inclusion_path, root_at
from stillwatch.ledger.tables import LEDGER_TABLES, STATE
from stillwatch.ledger.verification import is_consistent, is_included
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.signature import sign, verify
from stillwatch.store.database import open_database

BATCH: Final = 1000
SAMPLE: Final = 2000
TIME: Final = datetime(2026, 11, 27, tzinfo=UTC)


class Row(NamedTuple):
    """One line of the table."""

    what: str
    times: int
    seconds: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """How many a second."""
        return self.times / self.seconds

    @property
    def per_cpu_s(self) -> float:
        """How many a second of processor: what others take of the machine is left out, and so is the disk."""
        return self.times / self.cpu_s


def timed(what: str, times: int, step: Callable[[], object]) -> Row:
    """A step that does something a number of times."""
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    step()
    row = Row(what, times, time.perf_counter() - start_s, time.process_time() - start_cpu_s)
    speed = f"{row.per_s:>9,.0f}/s {row.per_cpu_s:>9,.0f} a processor second"
    print(f"{row.what:<42} {row.times:>8,} {row.seconds:>8.2f} s {speed}", flush=True)
    return row


def event(n: int) -> Event:
    """An event with a document of an indicator's size."""
    return Event(Kind.PUBLISH, "member-a", {"n": n, "tags": [f"{n + i:064x}" for i in range(8)]}, TIME)


def grow(engine: Engine, count: int) -> None:
    """Append in batches, a commit each."""
    for start in range(0, count, BATCH):
        with engine.begin() as connection:
            append_all(connection, [event(n) for n in range(start, min(start + BATCH, count))])


def one_by_one(engine: Engine, key: SigningKey, *, commits: bool) -> None:
    """Append one event at a time and sign a head for each."""
    for n in range(SAMPLE if not commits else SAMPLE // 4):
        with engine.connect() as connection, connection.begin() as transaction:
            append(connection, event(n))
            sign_head(connection, key, TIME)
            if commits:
                transaction.commit()
            else:
                transaction.rollback()


def empty_commits(engine: Engine) -> None:
    """Transactions that change one row."""
    for _ in range(SAMPLE // 4):
        with engine.begin() as connection:
            connection.execute(update(STATE).values(one=1))


def proofs(engine: Engine, places: Sequence[int], size: int) -> None:
    """Inclusion proofs."""
    with engine.begin() as connection:
        for place in places:
            inclusion_path(connection, place, size)


def continuations(engine: Engine, places: Sequence[int], size: int) -> None:
    """Consistency proofs."""
    with engine.begin() as connection:
        for place in places:
            consistency_path(connection, place + 1, size)


def verifications(engine: Engine, places: Sequence[int], size: int) -> list[Row]:
    """Verification of both kinds of proof, which were read before."""
    with engine.begin() as connection:
        root = root_at(connection, size)
        inclusions = [
            (entry_at(connection, p).leaf, p, size, inclusion_path(connection, p, size), root) for p in places
        ]
        consistencies = [
            (p + 1, size, consistency_path(connection, p + 1, size), root_at(connection, p + 1), root) for p in places
        ]

    def included() -> None:
        assert all(is_included(*known) for known in inclusions)  # noqa: S101 - a benchmark of wrong proofs is none

    def consistent() -> None:
        assert all(is_consistent(*known) for known in consistencies)  # noqa: S101

    return [
        timed("verify an inclusion proof", len(places), included),
        timed("verify a consistency proof", len(places), consistent),
    ]


def signatures(key: SigningKey) -> list[Row]:
    """Sign and verify a document of an indicator's size."""
    document = dict(event(1).document)
    keys, signature = keys_of([key.verify_key]), sign(document, key)
    return [
        timed("sign a document", SAMPLE, lambda: [sign(document, key) for _ in range(SAMPLE)]),
        timed("verify its signature", SAMPLE, lambda: [verify(document, signature, keys) for _ in range(SAMPLE)]),
    ]


def bench(folder: Path, entries: int) -> list[Row]:
    """All rows of the table."""
    key, engine = SigningKey.generate(), open_database(folder / "ledger.db", LEDGER_TABLES)
    rows = [timed(f"append, {BATCH:,} a transaction", entries, lambda: grow(engine, entries))]
    with engine.begin() as connection:
        sign_head(connection, key, TIME)
    rows.append(
        timed("append one and sign the head, rolled back", SAMPLE, lambda: one_by_one(engine, key, commits=False))
    )
    rows.append(
        timed("append one, sign the head and commit", SAMPLE // 4, lambda: one_by_one(engine, key, commits=True))
    )
    rows.append(timed("commit alone (floor)", SAMPLE // 4, lambda: empty_commits(engine)))
    with engine.begin() as connection:
        size = head(connection, TIME).size
        assert connection.execute(select(STATE.c.size)).scalar() == size  # noqa: S101
    places = np.random.default_rng(1).integers(0, size, SAMPLE).tolist()
    rows.append(timed("inclusion proof out of the database", SAMPLE, lambda: proofs(engine, places, size)))
    rows.append(timed("consistency proof out of the database", SAMPLE, lambda: continuations(engine, places, size)))
    rows += verifications(engine, places, size)
    with engine.begin() as connection:
        rows.append(timed("export, entries", size, lambda: export(connection, folder / "ledger.jsonl")))
    keys = keys_of([key.verify_key])
    rows.append(timed("verify the export, entries", size, lambda: audit(folder / "ledger.jsonl", keys=keys)))
    print(f"export: {(folder / 'ledger.jsonl').stat().st_size / size:.0f} bytes an entry")
    return rows + signatures(key)


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark, and write the table as JSON where asked."""
    parser = argparse.ArgumentParser(prog="benchmarks.share_ledger", description="The ledger at size.")
    parser.add_argument("--entries", type=int, default=100_000, help="entries before anything else is measured")
    parser.add_argument("--json", type=Path, help="file for the table")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        rows = bench(Path(folder), options.entries)
    if options.json:
        options.json.write_text(
            json.dumps([{**row._asdict(), "per_s": row.per_s, "per_cpu_s": row.per_cpu_s} for row in rows], indent=2)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
