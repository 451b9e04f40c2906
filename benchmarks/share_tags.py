"""What a tag costs, what matching costs, and what a back-search costs.

Usage: ``.venv/bin/python -m benchmarks.share_tags [--elements N] [--local N] [--indicators N] [--held N] [--asked N]``

Per tag: processor time of one thread, then wall time on every core, each the best of several runs. Matching: one run.
A back-search of `held` against `asked` values is run at that size; the line for a million against 100,000
is the same times by proportion and says so.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from threading import Thread
from typing import NamedTuple

import numpy as np

from stillwatch.engine.threads import available_cores
from stillwatch.model.indicator import BAND_COUNT, SignalKind
from stillwatch.share.answers.index import KINDS, Local, TagIndex
from stillwatch.share.oprf import Answer, blind, blind_evaluate, combine, finalize, generate_proof, new_key_pair
from stillwatch.share.oprf.proof import verify_proof
from stillwatch.share.psi import Asker, Holder
from stillwatch.share.tags import TAG_BYTES, TagBlock, tag_input

REPEATS = 3
BATCH = 1_024
EPOCH = 2969
REFERENCE_US = {"blind": 206, "evaluate": 152, "unblind": 241}
"""Measured before on a busy core: rbcl through oprf, one element a call."""


class Cost(NamedTuple):
    """Microseconds an element: processor time on one thread, wall time on one thread and on every core."""

    cpu_us: float
    one_us: float
    all_us: float


def best(step: Callable[[int | None], object], n: int) -> Cost:
    """Fastest of several runs."""
    cpu, one, every = [], [], []
    for _ in range(REPEATS):
        start, wall = time.process_time(), time.perf_counter()
        step(1)
        cpu.append(time.process_time() - start)
        one.append(time.perf_counter() - wall)
        wall = time.perf_counter()
        step(None)
        every.append(time.perf_counter() - wall)
    return Cost(*(min(times) / n * 1e6 for times in (cpu, one, every)))


def tags(n: int) -> None:
    """Print the cost of each step of a tag."""
    keys = new_key_pair(), new_key_pair()
    inputs = [tag_input(SignalKind.ADDRESS, EPOCH, f"198.18.{i // 256 % 256}.{i % 256}") for i in range(n)]
    asked = blind(inputs)
    done = [blind_evaluate(key.secret, asked.elements) for key in keys]
    proofs = [generate_proof(key, asked.elements, some) for key, some in zip(keys, done, strict=True)]
    answers = [
        Answer(str(i), k.public, tuple(d), p) for i, (k, d, p) in enumerate(zip(keys, done, proofs, strict=True))
    ]
    total = combine(asked.elements, answers)
    steps: dict[str, Callable[[int | None], object]] = {
        "blind": lambda threads: blind(inputs, threads=threads),
        "evaluate": lambda threads: blind_evaluate(keys[0].secret, asked.elements, threads=threads),
        "unblind": lambda threads: finalize(asked, total, threads=threads),
        "prove": lambda threads: generate_proof(keys[0], asked.elements, done[0], threads=threads),
        "verify": lambda threads: verify_proof(keys[0].public, asked.elements, done[0], proofs[0], threads=threads),
    }
    print(f"{n} elements a batch, {available_cores()} cores; microseconds an element")
    print(f"{'step':<38} {'CPU':>7} {'1 thread':>9} {'every core':>11} {'reference':>10}")
    costs = {name: best(step, n) for name, step in steps.items()}
    costs["asker: blind, verify two, unblind"] = _sum(costs, "blind", "verify", "verify", "unblind")
    costs["evaluator: evaluate, prove"] = _sum(costs, "evaluate", "prove")
    for name, cost in costs.items():
        reference = REFERENCE_US.get(name, "")
        print(f"{name:<38} {cost.cpu_us:>7.0f} {cost.one_us:>9.0f} {cost.all_us:>11.0f} {reference:>10}")
    for name in ("asker: blind, verify two, unblind", "evaluator: evaluate, prove"):
        print(f"{name}: {1e6 / costs[name].cpu_us:,.0f} tags/s/core")


def lock(n: int) -> None:
    """Print what the interpreter's lock costs: as many threads as cores against as many processes."""
    key, elements = new_key_pair(), blind([i.to_bytes(4, "big") for i in range(n)]).elements
    cores = available_cores()
    walls: dict[str, list[float]] = {"threads": [], "processes": []}
    for _ in range(REPEATS):
        for name, start in (("threads", Thread), ("processes", get_context("fork").Process)):
            workers = [start(target=_evaluate, args=(key.secret, elements)) for _ in range(cores)]
            begun = time.perf_counter()
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            walls[name].append(time.perf_counter() - begun)
    threads, processes = (min(times) for times in walls.values())
    print(f"{cores} threads evaluate in {threads / processes:.2f} of the time of {cores} processes")


def _evaluate(secret: bytes, elements: Sequence[bytes]) -> None:
    blind_evaluate(secret, elements, threads=1)


def _sum(costs: dict[str, Cost], *names: str) -> Cost:
    return Cost(*(sum(costs[name][i] for name in names) for i in range(3)))


def timed(name: str, work: Callable[[], object]) -> float:
    """Processor seconds of all threads, printed with those of the clock."""
    start, wall = time.process_time(), time.perf_counter()
    work()
    cpu_s, wall_s = time.process_time() - start, time.perf_counter() - wall
    print(f"{name:<50} {wall_s:>8.3f} s, {cpu_s:>8.3f} s of processor")
    return cpu_s


def matching(n_local: int, n_indicators: int) -> None:
    """Print what it costs to index local tags and to look indicators' up."""
    rng = np.random.default_rng(5)
    local = rng.integers(0, 256, (n_local, TAG_BYTES), np.uint8)
    theirs = rng.integers(0, 256, (n_indicators, TAG_BYTES), np.uint8)
    theirs[: n_indicators // 100] = local[: n_indicators // 100]
    kind, number = np.full(n_local, KINDS.index(SignalKind.BAND), np.uint8), np.arange(n_local, dtype=np.uint64)
    rows = Local(local, kind, number // BAND_COUNT, number, np.zeros(n_local, np.bool_))
    asked = TagBlock(SignalKind.BAND, EPOCH, theirs).tags()
    print(f"\nmatching {n_local:,} local tags with {n_indicators:,} of indicators, one thread")
    built: list[TagIndex] = []
    counts = {"n_accounts": n_local, "n_families": n_local // BAND_COUNT}
    timed(
        "index the local tags",
        lambda: built.append(TagIndex.of(rows, epoch=EPOCH, days=1, coverage={}, **counts)),
    )
    timed("indicators in the index of local tags", lambda: built[0].hits(asked))
    timed("100 tags of one new indicator in it", lambda: built[0].hits(asked[:100]))
    print(f"found {len(built[0].hits(asked).tag):,}, planted {n_indicators // 100:,}")


def search(n_held: int, n_asked: int) -> None:
    """Print what a back-search costs at this size, and by proportion at a million against 100,000."""
    held = [f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(n_held)]
    asked = [
        f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(n_held - n_asked // 2, n_held + n_asked // 2)
    ]
    holder, asker = Holder(SignalKind.ADDRESS, EPOCH, held), Asker(SignalKind.ADDRESS, EPOCH, asked)
    sent: list[bytes] = []
    counts: list[int] = []
    print(f"\nback-search of {n_asked:,} values among {n_held:,}, {available_cores()} cores")
    set_up = timed("holder: set-up, once an epoch", lambda: sent.append(holder.setup))
    query = timed("asker: request", lambda: sent.append(asker.request))
    query += timed("holder: answer", lambda: sent.append(holder.answer("alpha", sent[1])))
    query += timed("asker: count", lambda: counts.append(asker.count(sent[0], sent[2])))
    sizes = [len(message) / 1e6 for message in sent]
    print(f"set-up {sizes[0]:.2f} MB, request {sizes[1]:.2f} MB, answer {sizes[2]:.2f} MB; counted {counts[0]:,}")
    print(
        f"BY PROPORTION, not run, seconds of processor: 1,000,000 held {set_up * 1e6 / n_held:.0f} s set-up, 8.0 MB; "
        f"100,000 asked {query * 1e5 / n_asked:.0f} s, 3.3 + 3.3 MB; OpenMined 65 s, 5.6 MB; 15 s, 7 MB"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=BATCH)
    parser.add_argument("--local", type=int, default=1_000_000)
    parser.add_argument("--indicators", type=int, default=100_000)
    parser.add_argument("--held", type=int, default=40_960)
    parser.add_argument("--asked", type=int, default=4_096)
    options = parser.parse_args()
    tags(options.elements)
    lock(options.elements)
    matching(options.local, options.indicators)
    search(options.held, options.asked)


if __name__ == "__main__":
    main()
