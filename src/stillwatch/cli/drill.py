"""``stillwatch drill``: a poisoning drill in a simulated forum, and what comes of it; commands for a real one."""

from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli import drill_forum
from stillwatch.cli.options import AsJson, Seed

if TYPE_CHECKING:
    from stillwatch.share.drills.table import DrillRow

__all__ = ["drill"]

_COLUMNS = ("bad members", "strategy", "planted", "believed", "until week", "true believed", "caught after")


drill = typer.Typer(
    help="Poisoning drills: in a simulated forum without a command, at a real one with one.",
    invoke_without_command=True,
)
drill_forum.add_to(drill)


@drill.callback()
def simulated(
    context: typer.Context,
    *,
    members: Annotated[int, typer.Option(min=2, max=200, help="Members of the simulated forum.")] = 20,
    weeks: Annotated[int, typer.Option(min=27, max=200, help="Weeks; bad members behave for the first 26.")] = 40,
    repeats: Annotated[int, typer.Option(min=1, max=50, help="Simulated forums for each row.")] = 2,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """Plant false campaigns in a simulated forum: how many bad members it takes until one is believed."""
    if context.invoked_subcommand is not None:
        return
    from stillwatch.share.drills.society import Rates
    from stillwatch.share.drills.table import drill_table

    rates = Rates(members=members, weeks=weeks)
    rows = drill_table(seed, rates, repeats=repeats)
    if as_json:
        typer.echo(_json(rows, rates, seed, repeats))
    else:
        _print(rows)


def _json(rows: "tuple[DrillRow, ...]", rates: object, seed: int, repeats: int) -> str:
    import orjson

    told = {"seed": seed, "repeats": repeats, "rates": rates, "rows": rows}
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()


def _print(rows: "tuple[DrillRow, ...]") -> None:
    from rich.console import Console
    from rich.table import Table

    from stillwatch.share.drills.society import Strategy
    from stillwatch.share.drills.table import first_bad_share

    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for row in rows:
        last = "-" if row.last_high is None else str(row.last_high + 1)
        caught = "most never" if row.caught_weeks is None else f"{row.caught_weeks:g} weeks"
        cells = f"{row.bad_share:.0%}", row.strategy.value, f"{row.n_planted:,}", f"{row.planted_high:.1%}", last
        table.add_row(*cells, f"{row.true_high:.0%}", caught)
    console = Console(highlight=False)
    console.print(table)
    for strategy in Strategy:
        first = first_bad_share(rows, strategy)
        told = "nothing planted was believed" if first is None else f"planted ones are believed from {first:.0%} on"
        console.print(f"{strategy.value}: {told}")
    console.print("The forum is simulated: this shows how the rules hold, not how honest your members are.")
