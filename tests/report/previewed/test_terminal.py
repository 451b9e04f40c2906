"""What a preview prints."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from tests.act.preview.made import LADDER, Told, blocks, judged, row, seen, stream, world

from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.compare import changes
from stillwatch.act.preview.judge import judge
from stillwatch.act.preview.preview import previewed
from stillwatch.report.previewed.terminal import print_changes, print_preview

LADDERS = read_policy(LADDER, "ladder")


def console(width: int = 160) -> tuple[Console, io.StringIO]:
    """A console, and what it prints into."""
    text = io.StringIO()
    return Console(file=text, width=width, highlight=False), text


@pytest.mark.parametrize("width", [80, 160])
def test_everything_is_printed(width: int) -> None:
    """Verdict, rules, bands, hard cases, doubts, effect and where the page is."""
    rows, told = world(4, 600, 40)
    found = previewed(judged(rows, told, LADDERS))
    screen, text = console(width)
    print_preview(found, screen, Path("page.html"))
    said = " ".join(text.getvalue().split())
    for head in ("What is done", "By tenure", "By region", "Hardest cases", "touched wrongly", "Share withheld"):
        assert head in said
    assert f"{found.touched.exchanges:,}" in said
    assert said.endswith("page: page.html")


def test_nothing_touched_is_short() -> None:
    """Without touched exchanges there are no bands and no cases."""
    screen, text = console()
    print_preview(previewed(judged([row("a", 0)], Told(), LADDERS)), screen)
    assert "nothing would have been touched" in text.getvalue()
    assert "Hardest" not in text.getvalue()


def test_names_from_logs_are_plain_text() -> None:
    """Markup and control characters of an account's id are shown, not obeyed."""
    name = "[red]a[/red]\x1b[31m"
    screen, text = console()
    print_preview(previewed(judged([row(name, 0, 0, model=name)], Told(streams=stream(name)), blocks())), screen)
    assert "[red]a[/red]⟨U+001B⟩" in text.getvalue()
    assert "\x1b[31m" not in text.getvalue()


def test_changes_are_printed() -> None:
    """How many streams get something harsher, and which bands are newly touched."""
    policies = blocks("stream.bits > 50.0"), blocks("stream.bits > 20.0")
    told = Told(streams=stream("a", bits=70.0) | stream("b", bits=30.0))
    taken = seen([row("a", 0, 0), row("b", 1, 0)], told, *policies)
    screen, text = console()
    print_changes(changes(*(judge(policy, taken) for policy in policies)), screen)
    assert "1 streams harsher, 0 milder, 1 the same" in text.getvalue()
    assert "tenure: not known" in text.getvalue()
