"""What answers that teach less do to students and to everybody else: a measured table on multi-step arithmetic.

Usage: ``python -m benchmarks.trace_lessons [--seed 1] [--small] [--threads 1] [--json FILE]``; needs torch (extra
`models`); about 15 minutes on one core, seconds with ``--small`` (whose figures mean nothing).
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from stillwatch.trace.experiments.arithmetic import Arithmetic
from stillwatch.trace.experiments.lessons import LessonPlan, Row, table
from stillwatch.trace.experiments.transformer import torch

HEAD = (
    "| measure | answers right | traces valid | passive student | filters | weighs | own traces | kept | tokens shown"
    " | passes |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)
SMALL = LessonPlan(Arithmetic(3, 2), teacher_steps=150, proxy_steps=40, student_steps=30, served=200, own=60, exam=100)


def line(row: Row) -> str:
    """One row as Markdown; a dash where a column makes no sense."""
    shares = [row.accuracy, row.valid, row.passive, row.filtered, row.weighted, row.bootstrapped, row.kept]
    told = [f"{100 * share:.1f} %" if share is not None else "-" for share in shares]
    return f"| {row.name} | {' | '.join(told)} | {row.shown:.0f} | {row.passes} |"


def main(arguments: Sequence[str]) -> int:
    """Print the table row by row."""
    parser = argparse.ArgumentParser(prog="benchmarks.trace_lessons", description="Lessons made poorer, measured.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="seconds, to see that it runs")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args(arguments)
    torch().set_num_threads(options.threads)
    plan = SMALL if options.small else LessonPlan(device=options.device)
    start, rows = time.perf_counter(), []
    print(HEAD, flush=True)
    for row in table(plan, options.seed):
        rows.append(row)
        print(line(row), flush=True)
    print(f"seed {options.seed}, {time.perf_counter() - start:.0f} s", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
