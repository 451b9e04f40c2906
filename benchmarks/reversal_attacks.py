"""Attacks on what stillwatch computes from prompts; `benchmarks.reversal` runs them and tells how each came out."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from benchmarks.reversal_walk import (
    Language,
    Oracle,
    Words,
    fill_of,
    follow,
    grams_of,
    pair_sums,
    read_grams,
    solve_four,
    walk,
)
from numpy.typing import NDArray

from stillwatch.ingest.conceal import Concealer
from stillwatch.model.exchange import EXCHANGE
from stillwatch.sketch import PhraseCounts, SignatureBook, hash_strings, sketch
from stillwatch.sketch._kernels_address import prefix_rows
from stillwatch.sketch._kernels_hash import mix_into
from stillwatch.sketch.strings import strings_of
from stillwatch.sketch.tokens import tokens_of
from stillwatch.stats.lookup import among

__all__ = [
    "Kept",
    "agreement",
    "anonymity",
    "dictionary",
    "membership",
    "names_with_salt",
    "networks",
    "reconstruction",
    "short_prompts",
]

LETTERS: Final = re.compile(r"[a-z]+")
N_TARGETS: Final = 40
"""Prompts or templates that are attacked one by one."""
LOADS: Final = (1, 8, 64)
"""How many times fuller than by itself the counter is made: at its cap of 1 GB it fills up with every prompt."""


def batch_of(texts: Sequence[str]) -> pa.RecordBatch:
    """Exchanges that hold prompts and nothing else."""
    n = len(texts)
    columns = {
        "exchange_id": [f"e{i}" for i in range(n)],
        "time": list(range(n)),
        "account_id": ["a"] * n,
        "prompt_text": list(texts),
    }
    arrays = [pa.array(columns.get(field.name, [None] * n), field.type) for field in EXCHANGE]
    return pa.record_batch(arrays, schema=EXCHANGE)


@dataclass(frozen=True)
class Kept:
    """What there is of the prompts that were sent, and the prompts, to judge the attacks by.

    held_out    Prompts that were not sent.
    prints      FINGERPRINT and SEGMENTS as arrays, by column.
    """

    sent: list[str]
    held_out: list[str]
    counts: PhraseCounts
    prints: dict[str, NDArray[Any]]
    book: SignatureBook

    @classmethod
    def of(cls, prompts: Sequence[str]) -> "Kept":
        """Sketch nine in ten of the prompts."""
        n = len(prompts) * 9 // 10
        sent, held_out = list(prompts[:n]), list(prompts[n:])
        counts = PhraseCounts.empty(n).add(pa.array(sent, pa.string()), np.ones(n, np.bool_))
        prints, book = sketched(sent, counts)
        return cls(sent, held_out, counts, prints, book)

    @cached_property
    def sent_tokens(self) -> list[NDArray[np.uint64]]:
        """Tokens of every prompt sent."""
        return [tokens_of(text)[0] for text in self.sent]

    @cached_property
    def held_tokens(self) -> list[NDArray[np.uint64]]:
        """Tokens of every prompt held out."""
        return [tokens_of(text)[0] for text in self.held_out]

    def words(self, n: int) -> Words:
        """The attacker's list: the most frequent words of all prompts, of those sent too, in the attacker's favour."""
        seen = Counter(word for text in (*self.sent, *self.held_out) for word in LETTERS.findall(text.lower()))
        return Words.of([word for word, _ in seen.most_common(n)])


def sketched(texts: Sequence[str], counts: PhraseCounts) -> tuple[dict[str, NDArray[Any]], SignatureBook]:
    """Fingerprints of texts as arrays by column."""
    prints, cut, book = sketch(batch_of(texts), counts)
    columns = {
        name: batch[name].to_numpy(zero_copy_only=False) for batch in (prints, cut) for name in batch.schema.names
    }
    return columns, book


def is_keyed() -> bool:
    """Whether the hash of a prompt depends on the salt of the installation."""
    told = set()
    for salt in ("one-salt-of-sixteen-bytes", "another-salt-of-sixteen"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "salt"
            path.write_text(salt)
            code = "import pyarrow as pa; from stillwatch.sketch import hash_strings as h; print(h(pa.array(['a b'])))"
            environment = {**os.environ, "STILLWATCH_SALT": str(path)}
            told.add(
                subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True).stdout
            )
    return len(told) > 1


def share(found: NDArray[np.bool_]) -> float:
    """Mean of yes and no; NaN of nothing."""
    return float(found.mean()) if len(found) else float("nan")


def dictionary(kept: Kept) -> dict[str, float]:
    """Attack with candidates: all prompts sent and as many decoys as there are."""
    candidates = pa.array([*kept.sent, *kept.held_out], pa.string())
    start_s = time.perf_counter()
    guesses = hash_strings(candidates)
    guess_s = (time.perf_counter() - start_s) / len(candidates)
    known = kept.prints["content"]
    loud, _ = sketched([text.upper() + " !" for text in kept.sent], kept.counts)
    by_fill = {(int(f), int(n)) for f, n in zip(kept.prints["fill"], kept.prints["n_tokens"], strict=True)}
    restored = np.array([(int(f), int(n)) in by_fill for f, n in zip(loud["fill"], loud["n_tokens"], strict=True)])
    held, _ = sketched(kept.held_out, kept.counts)
    decoys = np.array([(int(f), int(n)) in by_fill for f, n in zip(held["fill"], held["n_tokens"], strict=True)])
    return {
        "content_keyed": float(is_keyed()),
        "recognised_by_content": share(np.isin(known, guesses)),
        "decoys_by_content": share(np.isin(guesses[len(kept.sent) :], known)),
        "ns_a_guess": guess_s * 1e9,
        "other_case_by_content": share(np.isin(loud["content"], known)),
        "other_case_by_fill": share(restored),
        "decoys_by_fill": share(decoys),
        "by_topic_and_length": alone_among(kept.prints, held, ("topic", "n_tokens", "script")),
    }


def alone_among(sent: Mapping[str, NDArray[Any]], held: Mapping[str, NDArray[Any]], names: Sequence[str]) -> float:
    """Share of the prompts sent that one candidate alone fits, by some columns only."""
    keys = rows_of({name: np.concatenate([sent[name], held[name]]) for name in names})
    _, inverse, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    return share(sizes[inverse[: len(sent[names[0]])]] == 1)


def rows_of(columns: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Rows of several columns as values that can be compared."""
    rows = np.empty(len(next(iter(columns.values()))), [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        rows[name] = column
    return rows


def networks(n: int = 10_000) -> dict[str, float]:
    """Attack on `prefix`: try every /24 there is."""
    rng = np.random.default_rng(11)
    blocks = rng.integers(1 << 24, size=n, dtype=np.int64)
    addresses = [f"{b >> 16}.{b >> 8 & 255}.{b & 255}.7" for b in blocks.tolist()]
    kept = prefix_rows(strings_of(pa.array(addresses)))
    start_s = time.perf_counter()
    every = np.arange(1 << 24, dtype=np.uint64)
    mixed, known = np.full(1 << 24, 4, np.uint64), np.zeros(1 << 24, np.uint64)
    mix_into(mixed, known, every)
    order = np.argsort(mixed)
    at = np.minimum(np.searchsorted(mixed, kept, sorter=order), (1 << 24) - 1)
    return {"networks_recovered": share(order[at] == blocks), "networks_s": time.perf_counter() - start_s}


def names_with_salt(n: int = 20_000) -> dict[str, float]:
    """Attack on names of e-mail addresses, which are hashed with the salt: who has it, and who has not."""
    ids = pa.array([f"name{i}@firm.example" for i in range(n)])
    kept = Concealer(b"the salt of this installation").ids(ids).to_pylist()
    start_s = time.perf_counter()
    mine = set(Concealer(b"the salt of this installation").ids(ids).to_pylist())
    guess_s = (time.perf_counter() - start_s) / n
    other = set(Concealer(b"a salt that was guessed").ids(ids).to_pylist())
    return {
        "names_with_salt": share(np.array([name in mine for name in kept])),
        "names_without_salt": share(np.array([name in other for name in kept])),
        "us_a_name": guess_s * 1e6,
    }


def indexed(tokens: NDArray[np.uint64], words: Words) -> list[int]:
    """Tokens as places in the list of words, -1 for others."""
    return [words.place.get(token, -1) for token in tokens.tolist()]


def rare_prompts(kept: Kept, words: Words) -> list[tuple[int, list[int]]]:
    """Prompts without a segment, of 10 to 40 tokens, all in the attacker's list: row and words."""
    bare = (kept.prints["signature_0"] == 0) & (kept.prints["n_tokens"] >= 10) & (kept.prints["n_tokens"] <= 40)
    found: list[tuple[int, list[int]]] = []
    for row in np.flatnonzero(bare).tolist():
        prompt = indexed(kept.sent_tokens[row], words)
        if min(prompt) >= 0:
            found.append((row, prompt))
        if len(found) == N_TARGETS:
            break
    return found


def templates(kept: Kept, words: Words) -> list[list[int]]:
    """The segments of most prompts, of 12 tokens or more that are all in the list."""
    found: list[list[int]] = []
    table = kept.book.signatures
    hashes = {int(value): row for row, value in enumerate(kept.prints["exchange"].tolist())}
    for at in np.argsort(-table.rows, kind="stable").tolist():
        first, end = table.span[at].tolist()
        text = kept.sent[hashes[int(table.exchange[at])]].encode()[first:end].decode(errors="ignore")
        segment = indexed(tokens_of(text)[0], words)
        if len(segment) >= 12 and min(segment) >= 0 and not any(segment[:8] == other[:8] for other in found):
            found.append(segment)
        if len(found) == N_TARGETS:
            break
    return found


def agreement(found: Sequence[int], true: Sequence[int], given: int = 3) -> float:
    """Share of the tokens behind those given that are right, place by place.

    >>> agreement([1, 2, 3, 4, 9], [1, 2, 3, 4, 5])
    0.5
    """
    right = sum(one == other for one, other in zip(found[given:], true[given:], strict=False))
    return right / max(1, len(true) - given)


def reconstruction(kept: Kept, n_words: int) -> dict[str, float]:
    """Attack without candidates: opening words given, then word by word along the counter."""
    words = kept.words(n_words)
    language = Language([indexed(tokens, words) for tokens in kept.held_tokens], len(words.text))
    oracle, blind = Oracle(kept.counts, words), Oracle(kept.counts, words, is_blind=True)
    found: dict[str, float] = {"n_words": float(len(words.text))}
    known = templates(kept, words)
    levels = [float(oracle.reads(t[:3])[t[3]]) for t in known]
    told = [agreement(follow(oracle, language, t[:4], len(t)), t, 4) for t in known]
    found |= {
        "n_templates": float(len(known)),
        "template_count": mean(levels),
        "template_tokens": mean(told),
        "templates_whole": mean_of_ones(told),
    }
    rare = rare_prompts(kept, words)
    seen, unseen, confirmed = [], [], []
    for row, prompt in rare:
        guesses = walk(oracle, language, prompt[:3], len(prompt))
        seen.append(agreement(guesses[0] if guesses else [], prompt))
        unseen.append(agreement(walk(blind, language, prompt[:3], len(prompt))[0], prompt))
        fill = int(kept.prints["fill"][row])
        confirmed.append(float(any(fill_of(words.tokens[g].tolist()) == fill for g in guesses)))
    found |= {
        "n_rare": float(len(rare)),
        "rare_tokens": mean(seen),
        "rare_whole_and_proved": mean(confirmed),
        "rare_tokens_without_counter": mean(unseen),
    }
    return found


def short_prompts(kept: Kept, n_words: int = 2_000) -> dict[str, float]:
    """Attack on `fill` without candidates or counter: two words before, two behind, met in the middle."""
    words = kept.words(n_words)
    bare = (kept.prints["signature_0"] == 0) & (kept.prints["n_tokens"] >= 2) & (kept.prints["n_tokens"] <= 4)
    rows = np.flatnonzero(bare).tolist()
    within = [(row, prompt) for row in rows if min(prompt := indexed(kept.sent_tokens[row], words)) >= 0]
    halves = pair_sums(words)
    start_s = time.perf_counter()
    solved = []
    for row, prompt in within[:N_TARGETS]:
        answers = solve_four(words, halves, int(kept.prints["fill"][row]), len(prompt))
        solved.append(float(answers == [tuple(prompt)]))
    return {
        "n_short": float(len(rows)),
        "n_short_tried": float(len(solved)),
        "n_short_in_list": float(len(within)),
        "short_solved": mean(solved),
        "s_a_short": (time.perf_counter() - start_s) / max(1, len(solved)),
    }


def mean(values: Sequence[float]) -> float:
    """Mean, NaN of nothing."""
    return sum(values) / len(values) if values else float("nan")


def mean_of_ones(values: Sequence[float]) -> float:
    """Share of values that are 1."""
    return mean([float(value == 1) for value in values])


def membership(kept: Kept) -> list[dict[str, float]]:
    """Was this phrase, was this prompt sent? Asked of the counter about what was not, at several loads."""
    sent = np.unique(np.concatenate([grams_of(tokens) for tokens in kept.sent_tokens]))
    held = [grams_of(tokens) for tokens in kept.held_tokens]
    absent = np.setdiff1d(np.concatenate(held), sent)
    long = [grams for grams in held if len(grams) >= 8 and not among(sent, grams).all()]
    texts, everyone = pa.array(kept.sent, pa.string()), np.ones(len(kept.sent), np.bool_)
    found = []
    for load in LOADS:
        counts = PhraseCounts.empty(max(1, len(kept.sent) // load)).add(texts, everyone)
        whole = [bool((read_grams(counts.cells, grams) > 0).all()) for grams in long]
        found.append(
            {
                "load": load,
                "bytes_a_prompt": counts.cells.nbytes / len(kept.sent),
                "n_absent": len(absent),
                "phrase_said_sent": share(read_grams(counts.cells, absent) > 0),
                "phrase_missed": share(read_grams(counts.cells, sent) == 0),
                "prompt_said_sent": share(np.array(whole)),
            }
        )
    return found


def anonymity(kept: Kept) -> list[dict[str, Any]]:
    """How many prompts share what is kept of them, by columns."""
    found: list[dict[str, Any]] = []
    for names in (
        ("n_tokens",),
        ("topic",),
        ("topic", "n_tokens"),
        ("topic", "n_tokens", "script", "elicitation"),
        ("fill",),
        ("content",),
    ):
        keys = rows_of({name: kept.prints[name] for name in names})
        _, inverse, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        p, n = sizes / sizes.sum(), len(keys)
        met = float((sizes * (sizes - 1)).sum()) / (n * (n - 1))
        found.append(
            {
                "columns": " + ".join(names),
                "alone": share(sizes[inverse] == 1),
                "mean_set": float(sizes[inverse].mean()),
                "largest_set": int(sizes.max()),
                "entropy_bits": float(-(p * np.log2(p)).sum()),
                "collision_bits": float(-np.log2(met)) if met else float("inf"),
            }
        )
    return found
