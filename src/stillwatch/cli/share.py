"""``stillwatch share``: what may cross to other members."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.errors import InvalidInput, UnreadableSource

if TYPE_CHECKING:
    from stillwatch.share.guard.check import Refusal

__all__ = ["share"]

share = typer.Typer(help="What may cross to other members, and what may not.", no_args_is_help=True)


@share.command("lint")
def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSON: bundles, objects, messages.")],
    as_json: AsJson = False,
) -> None:
    """Say of every file whether it may cross, and if not, every reason at once. What was refused is not repeated.

    Exits with 2 if any file may not cross, with 4 if one cannot be read.
    """
    import json

    from stillwatch.share.guard.table import schema_hash

    found = {str(file): _refusals(file) for file in files}
    refused = sum(bool(refusals) for refusals in found.values())
    if as_json:
        told = [
            {
                "file": file,
                "refusals": [{"path": r.path, "rule": r.rule, "explanation": r.explanation} for r in refusals],
            }
            for file, refusals in found.items()
        ]
        typer.echo(json.dumps({"schema": schema_hash(), "files": told}, indent=2))
    else:
        for file, refusals in found.items():
            typer.echo(f"{file}: {'may cross' if not refusals else f'{len(refusals)} reasons why it may not cross'}")
            for refusal in refusals:
                typer.echo(f"  {refusal.path or '/'}: {refusal.explanation} ({refusal.rule})")
    if refused:
        msg = f"{refused} of {len(files)} files may not cross; the table: stillwatch share table"
        raise InvalidInput(msg)


@share.command("table")
def table(as_json: AsJson = False) -> None:
    """Print the closed table of what may cross: every field, its kind of value, its limits, and why."""
    import json

    from stillwatch.share.guard.show import SECTIONS, limits_of, shown_path
    from stillwatch.share.guard.table import TABLE, schema_hash

    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "field": shown_path(row),
                "value": row.kind.value,
                "limits": limits_of(row),
                "required": row.required,
                "why": row.why,
            }
            for row in TABLE
        ]
        sections = {name: dict(lines) for name, lines in SECTIONS.items()}
        typer.echo(json.dumps({"schema": schema_hash(), "rows": rows, **sections}, indent=2))
        return
    typer.echo(f"schema {schema_hash()}")
    for row in TABLE:
        typer.echo(
            "\t".join((shown_path(row), row.kind.value, limits_of(row), "" if row.required else "optional", row.why))
        )
    for name, lines in SECTIONS.items():
        typer.echo(f"\n{name}")
        for line in lines:
            typer.echo("\t".join(line))


def _refusals(file: Path) -> "list[Refusal]":
    from stillwatch.share.guard.check import Refusal, check
    from stillwatch.share.guard.limits import BYTES_MOST, read_json

    try:
        with file.open("rb") as opened:
            raw = opened.read(BYTES_MOST + 1)
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise UnreadableSource(msg) from error
    try:
        document = read_json(raw)
    except InvalidInput as wrong:
        return [Refusal("", "limit", str(wrong))]
    return check(document)
