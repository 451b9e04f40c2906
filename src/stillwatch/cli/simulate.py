"""``stillwatch simulate``: traffic with known campaigns in it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.options import AsJson, Corpora, Seed
from stillwatch.cli.progress import progress
from stillwatch.errors import InvalidInput

__all__ = ["simulate"]

_EXCHANGES = 100_000


def simulate(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the logs, the accounts and the truth.")],
    exchanges: Annotated[
        int | None, typer.Option(min=1000, help="How many exchanges.", show_default="100000 without --scale")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(
            help="Part of the full size instead, 1/1000 to 1, as 1/20 or 0.05; 1/20 is 3.2 million exchanges."
        ),
    ] = None,
    seed: Seed = 7,
    days: Annotated[float, typer.Option(min=1, help="Days the traffic covers.")] = 14,
    campaigns: Annotated[
        str | None,
        typer.Option(
            help="Campaigns to plant, separated by commas; 'all', 'evasions' or 'none' for all, eight or none of them.",
            show_default="five; with --scale all",
        ),
    ] = None,
    campaign: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND[:KEY=VALUE,...]",
            help="A campaign to plant with its options; may be given again. Keys: accounts, per_account, cover, "
            "policy, payment_group, lifetime_days, pivot_day.",
        ),
    ] = None,
    corpora: Corpora = None,
    as_json: AsJson = False,
) -> None:
    """Write simulated API logs with known campaigns in them, to try stillwatch on."""
    from stillwatch.simulate import simulate as make

    with progress() as report:
        made = make(
            out,
            exchanges=_EXCHANGES if exchanges is None and scale is None else exchanges,
            scale=None if scale is None else part_of_one(scale),
            seed=seed,
            days=days,
            campaigns=planted(campaigns, campaign),
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


def part_of_one(text: str) -> float:
    """A number as people write parts: ``1/20`` or ``0.05``.

    Raises    InvalidInput for anything else.

    >>> part_of_one("1/20"), part_of_one("0.5")
    (0.05, 0.5)
    """
    over, slash, under = text.partition("/")
    try:
        value = float(over) / (float(under) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        message = f"scale must be a number or a fraction such as 1/20, got {text!r}"
        raise InvalidInput(message) from None
    return value


def planted(names: str | None, specs: list[str] | None = None) -> tuple[str, ...] | None:
    """What to plant, from the command line; None leaves it to the run.

    >>> planted("slow-drip, camouflage"), planted("none"), planted(None), planted(None, ["small-ring:accounts=12"])
    (('slow-drip', 'camouflage'), (), None, ('small-ring:accounts=12',))
    """
    from stillwatch.simulate import CAMPAIGNS, EVASIONS

    if names is None:
        return None if not specs else tuple(specs)
    groups = {"none": (), "all": tuple(campaign.name for campaign in CAMPAIGNS), "evasions": EVASIONS}
    found = tuple(name.strip() for name in names.split(",") if name.strip())
    return (*(kind for name in found for kind in groups.get(name, (name,))), *(specs or ()))
