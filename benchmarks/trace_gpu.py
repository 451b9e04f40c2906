"""Marked teachers and their students from scratch, on a GPU: builds, runs and prints one table.

Usage: ``python -m benchmarks.trace_gpu [--small] [--device cuda] [--seed 1] [--no-lessons] [--json FILE]``; needs torch
(extra `models`). As it stands: a teacher of about 29 M parameters on Python's library (and the prompts of
STILLWATCH_CORPORA when set), 1,000 accounts served with both layers, students of about 7 M, 20 innocent ones, attacks,
then poorer lessons on arithmetic. ``--small`` takes about 15 minutes on one core.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from benchmarks.trace_lessons import HEAD, SMALL, line
from numpy.typing import NDArray

from stillwatch.trace.experiments.attacks import paraphrased, paraphraser, substituted
from stillwatch.trace.experiments.corpus import Words, library_texts
from stillwatch.trace.experiments.exam import Result
from stillwatch.trace.experiments.lessons import LessonPlan, table
from stillwatch.trace.experiments.students import (
    StudentPlan,
    World,
    accounts_found,
    asked,
    campaign_key,
    mixed,
    pupil,
    sat,
    serve,
    trained,
    world,
)
from stillwatch.trace.experiments.transformer import Shape, torch

SHARES = (0.0, 0.01, 0.05, 0.1, 0.5, 1.0)
STUDENTS = "| student | contexts | z | open: log10 p at most | closed: log10 p | rank p |\n|" + " --- |" * 6


def plan_of(device: str, *, small: bool) -> StudentPlan:
    """Sizes of a run."""
    if small:
        return StudentPlan(accounts=200, requests=10, student_steps=500, device=device)
    return StudentPlan(
        vocabulary_size=8192,
        length=256,
        prompt=16,
        teacher=Shape(8192, 512, 8, 8, 256),
        student=Shape(8192, 256, 6, 4, 256),
        teacher_steps=6000,
        student_steps=3000,
        batch=64,
        rate=1e-3,
        accounts=1000,
        requests=40,
        asked_rows=4000,
        device=device,
    )


def tokens_of(plan: StudentPlan, *, small: bool) -> NDArray[np.int64]:
    """Public text as tokens."""
    texts = list(library_texts(1_500_000 if small else 40_000_000))
    corpora = os.environ.get("STILLWATCH_CORPORA")
    if corpora and not small:
        texts += pq.read_table(Path(corpora) / "prompts.parquet", columns=["text"])["text"].drop_null().to_pylist()
    words = Words(texts, plan.vocabulary_size)
    return np.concatenate([words.encode(text) for text in texts])


def students(
    plan: StudentPlan, of: World, tokens: NDArray[np.int64], nulls: int, seed: int
) -> Iterator[tuple[str, Result]]:
    """Every student's exam, one after another."""
    key, marked = campaign_key(), of.marked.texts

    def exam(texts: NDArray[np.int64], number: int) -> Result:
        return sat(plan, pupil(plan, texts, seed + number), of, key, seed)

    for share in SHARES:
        yield f"{share:.0%} marked", exam(mixed(of, share, seed), 100)
    for i in range(nulls):
        yield f"innocent {i + 1}", exam(of.plain.texts, 200 + i)
    half = len(tokens) // 2
    other = trained(plan, tokens[half:], seed + 300)
    texts = serve(plan, other, marked[:, : plan.prompt], seed + 301, marked=False).texts
    yield "of another teacher", exam(texts, 302)
    rng = np.random.default_rng(seed + 400)
    for part in (0.2, 0.5):
        yield f"100% marked, {part:.0%} substituted", exam(substituted(rng, marked, plan.prompt, part, tokens), 400)
    student = pupil(plan, marked, seed + 100)
    tuned = pupil(replace(plan, student_steps=plan.student_steps // 2), of.plain.texts, seed + 401, student)
    yield "100% marked, then tuned on unmarked", sat(plan, tuned, of, key, seed)
    rewriter = paraphraser(plan, tokens, 0.4, seed + 500)
    yield "100% marked, paraphrased", exam(paraphrased(plan, rewriter, marked, 0.4, seed + 501), 502)


def shown(name: str, result: Result) -> str:
    """One line of the table; natural logs become powers of ten."""
    tails = " | ".join(f"{log_p / np.log(10):.1f}" for log_p in (result.log_p_open, result.log_p_closed))
    return f"| {name} | {result.contexts} | {result.z:.1f} | {tails} | {result.p_rank:.2f} |"


def main(arguments: Sequence[str]) -> int:
    """Run it all and print as it goes."""
    parser = argparse.ArgumentParser(prog="benchmarks.trace_gpu", description="Students of marked teachers.")
    parser.add_argument("--small", action="store_true", help="minutes on a CPU")
    parser.add_argument("--device", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-lessons", action="store_true", help="leave the arithmetic out")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    lib = torch()
    device = options.device or ("cuda" if lib.cuda.is_available() and not options.small else "cpu")
    if device == "cpu":
        lib.set_num_threads(1)
    start, found = time.perf_counter(), {}
    plan = plan_of(device, small=options.small)
    tokens = tokens_of(plan, small=options.small)
    of = world(plan, tokens, options.seed)
    name = lib.cuda.get_device_name() if device == "cuda" else "one CPU core"
    print(
        f"{name}; parameters of the teacher {plan.teacher.parameters / 1e6:.1f} M, of a student"
        f" {plan.student.parameters / 1e6:.1f} M"
    )
    print(f"{len(tokens):,} tokens of text, {of.marked.texts.size:,} served, {len(asked(plan, of)[1]):,} places asked")
    for count in (plan.length - plan.prompt, 2 * (plan.length - plan.prompt)):
        right, wrong = accounts_found(plan, of.marked, count)
        print(f"{count} answer tokens name {right:.1%} of {plan.accounts} accounts, wrongly {wrong:.1%}")
    print(f"after {time.perf_counter() - start:.0f} s\n\n{STUDENTS}", flush=True)
    for student, result in students(plan, of, tokens, 4 if options.small else 20, options.seed):
        found[student] = asdict(result)
        print(shown(student, result), flush=True)
        if options.json is not None:
            options.json.write_text(json.dumps(found, indent=2) + "\n")
    print(f"\nseed {options.seed}, {time.perf_counter() - start:.0f} s", flush=True)
    if not options.no_lessons:
        print(f"\n{HEAD}")
        for row in table(SMALL if options.small else LessonPlan(device=device), options.seed):
            print(line(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
