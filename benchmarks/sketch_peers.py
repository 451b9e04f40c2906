"""The sketch stage beside other people's MinHash and hashing on the same prompts, one thread each, in turns.

Usage: ``python -m benchmarks.sketch_peers [--rows N] [--bytes N] [--rounds N] [--only NAME,...] [--page]``

Every contender runs in a process of its own that is pinned to one core; a second line tells what it reaches unpinned
when it uses more threads by itself. A round runs each once, and the next round goes the other way round. What is not
installed (``requirements/bench.lock``) is skipped with a line.

They do not compute the same. MinHash libraries turn a prompt into 16 or 128 numbers from which similarity to another
prompt can be estimated. stillwatch counts every phrase over all prompts, cuts each prompt where the counts change,
takes 16 MinHashes of each piece, a hash of the rest, a topic sketch and elicitation marks, and clusters the pieces. A
hash alone tells equal prompts and nothing else.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from benchmarks.growth import markdown
from benchmarks.pages import into_page
from benchmarks.sketch import batch_of

from stillwatch.sketch import PhraseCounts, cluster, sketch

Step = Callable[[], object]
Make = Callable[[pa.RecordBatch], Step]


class Contender(NamedTuple):
    """One way to sketch prompts.

    needs       Module that must be installed; empty for our own.
    computes    What comes out.
    spreads     Uses several threads by itself.
    """

    name: str
    needs: str
    make: Make
    computes: str
    spreads: bool = False


def stillwatch_stage(batch: pa.RecordBatch) -> Step:
    """Count, cut, fingerprint, cluster."""
    everyone = np.ones(batch.num_rows, np.bool_)

    def step() -> object:
        counts = PhraseCounts.empty(batch.num_rows).add(batch["prompt_text"], everyone)
        _, _, book = sketch(batch, counts)
        return cluster(book)

    return step


def phrases_of(text: str) -> list[str]:
    """Word 4-grams of a prompt, cut at spaces; a shorter prompt is one phrase."""
    words = text.lower().split()
    return [" ".join(words[i : i + 4]) for i in range(max(1, len(words) - 3))]


def rensa_minhash(n_hashes: int) -> Make:
    """Rensa's bulk call on phrases cut by Python."""

    def make(batch: pa.RecordBatch) -> Step:
        from rensa import RMinHash  # noqa: PLC0415 - an extra

        texts = batch["prompt_text"].to_pylist()
        return lambda: RMinHash.digest_matrix_from_token_sets([phrases_of(t) for t in texts], n_hashes, 42)

    return make


def rensa_hashing_alone(batch: pa.RecordBatch) -> Step:
    """Rensa's bulk call with the phrases already cut."""
    from rensa import RMinHash  # noqa: PLC0415 - an extra

    phrases = [phrases_of(text) for text in batch["prompt_text"].to_pylist()]
    return lambda: RMinHash.digest_matrix_from_token_sets(phrases, 16, 42)


def datasketch_minhash(n_hashes: int) -> Make:
    """Bulk call of datasketch on phrases cut by Python."""

    def make(batch: pa.RecordBatch) -> Step:
        from datasketch import MinHash  # noqa: PLC0415 - an extra

        texts = batch["prompt_text"].to_pylist()
        return lambda: MinHash.bulk(([p.encode() for p in phrases_of(t)] for t in texts), num_perm=n_hashes, seed=1)

    return make


def daft_minhash(n_hashes: int) -> Make:
    """Daft's expression, which cuts at spaces by itself."""

    def make(batch: pa.RecordBatch) -> Step:
        import daft  # noqa: PLC0415 - an extra

        frame = daft.from_arrow(pa.table([batch["prompt_text"]], names=["text"]))
        hashes = daft.functions.minhash(daft.col("text"), num_hashes=n_hashes, ngram_size=4, hash_function="xxhash")
        return lambda: frame.select(hashes.alias("hashes")).to_arrow()

    return make


def duckdb_hash(batch: pa.RecordBatch) -> Step:
    """DuckDB's ``hash()`` of whole prompts, from a table of its own."""
    import duckdb  # noqa: PLC0415 - only its own process needs it

    connection = duckdb.connect(config={"threads": str(len(os.sched_getaffinity(0)))})
    connection.register("logs", pa.table([batch["prompt_text"]], names=["text"]))
    connection.execute("CREATE TABLE prompts AS SELECT text FROM logs")
    return lambda: connection.execute("SELECT bit_xor(hash(text)) FROM prompts").fetchall()


OURS: Final = "stillwatch"
CONTENDERS: Final = (
    Contender(
        OURS, "", stillwatch_stage, "counts, pieces with 16 MinHashes, rest, topic, marks, fingerprint, clusters"
    ),
    Contender("rensa 16", "rensa", rensa_minhash(16), "16 MinHashes a prompt"),
    Contender("rensa 128", "rensa", rensa_minhash(128), "128 MinHashes a prompt"),
    Contender("rensa 16, phrases given", "rensa", rensa_hashing_alone, "the same, cutting not counted"),
    Contender("datasketch 16", "datasketch", datasketch_minhash(16), "16 MinHashes a prompt"),
    Contender("datasketch 128", "datasketch", datasketch_minhash(128), "128 MinHashes a prompt"),
    Contender("Daft 16", "daft", daft_minhash(16), "16 MinHashes a prompt", spreads=True),
    Contender("Daft 128", "daft", daft_minhash(128), "128 MinHashes a prompt", spreads=True),
    Contender("DuckDB hash()", "duckdb", duckdb_hash, "one hash a prompt", spreads=True),
)


def serve(name: str, core: int | None, size: tuple[int, int], asked: Connection) -> None:
    """Make a contender ready on one core (or all), then run it once for every message until None comes."""
    if core is not None:
        os.sched_setaffinity(0, {core})
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "DAFT_NUM_THREADS"), "1"))
    contender = next(c for c in CONTENDERS if c.name == name)
    step = contender.make(batch_of(*size))
    step()
    asked.send(None)
    while asked.recv() is not None:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        step()
        asked.send((time.perf_counter() - wall_s, time.process_time() - cpu_s))


class Worker:
    """A contender's process."""

    def __init__(self, contender: Contender, core: int | None, size: tuple[int, int]) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=serve, args=(contender.name, core, size, there), daemon=True)
        self._process.start()
        there.close()
        self._here.recv()
        self.times: list[tuple[float, float]] = []

    def run(self) -> None:
        """Run it once."""
        self._here.send(True)
        self.times.append(self._here.recv())

    def close(self) -> None:
        """End its process."""
        self._here.send(None)
        self._process.join(30)


def raced(contenders: Sequence[Contender], size: tuple[int, int], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and processor seconds of every round, by name; `` (all cores)`` marks what ran unpinned."""
    core = max(os.sched_getaffinity(0))
    entries: list[tuple[str, Contender, int | None]] = [(c.name, c, core) for c in contenders]
    entries += [(f"{c.name} (all cores)", c, None) for c in contenders if c.spreads]
    workers: dict[str, Worker] = {}
    for name, contender, where in entries:
        print(f"{name}: getting ready", file=sys.stderr, flush=True)
        workers[name] = Worker(contender, where, size)
    for number in range(rounds):
        order = list(workers.values())
        for worker in order if number % 2 == 0 else reversed(order):
            worker.run()
    for worker in workers.values():
        worker.close()
    return {name: worker.times for name, worker in workers.items()}


def table(times: Mapping[str, Sequence[tuple[float, float]]], n: int, size_bytes: int) -> str:
    """Speed of each by the least time, the median beside it; processor time, and how many times ours that is."""
    ours_s = min(cpu for _, cpu in times[OURS]) if OURS in times else float("nan")
    computes = {contender.name: contender.computes for contender in CONTENDERS}
    rows = []
    for name, rounds in times.items():
        wall_s = min(wall for wall, _ in rounds)
        cpu_s = min(cpu for _, cpu in rounds)
        middle_s = median(wall for wall, _ in rounds)
        rows.append(
            (
                name,
                f"{n / wall_s:,.0f}",
                f"{wall_s / n * 1e9:,.0f} ({middle_s / n * 1e9:,.0f})",
                f"{cpu_s / n * 1e9:,.0f}",
                f"{size_bytes / wall_s / 1e6:,.0f}",
                f"{cpu_s / ours_s:.2f}",
                computes[name.removesuffix(" (all cores)")],
            )
        )
    heads = ("contender", "prompts/s", "ns a prompt (median)", "CPU ns", "MB/s", "times stillwatch's CPU", "computes")
    return markdown(heads, rows)


def main(arguments: Sequence[str]) -> int:
    """Race them and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.sketch_peers", description="The sketch stage beside its peers.")
    parser.add_argument("--rows", type=int, default=60_000, help="prompts")
    parser.add_argument("--bytes", type=int, default=680, help="length of a prompt, about")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="contenders, separated by commas")
    parser.add_argument("--page", type=Path, nargs="?", const=Path("docs/why/scale.md"), help="page to write into")
    parser.add_argument("--json", type=Path, help="file for the times")
    options = parser.parse_args(arguments)
    wanted = CONTENDERS if options.only is None else [c for c in CONTENDERS if c.name in options.only.split(",")]
    here = [c for c in wanted if not c.needs or find_spec(c.needs)]
    for contender in wanted:
        if contender not in here:
            print(f"{contender.name}: skipped, {contender.needs} is not installed (requirements/bench.lock)")
    size = (options.rows, options.bytes)
    size_bytes = batch_of(*size)["prompt_text"].nbytes
    times = raced(here, size, options.rounds)
    kind = "real" if os.environ.get("STILLWATCH_CORPORA") else "made-up"
    lead = (
        f"{options.rows:,} {kind} prompts of {size_bytes / options.rows:.0f} bytes; least of {options.rounds} rounds."
    )
    text = f"{lead}\n\n{table(times, options.rows, size_bytes)}"
    print(f"{text}\n\n{(__doc__ or '').rpartition(chr(10) * 2)[2]}")
    if options.page is not None:
        into_page(options.page, "peers", text)
    if options.json is not None:
        told: dict[str, Any] = {"rows": options.rows, "size_bytes": size_bytes, "times_s": times}
        options.json.write_text(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
