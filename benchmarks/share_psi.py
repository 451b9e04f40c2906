"""What a back-search of 100,000 values among a million costs, run whole and sealed as the mailbox carries it.

Usage: ``.venv/bin/python -m benchmarks.share_psi [--held N] [--asked N] [--common N]``

Every step is run once, at that size. Seconds are of the clock and of the processor, all threads together: on a machine
that others use too the second is the one to compare. Sizes are of messages as they cross, sealed.
"""

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from stillwatch.engine.threads import available_cores
from stillwatch.model.indicator import SignalKind
from stillwatch.share.oprf.group import random_scalar
from stillwatch.share.psi.asker import Asker
from stillwatch.share.psi.holder import answered, setup_of
from stillwatch.share.sealed.box import PART_BYTES, sealed, unsealed
from stillwatch.share.sealed.keys import SealingKey

EPOCH = 2969
KIND = SignalKind.ADDRESS

T = TypeVar("T")


class Row(NamedTuple):
    """One step: on how many items, seconds, and bytes that cross after it."""

    step: str
    n_items: int
    wall_s: float
    cpu_s: float
    size_bytes: int | None


class Search(NamedTuple):
    """Everything that was measured, and what came of it."""

    rows: list[Row]
    counted: int
    revealed: list[str]


def addresses(first: int, n: int) -> list[str]:
    """Addresses that are all different."""
    return [f"41.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(first, first + n)]


def search(n_held: int, n_asked: int, n_common: int) -> Search:
    """Set up, ask, answer, count, reveal."""
    held, asked = addresses(0, n_held), addresses(n_held - n_common, n_asked)
    secret, reader, rows = random_scalar(), SealingKey.generate(), list[Row]()

    def timed(step: str, n: int, work: Callable[[], T], size: Callable[[T], int] | None = None) -> T:
        cpu, wall = time.process_time(), time.perf_counter()
        found = work()
        wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
        rows.append(Row(step, n, wall_s, cpu_s, None if size is None else size(found)))
        return found

    setup = timed("holder: set-up, once an epoch and index", n_held, lambda: setup_of(KIND, EPOCH, held, secret), len)
    asker = Asker(KIND, EPOCH, asked)
    request = timed("asker: request", n_asked, lambda: asker.request, len)
    answer = timed("holder: answer", n_asked, lambda: answered(KIND, EPOCH, request, secret), lambda a: len(a.counted))
    counted = timed("asker: count", n_asked, lambda: asker.count(setup, answer.counted))
    revealed = timed("asker: reveal", n_asked, lambda: asker.reveal(setup, answer.revealed))
    data = setup + answer.counted
    parts = timed(
        "seal set-up and answer", n_asked, lambda: sealed(data, reader.public, b""), lambda p: sum(map(len, p))
    )
    timed("open them", n_asked, lambda: unsealed(parts, reader, b""))
    return Search(rows, counted, revealed)


def table(found: Search) -> str:
    """The rows, with the cost of an item."""
    head = f"{'step':<42} {'items':>10} {'s':>8} {'CPU s':>8} {'us/item':>8} {'MB':>8} {'bytes/item':>11}"
    lines = [head]
    for row in found.rows:
        size = "" if row.size_bytes is None else f"{row.size_bytes / 1e6:.2f}"
        each = "" if row.size_bytes is None else f"{row.size_bytes / row.n_items:.1f}"
        per_us = row.cpu_s / row.n_items * 1e6
        lines.append(
            f"{row.step:<42} {row.n_items:>10,} {row.wall_s:>8.2f} {row.cpu_s:>8.2f} {per_us:>8.1f}"
            f" {size:>8} {each:>11}"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table, and what the search found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=100_000)
    parser.add_argument("--common", type=int, default=5_000)
    options = parser.parse_args()
    found = search(options.held, options.asked, options.common)
    print(f"back-search of {options.asked:,} values among {options.held:,}, {available_cores()} cores")
    print(table(found))
    query_s = sum(row.cpu_s for row in found.rows[1:4])
    print(f"one search after the set-up: {query_s:.1f} s of processor on both sides; parts of {PART_BYTES:,} bytes")
    print(f"in common {options.common:,}, counted {found.counted:,}, revealed {len(found.revealed):,}")


if __name__ == "__main__":
    main()
