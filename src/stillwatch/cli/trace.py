"""``stillwatch trace``: marks in texts and data sets, students, canaries, and the keys behind them."""

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.trace_canary import canary
from stillwatch.cli.trace_find import dataset, text
from stillwatch.cli.trace_keys import keys
from stillwatch.cli.trace_served import served
from stillwatch.cli.trace_student import student

__all__ = ["trace"]

trace = typer.Typer(help="Prove where outputs went: texts, data sets, models, with keys.", no_args_is_help=True)
trace.command()(text)
trace.command()(dataset)
trace.command()(student)
trace.add_typer(canary, name="canary")
trace.add_typer(served, name="served")
trace.add_typer(keys, name="keys")


@trace.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Bundle to check.")],
    key_id: Annotated[
        str | None, typer.Option("--key-id", help="Name of the key that must have signed, from somewhere else.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a report's bundle offline; a failure names the file in it that does not hold."""
    import json

    from stillwatch.report.traced.bundle import read_trace_bundle, verify_trace_bundle

    found = verify_trace_bundle(read_trace_bundle(file), key_id)
    if as_json:
        typer.echo(json.dumps(found | {"key_was_given": key_id is not None}))
        return
    typer.echo("good: nothing was changed since it was signed")
    for what, value in found.items():
        typer.echo(f"  {what:<10}{value}")
    if key_id is None:
        typer.echo("who signed was not checked: give the name of the key with --key-id")
