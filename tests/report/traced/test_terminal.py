"""What a test of a suspect prints: the answer first, and names as text."""

import io
from pathlib import Path

from rich.console import Console
from tests.report.traced.sample import HOSTILE, report, with_subject

from stillwatch.model.trace_report import TraceReport
from stillwatch.report.traced.terminal import print_report


def printed(one: TraceReport, page: Path | None = None) -> str:
    """Text that a terminal without colours would show."""
    stream = io.StringIO()
    print_report(one, Console(file=stream, width=110), page)
    return stream.getvalue()


def test_the_answer_stands_first_and_all_that_matters_follows() -> None:
    """The first line is what was found; tests, counts, limits, other evidence and the page follow."""
    text = printed(report(), Path("out/report.html"))
    assert text.startswith("Found in a data set: suspect.jsonl")
    for words in ("acct-0017", "2.3e-135", "5.8e-131", "25,000 tests", "1.0e-3 by rank", "42 %", "1,180"):
        assert words in text
    for words in (*report().limits, *report().apart, "out/report.html"):
        assert words in text


def test_names_neither_colour_nor_turn_the_text() -> None:
    """Markup, escape codes and direction characters of a name are shown by their codes."""
    text = printed(with_subject(HOSTILE))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]" in text
