"""``stillwatch reference``: the legitimate families that findings are held against."""

import json
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.options import AsJson, Corpora
from stillwatch.cli.progress import progress
from stillwatch.errors import InvalidInput

__all__ = ["reference"]

reference = typer.Typer(help="The legitimate families that findings are held against.", no_args_is_help=True)


@reference.command("build")
def build(
    out: Annotated[Path, typer.Option(help="File to write, Parquet.")],
    exchanges: Annotated[int, typer.Option(min=1000, help="Exchanges to simulate for each seed.")] = 400_000,
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "9001,9002,9003",
    corpora: Corpora = None,
    as_json: AsJson = False,
) -> None:
    """Build a reference from simulated legitimate traffic, and the bar that goes with it."""
    from stillwatch.bench.reference import build as built

    chosen = _seeds(seeds)
    with progress() as report:
        made = built(out, exchanges=exchanges, seeds=chosen, corpora=corpora, on_progress=report)
    if as_json:
        found = {"out": str(out), "name": made.name, "units": made.n_units, "bar_bits": made.bar_bits}
        typer.echo(json.dumps(found))
    else:
        typer.echo(f"{made.name}; bar {made.bar_bits:.1f} bits; written to {out}")
        typer.echo(f"next: stillwatch scan LOGS --reference {out}")


@reference.callback()
def _group() -> None:
    """Keep ``build`` a command of its own while it is the only one."""


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(int(part) for part in text.split(","))
    except ValueError as wrong:
        msg = f"--seeds must be whole numbers separated by commas, got {text!r}"
        raise InvalidInput(msg) from wrong
    return seeds
