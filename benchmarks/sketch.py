"""Nanoseconds per exchange of every step of sketch/, beside the speed of memory.

Usage: ``.venv/bin/python -m benchmarks.sketch [--rows N] [--bytes N]``

Prompts come from ``STILLWATCH_CORPORA`` (prompts.parquet, joined to the asked length) or, without it, from made-up
words. Times are processor times of one thread, the best of several runs.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.exchange import EXCHANGE
from stillwatch.sketch import PhraseCounts, cluster, fingerprint, hash_strings, segments, sketch

REPEATS = 7


def sentences(rng: np.random.Generator) -> list[str]:
    """Real prompts, or made-up ones."""
    folder = os.environ.get("STILLWATCH_CORPORA")
    if folder:
        texts = pq.read_table(Path(folder) / "prompts.parquet", columns=["text"])["text"].to_pylist()
        return [text for text in texts if len(text) < 2000]
    words = ["".join(rng.choice(list("etaoinshrdlu"), rng.integers(2, 9))) for _ in range(20_000)]
    return [" ".join(rng.choice(words, 15)) + "." for _ in range(50_000)]


def prompts(n: int, size: int, rng: np.random.Generator) -> Iterator[str]:
    """Prompts of about `size` bytes."""
    pool = sentences(rng)
    for _ in range(n):
        parts: list[str] = []
        while sum(map(len, parts)) < size:
            parts.append(pool[rng.integers(len(pool))])
        yield " ".join(parts)[: size + 40]


def batch_of(n: int, size: int) -> pa.RecordBatch:
    """Exchanges as a chat client sends them."""
    rng = np.random.default_rng(7)
    ids = [f"chatcmpl-{i:024x}" for i in range(n)]
    columns = {
        "exchange_id": ids,
        "time": list(range(n)),
        "account_id": [f"org-{i % 997:020x}" for i in range(n)],
        "conversation_id": ids,
        "system_text": ["You are a helpful assistant."] * n,
        "prompt_text": list(prompts(n, size, rng)),
        "model": ["large-1"] * n,
        "temperature": [0.7] * n,
        "client_address": [f"10.{i % 251}.{i % 7}.{i % 99}" for i in range(n)],
        "user_agent": ["python-httpx/0.27.0 OpenAI/Python 1.30.1"] * n,
        "input_tokens": [150] * n,
        "output_tokens": [300] * n,
    }
    arrays = [pa.array(columns.get(field.name, [None] * n), field.type) for field in EXCHANGE]
    return pa.record_batch(arrays, schema=EXCHANGE)


def best(step: Callable[[], object]) -> float:
    """Seconds of the fastest run, the first one (which may compile) left out."""
    step()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--bytes", type=int, default=680)
    options = parser.parse_args()
    n: int = options.rows
    start = time.perf_counter()
    batch = batch_of(n, options.bytes)
    everyone = np.ones(n, np.bool_)
    built_s = time.perf_counter() - start
    start = time.perf_counter()
    counts = PhraseCounts.empty(n).add(batch["prompt_text"], everyone)
    _, _, book = sketch(batch, counts)
    fingerprint(batch)
    cluster(book)
    first_s = time.perf_counter() - start
    other = PhraseCounts.empty(n)
    text = np.frombuffer(batch["prompt_text"].buffers()[2], np.uint8)
    words = text[: len(text) // 8 * 8].view(np.uint64)
    steps: dict[str, Callable[[], object]] = {
        "read the prompts from memory": words.sum,
        "hash the prompts": lambda: hash_strings(batch["prompt_text"]),
        "fingerprint": lambda: fingerprint(batch),
        "count phrases": lambda: other.add(batch["prompt_text"], everyone),
        "segments": lambda: segments(batch, counts),
        "fingerprint and segments at once": lambda: sketch(batch, counts),
    }
    print(f"{n} prompts of {len(text) / n:.0f} bytes (made in {built_s:.1f} s); first run {first_s:.1f} s")
    ns = {name: best(step) / n * 1e9 for name, step in steps.items()}
    for name, value in ns.items():
        print(f"{name:35s} {value:8.0f} ns")
    whole = ns["count phrases"] + ns["fingerprint and segments at once"]
    print(f"{'whole stage':35s} {whole:8.0f} ns = {1e9 / whole:,.0f} exchanges/s/core")
    print(f"{'cluster ' + str(len(book)) + ' signatures':35s} {best(lambda: cluster(book)) * 1e3:8.1f} ms")


if __name__ == "__main__":
    main()
