"""Documentation that cannot drift: pages in step with the source, links that lead somewhere, blocks that run.

A fenced block runs when its info string says so: ```console run``` (lines that start with ``$``), ```python run```
(one namespace a page), and ```toml save=name``` writes a file beside them. The blocks of a page run in order in a
folder of their own.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.main import get_command

from stillwatch.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
DECISION_LINES = 40


class Block(NamedTuple):
    """A fenced block: its language, what its info string asks for, and where it starts."""

    language: str
    orders: tuple[str, ...]
    body: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """Fenced blocks of a page, in order."""
    for match in FENCE.finditer(text):
        language, *orders = match["info"].split() or [""]
        yield Block(language, tuple(orders), match["body"], text[: match.start()].count("\n") + 1)


def name_of(page: Path) -> str:
    """A page's path as its test is named."""
    return str(page.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """Anchors that a page's headings give."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


RUNNABLE = [page for page in PAGES if any({"run"} & set(b.orders) for b in blocks(page.read_text()))]


def commands(body: str) -> str:
    """Commands of a console block as one shell script; lines without ``$`` or ``>`` are output."""
    lines = [line[2:] for line in body.splitlines() if line.startswith(("$ ", "> "))]
    return "set -eu\n" + "\n".join(lines)


def run_console(block: Block, folder: Path) -> None:
    """Run a console block's commands; the block fails with what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "-c", commands(block.body)],
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "160"},
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 0, f"line {block.line}: exit {result.returncode}\n{result.stdout}\n{result.stderr}"


@pytest.mark.parametrize("page", RUNNABLE, ids=[name_of(p) for p in RUNNABLE])
def test_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block that is marked runnable does, in the order of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STILLWATCH_CORPORA", raising=False)
    namespace: dict[str, object] = {"__name__": "page"}
    for block in blocks(page.read_text()):
        saved = [order.removeprefix("save=") for order in block.orders if order.startswith("save=")]
        for name in saved:
            (tmp_path / name).write_text(block.body)
        if "run" in block.orders and block.language == "console":
            run_console(block, tmp_path)
        elif "run" in block.orders:
            exec(compile(block.body, f"{page}:{block.line}", "exec"), namespace)  # noqa: S102 (our own pages)


@pytest.mark.parametrize("page", PAGES, ids=[name_of(p) for p in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file of the repository and, with an anchor, one of its headings."""
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=[name_of(p) for p in PAGES])
def test_block_orders_are_known(page: Path) -> None:
    """A misspelt order would silently not run."""
    wrong = [
        (b.line, order)
        for b in blocks(page.read_text())
        for order in b.orders
        if order != "run" and not order.startswith("save=")
    ]
    languages = {b.language for b in blocks(page.read_text()) if "run" in b.orders}
    assert not wrong
    assert languages <= {"console", "python"}


def test_reference_is_in_step() -> None:
    """The committed reference pages are what the registries give."""
    result = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


@pytest.mark.parametrize("page", DECISIONS, ids=[p.stem for p in DECISIONS])
def test_decisions_are_whole(page: Path) -> None:
    """A decision has at most 40 lines, says all five things, and is numbered without gaps."""
    text = page.read_text()
    assert len(text.splitlines()) <= DECISION_LINES
    for part in ("Context.", "Decision.", "Evidence.", "Cost.", "Revisit when"):
        assert f"**{part}" in text
    assert [int(p.stem[:4]) for p in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_glossary_has_every_verdict_word() -> None:
    """The glossary names what the program calls things."""
    text = (ROOT / "docs" / "glossary.md").read_text()
    for word in (
        "exchange",
        "account",
        "segment",
        "view",
        "family",
        "stream",
        "channel",
        "bits",
        "campaign",
        "verdict",
    ):
        assert re.search(rf"^\| {word} \|", text, re.MULTILINE), word


def parameters_of(command: Any, path: str) -> Iterator[tuple[str, str | None]]:
    """Every argument and flag of a command and of the commands in it, with its help text."""
    yield from ((f"{path} {p.opts[0]}", p.help) for p in command.params)
    for name, inner in getattr(command, "commands", {}).items():
        yield path + " " + name, inner.help
        yield from parameters_of(inner, f"{path} {name}")


def test_every_command_and_flag_is_explained() -> None:
    """A flag without a sentence would be an empty cell on the commands page."""
    told = dict(parameters_of(get_command(app), "stillwatch"))
    assert "stillwatch scan --memory" in told
    assert not [name for name, sentence in told.items() if not sentence]


def test_every_command_has_json() -> None:
    """Each command can be read by a program."""
    told = dict(parameters_of(get_command(app), "stillwatch"))
    for name in ("scan", "explain", "demo", "simulate", "score", "reference build"):
        assert f"stillwatch {name} --json" in told
