"""Are planted templates found, and do topics tell subjects apart? Real prompts from ``STILLWATCH_CORPORA``.

Usage: ``STILLWATCH_CORPORA=... .venv/bin/python -m benchmarks.sketch_recovery [--seed N]``

Families are prefixes and suffixes cut from real system and task prompts, put around real questions, in a background of
prompts of all corpora; a third of the families ends on one of five popular sentences, which the background uses too.
A family counts as recovered when one template holds at least 80 % of its prompts and at most 25 % strangers.
"""

import argparse
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.model.exchange import EXCHANGE
from stillwatch.sketch import PhraseCounts, cluster, segments

POPULAR = (
    "Let's think step by step and then write the final answer on the last line.",
    "Please answer in detail and give at least three concrete examples for each of your points.",
    "Respond only in valid JSON with the keys answer and confidence and nothing else.",
    "You are a helpful assistant who answers every question as well as you can.",
    "Explain your answer in simple words so that a child of ten years could understand it.",
)
SIZES = (15, 25, 40, 80, 200, 600)
Corpora: TypeAlias = dict[str, list[str]]


def corpora() -> Corpora | None:
    """Distinct prompts by corpus, and system prompts under ``system``."""
    folder = os.environ.get("STILLWATCH_CORPORA")
    if not folder:
        return None
    table = pq.read_table(Path(folder) / "prompts.parquet", columns=["corpus", "system", "text"])
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for corpus, system, text in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
        found[corpus][text] = None
        if system:
            found["system"][system] = None
    return {corpus: list(texts) for corpus, texts in found.items()}


def some(texts: list[str], n: int, rng: np.random.Generator) -> list[str]:
    """Draw `n` texts, none twice."""
    return [texts[i] for i in rng.permutation(len(texts))[:n]]


def planted(texts: Corpora, rng: np.random.Generator, n_families: int = 120) -> tuple[list[str], list[int]]:
    """Prompts of families, each with the family's number."""
    chinese = texts["belle_eval"]
    long = [t for name in ("awesome_prompts", "system") for t in texts[name] if len(t.split()) > 40]
    questions = [t for name in ("gsm8k_train", "banking77", "clinc150", "flan_cot_strategyqa") for t in texts[name]]
    made: list[tuple[str, int]] = []
    for family in range(n_families):
        if family % 6 == 5:
            source, fills = "".join(some(chinese, 3, rng)), chinese
            piece = source[: rng.integers(14, 60)]
        else:
            words, fills = str(long[rng.integers(len(long))]).split(), questions
            piece = " ".join(words[: rng.integers(14, min(len(words), 400))])
        tail = POPULAR[rng.integers(len(POPULAR))] if family % 3 == 0 else ""
        chosen = some(fills, SIZES[family % len(SIZES)], rng)
        made += [(f"{piece}\n{fill}\n{tail}", family) for fill in chosen]
    return [text for text, _ in made], [family for _, family in made]


def background(texts: Corpora, rng: np.random.Generator, n: int) -> list[str]:
    """Prompts of all corpora, one in ten with a popular sentence."""
    pool = [text for name, listed in texts.items() if name != "system" for text in listed]
    chosen = some(pool, n, rng)
    return [f"{text} {POPULAR[rng.integers(5)]}" if i % 10 == 0 else text for i, text in enumerate(chosen)]


def batch_of(prompts: list[str]) -> pa.RecordBatch:
    """Exchanges with these prompts."""
    n = len(prompts)
    given = {
        "exchange_id": [str(i) for i in range(n)],
        "prompt_text": prompts,
        "account_id": ["a"] * n,
        "time": [0] * n,
    }
    return pa.record_batch([pa.array(given.get(f.name, [None] * n), f.type) for f in EXCHANGE], schema=EXCHANGE)


def distinct(prompts: Iterable[str]) -> NDArray[np.bool_]:
    """True at the first row of each prompt."""
    seen: set[str] = set()
    return np.array([not (prompt in seen or seen.add(prompt)) for prompt in prompts])  # type: ignore[func-returns-value]


def recovery(texts: Corpora, rng: np.random.Generator) -> None:
    """Print the share of families recovered by size and kind."""
    prompts, family = planted(texts, rng)
    prompts += background(texts, rng, 40_000)
    truth = np.array(family + [-1] * 40_000)
    mask = distinct(prompts)
    batch = batch_of(prompts)
    counts = PhraseCounts.empty(int(mask.sum())).add(batch["prompt_text"], mask)
    rows, book = segments(batch, counts)
    templates = cluster(book)
    labels = np.stack([templates.lookup(rows[f"signature_{k}"].to_numpy()) for k in range(4)], axis=1)
    total = Counter(int(t) for row in labels for t in set(row.tolist()) if t)
    won: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(max(family) + 1):
        mine = Counter(int(t) for row in labels[truth == number] for t in set(row.tolist()) if t)
        size = int((truth == number).sum())
        good = any(k >= 0.8 * size and k >= 0.75 * total[t] for t, k in mine.items())
        script = "Chinese" if number % 6 == 5 else "Latin"
        for kind in ("all", f"{size} prompts", script, "popular end" if number % 3 == 0 else "own end"):
            won[kind].append(good)
    print(f"{len(book)} signatures, {len(set(templates.template.tolist()))} templates")
    for kind, outcomes in won.items():
        print(f"recovered {kind:14s} {np.mean(outcomes):.2f} of {len(outcomes)}")


def signs(topics: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Topics as rows of +1 and -1."""
    return np.unpackbits(topics.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float64) * 2 - 1


def halves(text: str) -> tuple[str, str]:
    """Cut a text at the space nearest behind its middle."""
    middle = text.find(" ", len(text) // 2)
    middle = len(text) // 2 if middle < 0 else middle
    return text[:middle], text[middle:]


def topics(texts: Corpora, rng: np.random.Generator) -> None:
    """Print mean cosines: two halves of one prompt, and halves of two prompts of one corpus and of two."""
    names = ("arena_hard", "awesome_prompts", "toolbench", "gsm8k_train", "gorilla_questions", "belle_eval")
    cut: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        long = [text for text in texts[name] if len(text) > (60 if name == "belle_eval" else 200)]
        cut[name] = [halves(text) for text in some(long, min(300, len(long)), rng)]
    prompts = [half for name in names for pair in cut[name] for half in pair]
    everything = prompts + background(texts, rng, 40_000)
    counts = PhraseCounts.empty(len(everything)).add(pa.array(everything), distinct(everything))
    rows, _ = segments(batch_of(prompts), counts)
    vectors = signs(rows["topic"].to_numpy())
    parts, at = {}, 0
    for name in names:
        size = 2 * len(cut[name])
        parts[name] = vectors[at : at + size : 2], vectors[at + 1 : at + size : 2]
        at += size
    for name in names:
        one, other = parts[name]
        same = (one * other).mean(axis=1)
        apart = np.concatenate([(one * np.roll(other, k, axis=0)).mean(axis=1) for k in (1, 7, 31)])
        effect = (same.mean() - apart.mean()) / np.sqrt((same.var() + apart.var()) / 2)
        print(f"{name:18s} same prompt {same.mean():.2f}  other prompt {apart.mean():.2f}  d' {effect:.2f}")
    means = np.stack([np.concatenate(pair).mean(axis=0) for pair in parts.values()])
    cosine = means @ means.T / 64
    print(f"mean cosine of prompts of two corpora {cosine[~np.eye(len(names), dtype=bool)].mean():.3f}")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    rng = np.random.default_rng(parser.parse_args().seed)
    texts = corpora()
    if texts is None:
        print("skipped: STILLWATCH_CORPORA is not set")
        return
    recovery(texts, rng)
    topics(texts, rng)


if __name__ == "__main__":
    main()
