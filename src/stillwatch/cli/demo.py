"""``stillwatch demo``: simulate a small provider, scan it, and compare with what was planted."""

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from stillwatch import __version__
from stillwatch.cli.options import AsJson, Seed
from stillwatch.cli.progress import progress
from stillwatch.cli.scan import conclude

__all__ = ["demo"]


def demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder for logs and findings.")] = Path("demo"),
    exchanges: Annotated[int, typer.Option(min=1000, help="About how many exchanges.")] = 60_000,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """Simulate a small provider with campaigns in its traffic, scan it, and show what was planted and found."""
    from rich.console import Console

    from stillwatch.bench.score import score
    from stillwatch.report import REPORT, check_folder, print_report
    from stillwatch.scan import scan

    _prepare(out, exchanges, seed)
    findings_folder = out / "findings"
    check_folder(findings_folder)
    with progress() as report:
        findings = scan([str(out)], on_progress=report)
    conclude(findings, findings_folder, as_json=as_json, name_report=False)
    if as_json:
        return
    typer.echo("\nPlanted and found. The traffic is simulated: this shows how it works, not how well on yours.")
    typer.echo(score(out).to_text())
    print_report(findings, findings_folder / REPORT, Console(highlight=False))
    typer.echo("then: stillwatch scan YOUR-LOGS")
    typer.echo(f"look: stillwatch console {findings_folder} --logs {out / 'logs'}")


def _prepare(out: Path, exchanges: int, seed: int) -> None:
    """Simulate, unless the folder already holds this very run; an earlier run makes room."""
    from stillwatch.simulate import MARKER, simulate

    wanted = {"version": __version__, "exchanges": exchanges, "seed": seed}
    found = _manifest(out)
    if {name: found.get(name) for name in wanted} == wanted:
        return
    if (out / "truth" / MARKER).exists():
        _clear(out)
    with progress() as report:
        simulate(out, exchanges=exchanges, seed=seed, on_progress=report)


def _manifest(out: Path) -> dict[str, object]:
    """What a finished run says of itself; empty when there is none."""
    try:
        content = json.loads((out / "truth" / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _clear(out: Path) -> None:
    """Remove an earlier run and its findings, and nothing else that may lie there."""
    for folder in ("logs", "truth", "findings"):
        shutil.rmtree(out / folder, ignore_errors=True)
    (out / "accounts.parquet").unlink(missing_ok=True)
