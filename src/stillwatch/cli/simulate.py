"""``stillwatch simulate``: traffic with known campaigns in it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.options import AsJson, Corpora, Seed
from stillwatch.cli.progress import progress

__all__ = ["simulate"]


def simulate(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the logs, the accounts and the truth.")],
    exchanges: Annotated[int, typer.Option(min=1000, help="About how many exchanges.")] = 100_000,
    seed: Seed = 7,
    days: Annotated[float, typer.Option(min=1, help="Days the traffic covers.")] = 14,
    campaigns: Annotated[
        str | None, typer.Option(help="Campaigns to plant, separated by commas; 'none' for none.", show_default="all")
    ] = None,
    corpora: Corpora = None,
    as_json: AsJson = False,
) -> None:
    """Write simulated API logs with known campaigns in them, to try stillwatch on."""
    from stillwatch.simulate import simulate as make

    with progress() as report:
        made = make(
            out,
            exchanges=exchanges,
            seed=seed,
            days=days,
            campaigns=planted(campaigns),
            corpora=corpora,
            on_progress=report,
        )
    if as_json:
        typer.echo(json.dumps({"out": str(out), **made.manifest}))
    else:
        typer.echo(
            f"{made.manifest['exchanges']:,} exchanges of {made.manifest['accounts']:,} accounts written to {out}"
        )
        typer.echo(f"next: stillwatch scan {out}, then stillwatch score {out}")


def planted(names: str | None) -> tuple[str, ...] | None:
    """Names of campaigns from the command line; None stands for all.

    >>> planted("slow-drip, camouflage"), planted("none"), planted(None)
    (('slow-drip', 'camouflage'), (), None)
    """
    if names is None:
        return None
    found = tuple(name.strip() for name in names.split(",") if name.strip())
    return () if found == ("none",) else found
