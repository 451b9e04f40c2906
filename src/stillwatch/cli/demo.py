"""``stillwatch demo``: simulate a small provider, scan it, and compare with what was planted."""

import json
from pathlib import Path
from typing import Annotated

import typer

from stillwatch import __version__
from stillwatch.cli.options import AsJson, Seed
from stillwatch.cli.progress import progress
from stillwatch.cli.scan import conclude
from stillwatch.errors import InvalidInput

__all__ = ["demo"]

_STAMP = ".demo"
"""File of the demo folder that says which run it holds."""


def demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder for logs and findings.")] = Path("demo"),
    exchanges: Annotated[int, typer.Option(min=1000, help="About how many exchanges.")] = 60_000,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """Simulate a small provider with campaigns in its traffic, scan it, and show what was planted and found."""
    from stillwatch.bench.score import score
    from stillwatch.report import check_folder
    from stillwatch.scan import scan

    _prepare(out, exchanges, seed)
    findings_folder = out / "findings"
    check_folder(findings_folder)
    with progress() as report:
        findings = scan([str(out)], on_progress=report)
    conclude(findings, findings_folder, as_json=as_json)
    if as_json:
        return
    typer.echo(
        f"\nplanted and found (simulated traffic: says how it works, not how well on yours)\n{score(out).to_text()}"
    )
    if findings.campaigns:
        first = findings.campaigns[0].campaign_id
        typer.echo(f"\nnext: stillwatch explain {first} --in {findings_folder}")


def _prepare(out: Path, exchanges: int, seed: int) -> None:
    """Simulate, unless the folder already holds this very run."""
    from stillwatch.simulate import simulate

    wanted = {"version": __version__, "exchanges": exchanges, "seed": seed}
    stamp = out / _STAMP
    if _read(stamp) == wanted:
        return
    if out.exists() and not stamp.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = f"--out must be an empty or new folder, or one of an earlier demo; {out} holds other files"
        raise InvalidInput(msg)
    stamp.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    stamp.write_text("{}", encoding="utf-8")
    with progress() as report:
        simulate(out, exchanges=exchanges, seed=seed, on_progress=report)
    stamp.write_text(json.dumps(wanted), encoding="utf-8")


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
