"""The index of served outputs: how fast it is made and joined, what it finds after edits, and false matches.

Usage: ``.venv/bin/python -m benchmarks.trace_served [--served N] [--suspect N] [--json FILE]``

Answers are words drawn as often as words of real text are (Zipf), about 700 bytes each. The suspect is half answers of
50 accounts in 1,000, edited, half texts written apart. Where STILLWATCH_CORPORA names the corpora, real texts are
joined as well: what is served comes from half of the corpora, the suspect from the others, so that no match is a leak.
Rates of making are per second of the processor; the join is timed by the clock.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.trace.served.index import ServedIndex
from stillwatch.trace.served.match import log_match
from stillwatch.trace.served.result import LogMatch
from stillwatch.trace.served.secret import IndexSecret
from stillwatch.trace.served.shingles import distinct_shingles

SECRET = IndexSecret.of(bytes(32), "benchmark")
EDITS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
WORDS_EACH, VOCABULARY, ACCOUNTS, LEAKING, BATCH = 118, 20_000, 1000, 50, 50_000


class Writer:
    """Texts of words drawn by Zipf's law; the same seed writes the same texts."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
        sizes = rng.integers(2, 9, VOCABULARY)
        self.words = np.array(["".join(rng.choice(letters, size)) for size in sizes])
        shares = 1 / (np.arange(VOCABULARY) + 10.0)
        self.ends = np.cumsum(shares / shares.sum())

    def texts(self, n: int, seed: int) -> list[str]:
        """So many texts."""
        drawn = np.searchsorted(self.ends, np.random.default_rng(seed).random((n, WORDS_EACH)))
        return [" ".join(row) for row in self.words[np.minimum(drawn, VOCABULARY - 1)].tolist()]

    def edited(self, text: str, share: float, rng: np.random.Generator) -> str:
        """The text with a share of its words replaced."""
        words = text.split(" ")
        for at in np.flatnonzero(rng.random(len(words)) < share):
            words[at] = str(self.words[rng.integers(VOCABULARY)])
        return " ".join(words)


def served(texts: Sequence[str], first: int) -> pa.Table:
    """Exchanges of accounts in turn."""
    rows = range(first, first + len(texts))
    ids, accounts = [f"exchange-{i:09d}" for i in rows], [f"account-{i % ACCOUNTS:04d}" for i in rows]
    return pa.table({"exchange_id": ids, "account_id": accounts, "output_text": list(texts)})


def build_rates(writer: Writer) -> dict[str, float]:
    """Exchanges a second and core, best of five: shingles alone, and the whole index."""
    table = served(writer.texts(BATCH, 2), 0)
    size = sum(len(text) for text in table["output_text"].to_pylist()) / BATCH
    distinct_shingles(table["output_text"].slice(0, 2), SECRET)
    alone, whole = [], []
    for _ in range(5):
        start = time.process_time()
        distinct_shingles(table["output_text"], SECRET)
        middle = time.process_time()
        ServedIndex.of(table, SECRET)
        alone.append(middle - start)
        whole.append(time.process_time() - middle)
    return {"bytes": size, "shingles_per_s": BATCH / min(alone), "index_per_s": BATCH / min(whole)}


def big_join(writer: Writer, n_served: int, n_suspect: int) -> dict[str, object]:
    """Join a suspect that is half leaked from fifty accounts, a sixth of that at each level of edits."""
    parts, answers = [], []
    for first in range(0, n_served, BATCH):
        texts = writer.texts(min(BATCH, n_served - first), 1000 + first)
        answers += [text for i, text in enumerate(texts) if i % ACCOUNTS < LEAKING]
        parts.append(ServedIndex.of(served(texts, first), SECRET))
    start = time.perf_counter()
    index = parts[0].merge(*parts[1:])
    merged = time.perf_counter() - start
    rng = np.random.default_rng(3)
    n_leaked = min(len(answers), n_suspect // 2)
    leaked = [(f"{EDITS[i % 6]}", writer.edited(answers[i], EDITS[i % 6], rng)) for i in range(n_leaked)]
    apart = [("apart", text) for text in writer.texts(n_suspect - n_leaked, 4)]
    background = [("background", text) for text in writer.texts(n_suspect, 5)]
    start = time.perf_counter()
    match = log_match(index, SECRET, leaked + apart, background)
    seconds = time.perf_counter() - start
    return {
        "served": index.n_exchanges,
        "index_bytes": index.table.nbytes,
        "merge_s": merged,
        "join_s": seconds,
        **found_by_edits(index, leaked, background),
        **counted(match),
        "named_wrongly": sum(
            one.log_p_adjusted <= math.log(match.alpha) and int(one.name[-4:]) >= LEAKING for one in match.accounts
        ),
    }


def found_by_edits(
    index: ServedIndex, leaked: Sequence[tuple[str, str]], background: Sequence[tuple[str, str]]
) -> dict[str, object]:
    """Share found at each level of edits, in a join of its own."""
    told: dict[str, object] = {}
    for edits in EDITS:
        some = [one for one in leaked if one[0] == f"{edits}"]
        match = log_match(index, SECRET, some, background[:2000])
        told[f"found_at_{edits:.0%}"] = f"{match.n_found} of {len(some)}; for the account {match.anybody.n_records}"
    return told


def counted(match: LogMatch) -> dict[str, object]:
    """What matters of a match."""
    return {
        "records": match.n_records,
        "found": match.n_found,
        "background": match.n_background,
        "background_found": match.n_background_found,
        "background_with_phrases": match.anybody.n_background,
        "records_with_phrases": match.anybody.n_records,
        "apart_told": sum(one.record_id == "apart" for one in match.records),
        "accounts_named": sum(one.log_p_adjusted <= math.log(match.alpha) for one in match.accounts),
    }


def real_texts(folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Real texts that nobody leaked: from other corpora than what is served, both ways, and from the very same.

    Texts of one corpus share templates and some are copies of one another: the hardest innocent suspect there is.
    """
    table = pq.read_table(folder / "prompts.parquet", columns=["corpus", "text"])
    texts = [str(text or "") for text in table["text"].to_pylist()]
    families = np.array([name.split("_")[0] for name in table["corpus"].to_pylist()])
    names = sorted(set(families.tolist()))
    rng = np.random.default_rng(6)
    for turn in range(2):
        inside = np.isin(families, names[turn::2])
        rest = rng.permutation(np.flatnonzero(~inside))
        yield f"other corpora {turn + 1}", innocent(texts, np.flatnonzero(inside), rest)
    order = rng.permutation(len(texts))
    yield "the same corpora", innocent(texts, order[::4], np.delete(order, np.s_[::4]))


def innocent(texts: Sequence[str], inside: NDArray[np.int64], rest: NDArray[np.int64]) -> dict[str, object]:
    """Serve some texts and join the rest: every third is the suspect's, two thirds are the background."""
    index = ServedIndex.of(served([texts[i] for i in inside.tolist()], 0), SECRET)
    suspect = [("apart", texts[i]) for i in rest[::3].tolist()]
    background = [("background", texts[i]) for i in np.delete(rest, np.s_[::3]).tolist()]
    match = log_match(index, SECRET, suspect, background)
    return {"served": index.n_exchanges, **counted(match), "log_p_anybody": match.anybody.log_p}


def main(arguments: Sequence[str]) -> int:
    """Run and print all."""
    parser = argparse.ArgumentParser(prog="benchmarks.trace_served", description="The index of served outputs.")
    parser.add_argument("--served", type=int, default=1_000_000, help="exchanges served")
    parser.add_argument("--suspect", type=int, default=100_000, help="records of the suspect")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    writer = Writer()
    figures: dict[str, object] = {"build": build_rates(writer)}
    print(json.dumps(figures), flush=True)
    if corpora := os.environ.get("STILLWATCH_CORPORA"):
        for name, told in real_texts(Path(corpora)):
            figures[name] = told
            print(name, json.dumps(told), flush=True)
    figures["join"] = big_join(writer, options.served, options.suspect)
    print(json.dumps(figures["join"], indent=1))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
