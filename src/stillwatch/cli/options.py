"""Arguments and flags that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "Corpora", "Seed", "default_out"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output and nothing else there.")]

Corpora = Annotated[
    Path | None,
    typer.Option(envvar="STILLWATCH_CORPORA", help="Folder of public corpora; without one a small grammar is used."),
]

Seed = Annotated[int, typer.Option(min=0, help="Everything that is random follows from it.")]


def default_out(logs: list[str]) -> Path:
    """Where findings go when nobody says: into the first folder of logs, else below the current folder."""
    first = Path(logs[0])
    return first / "findings" if first.is_dir() else Path("findings")
