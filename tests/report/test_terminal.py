"""The table and the words in the terminal: complete, and plain text whatever the logs hold."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from stillwatch.errors import MissingData
from stillwatch.model.findings import Findings
from stillwatch.report import explain, find_campaign, print_findings

from .examples import empty_findings, example_findings


def printed(findings: Findings, width: int = 160) -> str:
    """What `print_findings` prints on a terminal of `width` columns, colours included."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, highlight=False)
    print_findings(findings, console, Path("out/report.html"))
    return text_of(console)


def text_of(console: Console) -> str:
    """What was written to a console made here."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def bare(text: str) -> str:
    """Text without rich's own colours, and on one line."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def explained(findings: Findings, number: int) -> str:
    """One campaign in words."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, highlight=False)
    console.print(explain(findings.campaigns[number], findings))
    return text_of(console)


@pytest.mark.parametrize("width", [80, 120, 160])
def test_every_pressing_campaign_is_a_line(width: int) -> None:
    """At any width: one line a campaign, none too long, verdict and sizes; what looks legitimate as a count."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed(example_findings(), width)).splitlines()
    text = " ".join(" ".join(lines).split())
    for verdict in ("harvest", "relay", "related", "evaluation", "tool", "unclear"):
        assert verdict in text
    (line,) = (line for line in lines if line.startswith("c-4f1e09ab77"))
    assert all(part in line for part in ("42,225", "41.3", "2026-03-02", "$557"))
    assert all(len(line) <= width for line in lines if not line.startswith(("report:", "next:")))
    assert "c-tool000001" not in text
    assert "The 3 that look legitimate are listed in report.html" in text


def test_columns_without_room_are_named() -> None:
    """A wide terminal has the bits by channel and the tokens; a narrow one says which columns it leaves out."""
    wide, narrow = (bare(printed(example_findings(), width)) for width in (160, 80))
    assert all(part in wide for part in ("taking turns", "388", "shared ties", "96.4", "32.1 M"))
    assert "not shown" not in wide
    assert "not shown for want of room: accounts, taking turns, shared ties" in narrow


def test_the_end_says_where_and_what_next() -> None:
    """The last two lines are the path of the report and what to do with it."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed(example_findings())).strip().splitlines()
    assert lines[-2:] == [
        "report: out/report.html",
        "next: open it in a browser, or: stillwatch explain c-4f1e09ab77 --in out",
    ]


@pytest.mark.parametrize("make", [example_findings, empty_findings])
def test_the_rows_always_add_up_in_print(make: Callable[[], Findings]) -> None:
    """Rows read, kept, quarantined and duplicates are printed every time, zeros too."""
    findings = make()
    numbers = re.search(
        r"([\d,]+) rows read = ([\d,]+) kept \+ ([\d,]+) quarantined \+ ([\d,]+) dup", bare(printed(findings))
    )
    assert numbers
    read, *parts = (int(n.replace(",", "")) for n in numbers.groups())
    assert read == sum(parts) == findings.tally.rows_read


def test_default_reference_is_warned_about() -> None:
    """The warning is there with the default reference and not with one's own."""
    assert "Default reference: calibrate on your own traffic" in bare(printed(example_findings()))
    assert "calibrate" not in bare(printed(empty_findings()))


def test_the_report_and_the_gaps_are_named() -> None:
    """The path of the report and what could not be judged are printed."""
    text = bare(printed(example_findings()))
    assert "report: out/report.html" in text
    assert "no autonomous system numbers" in text


@pytest.mark.parametrize("width", [80, 160])
def test_nothing_from_the_logs_steers_the_terminal(width: int) -> None:
    """Apart from rich's own colours there is no control character, and markup is printed as it stands."""
    findings = example_findings()
    text = printed(findings, width) + explained(findings, 1)
    rest = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028]", rest)
    assert "\x1b[31mred" not in text
    assert "[bold]markup[/bold]" in bare(text)


def test_a_campaign_is_explained() -> None:
    """The words hold verdict, reasons, tests, template, streams, fairness and what would change the verdict."""
    text = bare(explained(example_findings(), 0))
    for part in (
        "looks like harvesting",
        "41.3 bits, over the bar of 14.0",
        "own topics",
        "38,112 fills",
        "Benchmark runs",
        "more in streams.parquet",
        "Streams are accused, not accounts",
        "What would change it",
        "calibrate",
    ):
        assert part in text


def test_campaigns_are_found_by_the_beginning_of_their_id() -> None:
    """A unique beginning is enough; an ambiguous or unknown one names the choices."""
    findings = example_findings()
    assert find_campaign(findings, "c-4f").campaign_id == "c-4f1e09ab77"
    assert find_campaign(findings, "c-90aa1205c3").campaign_id == "c-90aa1205c3"
    with pytest.raises(MissingData, match=r"several campaigns.*c-4f1e09ab77"):
        find_campaign(findings, "c-")
    with pytest.raises(MissingData, match=r"no campaign 'x'.*c-4f1e09ab77"):
        find_campaign(findings, "x")
    with pytest.raises(MissingData, match="hold: none"):
        find_campaign(replace(findings, campaigns=()), "x")
