"""What a test of a suspect prints. Names from files are plain text to rich: no markup, no control characters."""

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stillwatch.model.trace_report import Finding, TraceReport
from stillwatch.report import quantities
from stillwatch.report.traced import words
from stillwatch.report.visible import visible

__all__ = ["print_report"]

_STYLES: Final = {Finding.FOUND: "bold red", Finding.NOT_FOUND: "bold", Finding.TOO_LITTLE: "bold yellow"}
_MOST_TESTS: Final = 10
_FEW: Final = 3
"""Tests that are shown although chance explains them."""


def print_report(report: TraceReport, console: Console, page: Path | None = None, bundle: Path | None = None) -> None:
    """Print the answer, the tests behind it, what was read, and what it does not prove.

    page, bundle    Where they were written; None when they were not.
    """
    label, meaning = words.FINDINGS[report.finding]
    console.print(
        Text.assemble(
            (label, _STYLES[report.finding]), f" in {words.SUSPECTS[report.suspect]}: ", visible(report.subject)
        )
    )
    console.print(Text(visible(report.answer)))
    console.print(Text(meaning, "dim"))
    _print_tests(report, console)
    for run in report.null_runs:
        above = f"{len(run.values):,} keys that were never used: p = {words.p_value(run.log_p)} by rank"
        console.print(Text(f"{visible(run.about)}, against {above}"))
    for one in report.intervals:
        console.print(Text(visible(words.interval(one))))
    for name, count in report.counts:
        console.print(Text(f"  {count:>12,}  {visible(name)}"))
    for sentence in report.apart:
        console.print(Text(f"apart from the tests: {visible(sentence)}"))
    console.print()
    console.print(Text("What this does not prove", "bold"))
    for sentence in report.limits:
        console.print(Text(f"- {visible(sentence)}"))
    console.print(Text(words.fact(report), "dim"))
    for name, path in (("page", page), ("bundle", bundle)):
        if path is not None:
            console.print(Text.assemble(f"{name}: ", (str(path), "bold")), soft_wrap=True)


def _print_tests(report: TraceReport, console: Console) -> None:
    telling = [one for one in report.tests if one.log_p_adjusted < 0]
    shown = report.tests[: min(_MOST_TESTS, max(_FEW, len(telling)))]
    if not shown:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("test", no_wrap=True)
    for head in ("contexts", "observed", "by chance", "p", "p for all tests"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in shown:
        cells = (f"{one.count:,}", f"{one.observed:,.1f}", f"{one.expected:,.1f}")
        ps = (words.p_value(one.log_p), words.p_value(one.log_p_adjusted))
        table.add_row(Text(visible(one.about), overflow="ellipsis"), *cells, *ps)
    console.print(table)
    if report.n_tests > len(shown):
        console.print(Text(f"{quantities.count(report.n_tests)} tests in all; the smallest are shown", "dim"))
