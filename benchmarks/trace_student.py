"""Students that are tables, taught on marked answers of a teacher that is one: who is found, who is left alone.

Usage: ``python -m benchmarks.trace_student [--lessons 120000] [--nulls 20] [--out FOLDER]``

Teacher: a table of what follows two tokens, on the reference manual of Python and, where STILLWATCH_CORPORA names a
folder, real prompts. One core, some minutes. With --out the null p-values are drawn as ``null-students.svg``.
"""

import argparse
import math
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest

from stillwatch.bench.trace_nulls.picture import p_value_plot
from stillwatch.bench.trace_nulls.study import LEVELS, Row
from stillwatch.bench.trace_nulls.texts import KINDS, kinds_of
from stillwatch.bench.trace_nulls.tokens import WORDS
from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace.experiments.trigram import Trigram
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import MarkKey, Purpose, key_words
from stillwatch.trace.mark import green
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import seed, uniforms_from
from stillwatch.trace.student._kernels_green import green_mass
from stillwatch.trace.student.contexts import Asking, ServedContexts
from stillwatch.trace.student.open_weights import Weighed, chernoff, exam, open_test

KEEPER, VOCABULARY, SCHEME = KeyKeeper(bytes(range(32))), 2000, Scheme(delta=2.0)
SHARES = (0.0, 0.01, 0.05, 0.1, 0.5, 1.0)
Tokens = NDArray[np.int64]


class Suspect:
    """A table as a suspect with open weights."""

    name = "table"

    def __init__(self, table: Trigram) -> None:
        self._table = table

    def probabilities(self, tokens: Tokens) -> NDArray[np.float64]:
        """After each token from the second on; the first has no two before it."""
        rows = [np.full(VOCABULARY, 1 / VOCABULARY)]
        rows += [self._table.probabilities(int(a), int(b)) for a, b in pairwise(tokens)]
        return np.array(rows)


def corpus(texts: Iterator[str], most: int) -> Tokens:
    """Real text as its commonest tokens, the others left out."""
    found, size = [], 0
    for text in texts:
        found.append(WORDS.encode(text))
        size += len(found[-1])
        if size > most:
            break
    whole = np.concatenate(found)
    common = np.argsort(-np.bincount(whole), kind="stable")[:VOCABULARY]
    place = np.full(int(whole.max()) + 1, -1)
    place[common] = np.arange(len(common))
    kept = place[whole]
    return np.asarray(kept[kept >= 0], np.int64)


def answers(teacher: Trigram, real: Tokens, count: int, key: MarkKey | None, number: int) -> list[Tokens]:
    """Answers of 200 tokens, begun with two of the real text."""
    rng = np.random.default_rng(number)
    words = None if key is None else key.words
    starts = rng.integers(0, len(real) - 2, count // 200)
    return [teacher.text(rng, real[at : at + 2], 198, SCHEME, words) for at in starts]


def log_p_of(tokens: Sequence[Tokens], key: MarkKey, asking: Asking) -> tuple[float, int]:
    """The closed test on sampled texts: natural log of p, and contexts."""
    greens = count = 0
    for text in tokens:
        for place in asking.places(text, start=2):
            number = uniforms_from(seed(key.words, text[place - 2 : place]), text[place : place + 1])[0]
            greens, count = greens + int(number < SCHEME.gamma), count + 1
    return green.log_tail(greens, count, SCHEME.gamma), count


def told(log_p: float) -> str:
    """A p-value in powers of ten."""
    return f"{math.exp(log_p):.2g}" if log_p > -20 else f"1e{log_p / math.log(10):.0f}"


def taught(marked: list[Tokens], plain: list[Tokens], share: float) -> Trigram:
    """A student of a mixture, as many texts whatever the share."""
    n = round(share * len(marked))
    return Trigram(np.concatenate([*marked[:n], *plain[: len(plain) - n]]), VOCABULARY)


def nulls(students: Sequence[Trigram], texts: list[Tokens], n_keys: int) -> NDArray[np.float64]:
    """Natural log of Chernoff's bound for innocent students under keys of their own."""
    found = []
    for i, student in enumerate(students):
        weighed = exam(Suspect(student), iter(texts), Asking(2, budget=1000))
        keys = [KEEPER.key(Purpose.CAMPAIGN, f"null {i} {k}", "e") for k in range(n_keys)]
        masses = green_mass(key_words(keys), weighed.contexts, weighed.tokens, weighed.weights, SCHEME.gamma)
        found += [chernoff(float(mass), weighed.weights.ravel(), SCHEME.gamma) for mass in masses]
    return np.array(found)


def ranks(students: Sequence[Trigram], texts: list[Tokens], key: MarkKey) -> list[float]:
    """Rank p-values of innocent students under the real key, among 199 decoys."""
    found = []
    for student in students:
        weighed = exam(Suspect(student), iter(texts), Asking(2, budget=1000))
        found.append(open_test(weighed, key, KEEPER.decoys(key, 199), SCHEME.gamma).log_rank)
    return found


def row(
    name: str, student: Trigram, texts: list[Tokens], asked: tuple[MarkKey, ServedContexts, Tokens, Trigram]
) -> None:
    """One line of the table."""
    key, served, real, teacher = asked
    weighed: Weighed = exam(Suspect(student), iter(texts), Asking(2, budget=20_000))
    everywhere = open_test(weighed, key, KEEPER.decoys(key, 199), SCHEME.gamma)
    there = open_test(
        exam(Suspect(student), iter(texts), Asking(2, served, 20_000)), key, KEEPER.decoys(key, 199), SCHEME.gamma
    )
    against = open_test(
        exam(Suspect(student), iter(texts), Asking(2, served, 20_000), Suspect(teacher)),
        key,
        KEEPER.decoys(key, 199),
        SCHEME.gamma,
    )
    said = answers(student, real, 40_000, None, 77)
    closed, count = log_p_of(said, key, Asking(2, None, 1 << 30))
    cells = [
        told(everywhere.log_bound),
        f"{everywhere.count:,}",
        told(there.log_bound),
        told(against.log_bound),
        f"{there.count:,}",
    ]
    print(f"| {name} | " + " | ".join([*cells, told(closed), f"{count:,}"]) + " |", flush=True)


def taught_ones(
    told_with: tuple[list[Tokens], list[Tokens]],
    texts: list[Tokens],
    asked: tuple[MarkKey, ServedContexts, Tokens, Trigram],
) -> None:
    """The table of students by the share that was marked, and one of another teacher."""
    marked, plain = told_with
    print(f"vocabulary {VOCABULARY}, {sum(map(len, marked)):,} tokens taught, green w = 2, delta = {SCHEME.delta:g}")
    heads = "open: bound | contexts | served contexts | against the teacher | contexts | closed | contexts"
    print(f"\n| taught | {heads} |\n| --- |" + " ---: |" * 7)
    for share in SHARES:
        row(f"{share:.0%} marked", taught(marked, plain, share), texts, asked)
    other_real = corpus(KINDS["program text"](), 400_000)
    other = Trigram(other_real, VOCABULARY)
    lessons = answers(other, other_real, sum(map(len, marked)), KEEPER.key(Purpose.CAMPAIGN, "c-2", "e"), 4)
    row(
        "another teacher, another's mark",
        Trigram(np.concatenate(lessons), VOCABULARY),
        texts,
        asked,
    )


def main(arguments: Sequence[str]) -> int:
    """Teach, test, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.trace_student", description="Tests of students that are tables.")
    parser.add_argument("--lessons", type=int, default=120_000, help="tokens that each student is taught")
    parser.add_argument("--nulls", type=int, default=20, help="innocent students")
    parser.add_argument("--only-nulls", action="store_true", help="leave the taught students out")
    parser.add_argument("--out", type=Path, help="folder for the picture")
    options = parser.parse_args(arguments)
    folder = os.environ.get("STILLWATCH_CORPORA")
    kinds = kinds_of(Path(folder) if folder else None)
    real = corpus(kinds.get("real prompts, English", KINDS["manual, English"])(), 400_000)
    key = KEEPER.key(Purpose.CAMPAIGN, "c-1", "e")
    teacher = Trigram(real, VOCABULARY)
    marked, plain = (answers(teacher, real, options.lessons, k, i) for i, k in ((1, key), (2, None)))
    texts = answers(teacher, real, 60_000, None, 3)
    served = ServedContexts(2)
    for one in marked:
        served.add(one)
    if not options.only_nulls:
        taught_ones((marked, plain), texts, (key, served, real, teacher))
    rng = np.random.default_rng(5)
    students = [
        Trigram(np.concatenate([plain[int(i)] for i in rng.integers(len(plain), size=len(plain) // 3)]), VOCABULARY)
        for _ in range(options.nulls)
    ]
    found = nulls(students, texts, 100)
    print(f"\n{len(found):,} innocent p-values (bound): {options.nulls} students under 100 keys each")
    for level in LEVELS:
        hits = int((found <= math.log(level)).sum())
        low, high = clopper_pearson(hits, len(found), 0.999)
        print(f"  at or below {level:g}: {hits / len(found):.2g} ({low:.1g} to {high:.2g})")
    rank_p = np.exp(ranks(students, texts, key))
    print(f"rank of the real key among 199, {options.nulls} innocent students: smallest {rank_p.min():.3f}, ", end="")
    print(f"mean {rank_p.mean():.2f}, Kolmogorov-Smirnov p = {kstest(rank_p, 'uniform').pvalue:.2f}")
    if options.out is not None:
        rows = [Row("open weights", "20 innocent students, bound", found)]
        (options.out / "null-students.svg").write_text(p_value_plot("Innocent students", rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
