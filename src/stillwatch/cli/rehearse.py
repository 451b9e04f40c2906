"""``stillwatch rehearse``: the exchange between rivals on one machine, from finding to revocation."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.options import AsJson, Seed
from stillwatch.errors import FailedProof, InvalidInput

__all__ = ["rehearse"]


def rehearse(
    *,
    out: Annotated[Path, typer.Option(help="Folder for everything; new or empty.")] = Path("rehearsal"),
    exchanges: Annotated[int, typer.Option(min=10_000, help="Exchanges of all three members.")] = 30_000,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """Start a forum, two evaluators and three members, let one tell of a campaign, and show what crossed."""
    from stillwatch.rehearsal.page import to_html
    from stillwatch.rehearsal.story import rehearse as play

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = f"--out must be a new or empty folder, {out} is not"
        raise InvalidInput(message)
    result = play(out, exchanges, seed, lambda line: typer.echo(line, err=as_json))
    page = out / "rehearsal.html"
    page.write_text(to_html(result), encoding="utf-8")
    (out / "rehearsal.json").write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        typer.echo(f"page: {page}")
    if not result.is_good:
        message = f"rehearsal: {result.leaked} planted values crossed, {len(result.latency_s)} members answered"
        raise FailedProof(message)
