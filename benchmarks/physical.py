"""What the machine itself can do with the same prompts: memory, hashing, reading Parquet, DuckDB's hash.

Usage: ``.venv/bin/python -m benchmarks.physical FOLDER [--most-bytes 1.5e9] [--json FILE]``

Each on one thread and on every core, the best of several rounds. These are floors: a stage that reads every prompt once
cannot be faster than reading memory.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.growth import markdown
from numpy.typing import NDArray

from stillwatch.sketch import hash_strings

ROUNDS: Final = 5
PIECE_BYTES: Final = 1 << 20
BATCH_ROWS: Final = 65_536
FAR_BEYOND_CACHE_BYTES: Final = 500_000_000


class Speed(NamedTuple):
    """Seconds for all prompts, on one thread and on every core."""

    one_s: float
    all_s: float


class Prompts(NamedTuple):
    """The prompts: batches of strings, and their bytes in one piece."""

    batches: list[pa.Array]
    data: NDArray[np.uint8]

    @property
    def n(self) -> int:
        """Prompts."""
        return sum(map(len, self.batches))


def read_prompts(folder: Path, most_bytes: float) -> Prompts:
    """Prompts of a folder of logs, from the first on, until they are `most_bytes`."""
    batches: list[pa.Array] = []
    size = 0
    for path in sorted((folder / "logs").glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=["prompt_text"]):
                if size >= most_bytes:
                    break
                text = batch.column(0).cast(pa.string()).fill_null("")
                batches.append(text)
                size += text.nbytes
    pieces = [np.frombuffer(b.buffers()[2], np.uint8)[: b.buffers()[2].size] for b in batches]
    return Prompts(batches, np.concatenate(pieces))


def best(step: Callable[[], object]) -> float:
    """Seconds of the fastest round, a first one left out."""
    step()
    times = []
    for _ in range(ROUNDS):
        start_s = time.perf_counter()
        step()
        times.append(time.perf_counter() - start_s)
    return min(times)


def on_threads(work: Callable[[Any], object], items: Sequence[Any], n_threads: int) -> Callable[[], object]:
    """The work on all items, spread over threads."""
    if n_threads == 1:
        return lambda: [work(item) for item in items]

    def spread() -> object:
        with ThreadPoolExecutor(n_threads) as pool:
            return list(pool.map(work, items))

    return spread


def both(work: Callable[[Any], object], items: Sequence[Any], n_cores: int) -> Speed:
    """Seconds on one thread and on every core."""
    return Speed(*(best(on_threads(work, items, n)) for n in (1, n_cores)))


def memory_speed(prompts: Prompts, n_cores: int) -> Speed:
    """Read all bytes once, as 64-bit words that are added up; few prompts are repeated until no cache holds them."""
    repeats = max(1, int(np.ceil(FAR_BEYOND_CACHE_BYTES / len(prompts.data))))
    data = np.tile(prompts.data, repeats) if repeats > 1 else prompts.data
    words = data[: len(data) // 8 * 8].view(np.uint64)
    speed = both(np.sum, np.array_split(words, 4 * n_cores), n_cores)
    return Speed(speed.one_s / repeats, speed.all_s / repeats)


def xxh3_speeds(prompts: Prompts, n_cores: int) -> dict[str, Speed]:
    """xxh3 of all bytes in pieces of one megabyte, and of every prompt through Python; none without xxhash."""
    if find_spec("xxhash") is None:
        print("xxh3: skipped, xxhash is not installed (extra bench)", file=sys.stderr)
        return {}
    from xxhash import xxh3_64_intdigest  # noqa: PLC0415 - an extra

    view = memoryview(prompts.data)  # type: ignore[arg-type]
    pieces = [view[at : at + PIECE_BYTES] for at in range(0, len(view), PIECE_BYTES)]
    texts = [batch.cast(pa.binary()).to_pylist() for batch in prompts.batches[:8]]
    share = prompts.n / max(1, sum(map(len, texts)))
    by_prompt = best(lambda: [xxh3_64_intdigest(text) for batch in texts for text in batch]) * share
    return {
        "xxh3, bytes in pieces of 1 MB": both(xxh3_64_intdigest, pieces, n_cores),
        "xxh3, each prompt from Python": Speed(by_prompt, float("nan")),
    }


def parquet_speeds(prompts: Prompts, n_cores: int) -> dict[str, Speed]:
    """Decode the column from Parquet files that lie in the page cache, row group by row group."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for codec in ("zstd", "lz4"):
            path = Path(folder) / f"{codec}.parquet"
            schema = pa.schema({"prompt_text": pa.string()})
            with pq.ParquetWriter(path, schema, compression=codec, use_dictionary=False) as file:
                for batch in prompts.batches:
                    file.write_table(pa.table([batch], schema=schema))
            stored = path.stat().st_size / len(prompts.data)

            def read(group: int, path: Path = path) -> int:
                with pq.ParquetFile(path) as opened:
                    return int(opened.read_row_group(group, use_threads=False).num_rows)

            groups = range(len(prompts.batches))
            found[f"Parquet scan, {codec} ({stored:.0%} of the bytes)"] = both(read, groups, n_cores)
            path.unlink()
    return found


def duckdb_speed(prompts: Prompts, n_cores: int) -> Speed:
    """DuckDB's ``hash()`` of a table of its own in memory."""
    with duckdb.connect() as connection:
        connection.register("logs", pa.table({"prompt_text": pa.chunked_array(prompts.batches)}))
        connection.execute("CREATE TABLE prompts AS SELECT prompt_text FROM logs")

        def hashed(n_threads: int) -> float:
            connection.execute(f"SET threads = {n_threads}")
            return best(lambda: connection.execute("SELECT bit_xor(hash(prompt_text)) FROM prompts").fetchall())

        return Speed(hashed(1), hashed(n_cores))


def references(folder: Path, most_bytes: float = 1.5e9) -> dict[str, Any]:
    """All references on the prompts of a folder: seconds, ns per prompt, GB/s."""
    prompts = read_prompts(folder, most_bytes)
    n_cores = len(os.sched_getaffinity(0))
    speeds = {
        "memory read": memory_speed(prompts, n_cores),
        **xxh3_speeds(prompts, n_cores),
        "stillwatch's hash of each prompt": both(hash_strings, prompts.batches, n_cores),
        **parquet_speeds(prompts, n_cores),
        "DuckDB hash() of each prompt": duckdb_speed(prompts, n_cores),
    }
    return {
        "folder": folder.name,
        "n_prompts": prompts.n,
        "size_bytes": len(prompts.data),
        "n_cores": n_cores,
        "speeds": {
            name: {
                "one_ns": speed.one_s / prompts.n * 1e9,
                "all_ns": speed.all_s / prompts.n * 1e9,
                "one_gb_s": len(prompts.data) / speed.one_s / 1e9,
                "all_gb_s": len(prompts.data) / speed.all_s / 1e9,
            }
            for name, speed in speeds.items()
        },
    }


def table(found: dict[str, Any]) -> str:
    """The references in Markdown."""
    rows = [
        (name, *(_number(speed[key]) for key in ("one_ns", "one_gb_s", "all_ns", "all_gb_s")))
        for name, speed in found["speeds"].items()
    ]
    cores = f"{found['n_cores']} cores"
    return markdown(("reference", "ns a prompt, one core", "GB/s", f"ns a prompt, {cores}", f"GB/s, {cores}"), rows)


def _number(value: float) -> str:
    return "-" if value != value else f"{value:,.1f}"  # noqa: PLR0124 - NaN: not measured


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.physical", description="What the machine can do.")
    parser.add_argument("folder", type=Path, help="traffic that simulate wrote")
    parser.add_argument("--most-bytes", type=float, default=1.5e9, help="prompts to take, bytes")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    found = references(options.folder, options.most_bytes)
    print(f"{found['n_prompts']:,} prompts of {found['size_bytes'] / found['n_prompts']:.0f} bytes")
    print(table(found))
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
