"""``stillwatch serve --rehearse``: the whole of acting in some minutes, printed as a timeline."""

import json
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from stillwatch.errors import FailedProof, InvalidInput

if TYPE_CHECKING:
    from stillwatch.service.rehearsal.world import Plot

__all__ = ["rehearsed"]


def rehearsed(out: Path | None, exchanges: int | None, seed: int | None, *, as_json: bool) -> None:
    """Play it; with a folder everything is kept there, with a page to look at.

    Raises      InvalidInput for a folder in use; FailedProof when something that must hold does not.
    """
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = f"--out must be a new or empty folder, {out} is not"
        raise InvalidInput(message)
    from stillwatch.service.rehearsal.world import Plot

    plot = Plot()
    plot = plot if exchanges is None else replace(plot, exchanges=exchanges)
    plot = plot if seed is None else replace(plot, seed=seed)
    if out is not None:
        _play(out, plot, as_json=as_json, is_kept=True)
        return
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as folder:
        _play(Path(folder), plot, as_json=as_json, is_kept=False)


def _play(folder: Path, plot: "Plot", *, as_json: bool, is_kept: bool) -> None:
    import logging

    from stillwatch.service.rehearsal.page import to_html
    from stillwatch.service.rehearsal.story import rehearse
    from stillwatch.service.rehearsal.timeline import HEAD

    logging.getLogger("stillwatch").setLevel(logging.ERROR)  # it waits for its parts as they come up, and says so
    typer.echo(HEAD, err=as_json)
    result = rehearse(folder, plot, lambda line: typer.echo(line, err=as_json), datetime.now(UTC))
    if is_kept:
        (folder / "rehearsal.html").write_text(to_html(result), encoding="utf-8")
        (folder / "rehearsal.json").write_text(json.dumps(result.plain(), indent=1) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(result.plain()))
    elif is_kept:
        typer.echo(f"page: {folder / 'rehearsal.html'}")
    if result.failed:
        told = "; ".join(f"{check.name}: {check.told}" for check in result.failed)
        message = f"the rehearsal failed: {told}"
        raise FailedProof(message)
    held = len(result.checks)
    typer.echo(f"good: all {held} things that must hold did", err=as_json)
