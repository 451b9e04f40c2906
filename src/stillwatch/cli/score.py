"""``stillwatch score``: findings against the truth of simulated traffic."""

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.options import AsJson

__all__ = ["score"]


def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that simulate wrote and scan read.")],
    findings: Annotated[Path | None, typer.Option(help="Findings.", show_default="DIR/findings")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the findings on simulated traffic with what was planted in it."""
    from stillwatch.bench.score import score as scored

    result = scored(folder, findings)
    typer.echo(result.to_json() if as_json else result.to_text())
