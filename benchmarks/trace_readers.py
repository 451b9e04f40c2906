"""Readers of marks on innocent texts, beside what the engines' own detectors say by default of the same texts.

Usage: ``python -m benchmarks.trace_readers [--texts 15000] [--tokens 200] [--only PART] [--speed]``

Each text is read under a key of its own. Kinds of text are those of `stillwatch.bench.trace_nulls`; real prompts are
among them where STILLWATCH_CORPORA names the folder. A bold rate is above its promise by an exact 99.9 % interval.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from math import erfc
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, ndtr

from stillwatch.bench.trace_nulls.study import Row, Setting, null_study, table
from stillwatch.bench.trace_nulls.texts import kinds_of, windows
from stillwatch.trace.readers import READERS
from stillwatch.trace.readers.example import EngineReader
from stillwatch.trace.readers.green_lists import GreenLists
from stillwatch.trace.readers.kgw_lefthash import KgwLefthash
from stillwatch.trace.readers.kgw_selfhash import KgwSelfhash
from stillwatch.trace.readers.read import read
from stillwatch.trace.readers.synthid import Synthid
from stillwatch.trace.readers.vllm_dual_key import VllmDualKey
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel

Tokens = NDArray[np.int64]
_GREEN_VOCABULARY = 1000
"""A green list costs time in the vocabulary's size, and its null does not depend on it."""


class _Remembered:
    """A reader whose tails are kept by sum and count: they are the same under every key."""

    def __init__(self, reader: EngineReader, tails: dict[tuple[float, int], float]) -> None:
        self.name, self.width = reader.name, reader.width
        self.contexts, self.scores = reader.contexts, reader.scores
        self._reader, self._tails = reader, tails

    def log_tail(self, total: float, count: int) -> float:
        """As the reader's."""
        if (total, count) not in self._tails:
            self._tails[total, count] = self._reader.log_tail(total, count)
        return self._tails[total, count]


def _ours(name: str, under: Callable[[int], EngineReader], vocabulary: int) -> Setting:
    tails: dict[tuple[float, int], float] = {}

    def log_p(tokens: Tokens, number: int) -> float:
        return read(_Remembered(under(number + 1), tails), [tokens % vocabulary]).log_p

    return Setting(name, log_p)


def _green(kind: type[KgwLefthash] | type[KgwSelfhash]) -> Setting:
    lists = GreenLists(_GREEN_VOCABULARY)
    return _ours(kind.name, lambda number: kind(987_654_321 + 2 * number, lists), _GREEN_VOCABULARY)


def settings() -> Iterator[Setting]:
    """Every reader, in its first example's setting."""
    for each in READERS:
        if each in (KgwLefthash, KgwSelfhash):
            yield _green(KgwLefthash if each is KgwLefthash else KgwSelfhash)
        else:
            example = each.examples()[0]
            yield _ours(example.reader.name, example.under, 2**32)


def _log(p: float) -> float:
    return float(np.log(max(p, 1e-300)))


def _kgw_defaults(tokens: Tokens, number: int) -> float:
    """Transformers' WatermarkDetector: every place counts, normal distribution."""
    reader = KgwLefthash(987_654_321 + 2 * number, GreenLists(_GREEN_VOCABULARY))
    scores = reader.scores(tokens % _GREEN_VOCABULARY)
    far = (scores.sum() - 0.25 * scores.size) / np.sqrt(scores.size * 0.1875)
    return _log(0.5 * erfc(far / np.sqrt(2)))


def _dual_key_defaults(tokens: Tokens, number: int) -> float:
    """VLLM's DualKeyGumbelWatermarkDetector: unique contexts, a Gamma fitted to mean and variance."""
    found = read(VllmDualKey(number + 1), [tokens])
    return _log(float(gammaincc(found.count / 0.82, found.total / 0.82))) if found.count else 0.0


def _gumbel_repeats(tokens: Tokens, number: int) -> float:
    """VLLM's detector with ``deduplicate_contexts=False``."""
    scores = VllmGumbel(number + 1).scores(tokens)
    return _log(float(gammaincc(scores.size, scores.sum())))


def _synthid_mean(tokens: Tokens, number: int) -> float:
    """Mean of all bits against a normal distribution around one half: what a threshold on the mean score amounts to."""
    keys = np.random.default_rng(number).integers(1, 2**62, 30).tolist()
    scores = Synthid(keys).scores(tokens)
    return _log(float(ndtr(-(scores.sum() - 15 * scores.size) / np.sqrt(7.5 * scores.size))))


def engines() -> Iterator[Setting]:
    """Detectors as engines ship them, or as they are used."""
    yield Setting("transformers: KGW detector, defaults", _kgw_defaults)
    yield Setting("vLLM: dual-key detector, fitted Gamma", _dual_key_defaults)
    yield Setting("vLLM: Gumbel detector, repeats counted", _gumbel_repeats)
    yield Setting("SynthID: mean score of all places, normal", _synthid_mean)


def pooled(rows: Sequence[Row]) -> Row:
    """All kinds of one setting together."""
    return Row(rows[0].setting, "all kinds", np.concatenate([row.log_p for row in rows]))


def speeds(n_texts: int, n_tokens: int) -> Iterator[str]:
    """Tokens a second that each reader reads out of a corpus without repeats, by processor time."""
    for each in READERS:
        example = each.examples()[0]
        random = np.random.default_rng(0)
        texts = [random.integers(0, example.vocabulary, n_tokens) for _ in range(n_texts)]
        read(example.reader, texts[:1])
        start = time.process_time()
        found = read(example.reader, texts)
        taken = time.process_time() - start
        yield f"| {example.reader.name} | {n_texts * n_tokens / taken / 1e6:.2f} | {found.count:,} |"


def main(arguments: Sequence[str]) -> int:
    """Run the study and print its table as it goes."""
    parser = argparse.ArgumentParser(prog="benchmarks.trace_readers", description="Readers of marks on innocent texts.")
    parser.add_argument("--texts", type=int, default=15_000, help="draws of each kind")
    parser.add_argument("--tokens", type=int, default=200, help="tokens of a text")
    parser.add_argument("--only", default="", help="settings whose name has this")
    parser.add_argument("--speed", action="store_true", help="measure tokens a second instead")
    options = parser.parse_args(arguments)
    if options.speed:
        print("| reader | million tokens a second of one core | scored |\n| --- | ---: | ---: |")
        print("\n".join(speeds(2000, 1000)))
        return 0
    corpora = os.environ.get("STILLWATCH_CORPORA")
    kinds = kinds_of(Path(corpora) if corpora else None)
    texts = {name: windows(of_kind(), options.tokens, 2000) for name, of_kind in kinds.items()}
    for setting in (*settings(), *engines()):
        if options.only in setting.name:
            start = time.perf_counter()
            rows = null_study([setting], texts, options.texts)
            print(table([*rows, pooled(rows)]), flush=True)
            print(f"{setting.name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
