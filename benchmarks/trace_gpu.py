"""Marked teachers and their students from scratch, on a GPU: builds, runs and prints one table.

Usage: ``python -m benchmarks.trace_gpu [--small] [--parts shares attacks innocent lessons] [--world FILE]``; needs
torch (extra `models`). As it stands: a teacher of about 29 M parameters on Python's library (and the prompts of
STILLWATCH_CORPORA when set), 1,000 accounts served with both layers, students of about 7 M, 20 innocent ones, attacks,
then poorer lessons on arithmetic. ``--small`` takes about 10 minutes on one core.
With ``--world`` the parts can run in calls of their own: each but the first takes up the teacher and its answers.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow.parquet as pq
from benchmarks.trace_lessons import HEAD, SMALL, line
from numpy.typing import NDArray

from stillwatch.trace.experiments.attacks import paraphrased, paraphraser, substituted
from stillwatch.trace.experiments.corpus import Words, library_texts
from stillwatch.trace.experiments.exam import Result
from stillwatch.trace.experiments.lessons import LessonPlan, table
from stillwatch.trace.experiments.students import (
    Served,
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
from stillwatch.trace.experiments.transformer import Model, Shape, torch

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
        teacher_steps=5000,
        student_steps=2000,
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


Named: TypeAlias = Iterator[tuple[str, Result]]


class Class(NamedTuple):
    """What every part needs to train students and to examine them."""

    plan: StudentPlan
    of: World
    tokens: NDArray[np.int64]
    seed: int

    def exam(self, texts: NDArray[np.int64], number: int) -> Result:
        """Exam of a new student of some texts."""
        return sat(self.plan, pupil(self.plan, texts, self.seed + number), self.of, campaign_key(), self.seed)


def by_share(room: Class, _nulls: int) -> Named:
    """Students of mixtures."""
    for share in (0.0, 0.01, 0.05, 0.1, 0.5, 1.0):
        yield f"{share:.0%} marked", room.exam(mixed(room.of, share, room.seed), 100)


def innocent(room: Class, nulls: int) -> Named:
    """Students of unmarked answers, each from other first tensors, and one of another teacher."""
    plan, of = room.plan, room.of
    for i in range(nulls):
        yield f"innocent {i + 1}", room.exam(of.plain.texts, 200 + i)
    other = trained(plan, room.tokens[len(room.tokens) // 2 :], room.seed + 300)
    prompts = of.marked.texts[:, : plan.prompt]
    yield "of another teacher", room.exam(serve(plan, other, prompts, room.seed + 301, marked=False).texts, 302)


def attacked(room: Class, _nulls: int) -> Named:
    """Students of marked answers that were changed first, or that were tuned afterwards."""
    plan, of, seed, marked = room.plan, room.of, room.seed, room.of.marked.texts
    rng = np.random.default_rng(seed + 400)
    for part in (0.2, 0.5):
        changed = substituted(rng, marked, plan.prompt, part, room.tokens)
        yield f"100% marked, {part:.0%} substituted", room.exam(changed, 400)
    tuning = replace(plan, student_steps=plan.student_steps // 2)
    tuned = pupil(tuning, of.plain.texts, seed + 401, pupil(plan, marked, seed + 100))
    yield "100% marked, then tuned on unmarked", sat(plan, tuned, of, campaign_key(), seed)
    rewriter = paraphraser(plan, room.tokens, 0.4, seed + 500)
    yield "100% marked, paraphrased", room.exam(paraphrased(plan, rewriter, marked, 0.4, seed + 501), 502)


PARTS: dict[str, Callable[[Class, int], Named]] = {"shares": by_share, "attacks": attacked, "innocent": innocent}


def built(plan: StudentPlan, tokens: NDArray[np.int64], seed: int, kept: Path | None) -> World:
    """The teacher and what it served, out of a file where one was kept."""
    lib = torch()
    if kept is not None and kept.is_file():
        parts = lib.load(kept, map_location=plan.device, weights_only=True)
        teacher = Model(plan.teacher, parts["teacher"])
        marked, plain = (Served(*(t.cpu().numpy() for t in parts[name])) for name in ("marked", "plain"))
        return World(teacher, marked, plain, parts["asked"].cpu().numpy())
    of = world(plan, tokens, seed)
    if kept is not None:
        served = {name: [lib.from_numpy(part) for part in getattr(of, name)] for name in ("marked", "plain")}
        lib.save({"teacher": of.teacher.tensors, "asked": lib.from_numpy(of.asked), **served}, kept)
    return of


def shown(name: str, result: Result) -> str:
    """One line of the table; natural logs become powers of ten."""
    tails = " | ".join(f"{log_p / np.log(10):.1f}" for log_p in (result.log_p_open, result.log_p_closed))
    return f"| {name} | {result.contexts} | {result.z:.1f} | {tails} | {result.p_rank:.2f} |"


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.trace_gpu", description="Students of marked teachers.")
    parser.add_argument("--small", action="store_true", help="minutes on a CPU")
    parser.add_argument("--device", default="", help="cuda where there is one, else cpu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", nargs="*", choices=[*PARTS, "lessons"], default=[*PARTS, "lessons"])
    parser.add_argument("--nulls", type=int, default=0, help="innocent students; 20, or 4 when small")
    parser.add_argument("--world", type=Path, help="file that keeps the teacher and its answers from call to call")
    parser.add_argument("--json", type=Path, help="file for the exams")
    return parser.parse_args(arguments)


def opened(room: Class) -> None:
    """What was built, and how well answers name accounts."""
    plan, of = room.plan, room.of
    lib = torch()
    name = lib.cuda.get_device_name() if plan.device == "cuda" else "one CPU core"
    sizes = [f"{shape.parameters / 1e6:.1f} M" for shape in (plan.teacher, plan.student)]
    print(f"{name}; parameters of the teacher {sizes[0]}, of a student {sizes[1]}")
    places = len(asked(plan, of)[1])
    print(f"{len(room.tokens):,} tokens of text, {of.marked.texts.size:,} served, {places:,} places asked")
    for count in (plan.length - plan.prompt, 2 * (plan.length - plan.prompt)):
        right, wrong = accounts_found(plan, of.marked, count)
        print(f"{count} answer tokens name {right:.1%} of {plan.accounts} accounts, wrongly {wrong:.1%}")


def main(arguments: Sequence[str]) -> int:
    """Run the parts and print as it goes."""
    options = parsed(arguments)
    lib = torch()
    device = options.device or ("cuda" if lib.cuda.is_available() and not options.small else "cpu")
    if device == "cpu":
        lib.set_num_threads(1)
    start, found = time.perf_counter(), {}
    plan = plan_of(device, small=options.small)
    if set(options.parts) - {"lessons"}:
        tokens = tokens_of(plan, small=options.small)
        room = Class(plan, built(plan, tokens, options.seed, options.world), tokens, options.seed)
        opened(room)
        print(f"after {time.perf_counter() - start:.0f} s\n\n{STUDENTS}", flush=True)
    for part in (name for name in PARTS if name in options.parts):
        for student, result in PARTS[part](room, options.nulls or (4 if options.small else 20)):
            found[student] = asdict(result)
            print(shown(student, result), flush=True)
            if options.json is not None:
                options.json.write_text(json.dumps(found, indent=2) + "\n")
    print(f"\nseed {options.seed}, {time.perf_counter() - start:.0f} s", flush=True)
    if "lessons" in options.parts:
        print(f"\n{HEAD}")
        for row in table(SMALL if options.small else LessonPlan(device=device), options.seed):
            print(line(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
