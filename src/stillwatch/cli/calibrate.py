"""``stillwatch calibrate``: learn what legitimate looks like from one's own verified traffic."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.progress import progress

if TYPE_CHECKING:
    from stillwatch.detect.reference import ReferenceFile

__all__ = ["calibrate"]


Lag = Annotated[
    float, typer.Option(help="Learn nothing from exchanges younger than this, counted from the newest one.")
]
Level = Annotated[int, typer.Option(help="Learn from accounts verified to this level or above, 0 to 2.")]
Exclude = Annotated[
    list[Path] | None,
    typer.Option(help="Folder of findings whose harvest and unclear campaigns are left out; may be repeated."),
]
Sanctioned = Annotated[
    Path | None, typer.Option(help="File with the ids of accounts to leave out, such as sanctioned ones, one a line.")
]
Vouched = Annotated[
    Path | None,
    typer.Option(help="File with ids of accounts or organisations that a person knows to be legitimate, one a line."),
]
Base = Annotated[
    Path | None,
    typer.Option(
        help="Reference that disputes families and lends units where yours are few.",
        show_default="the default reference",
    ),
]
Enough = Annotated[int, typer.Option(min=1, help="Own units of a size class from which on none of the base are added.")]


def calibrate(
    logs: Annotated[list[str], typer.Argument(metavar="LOGS...", help="Files, folders or globs; - is standard input.")],
    *,
    out: Annotated[Path, typer.Option(help="File to write, Parquet.")],
    accounts: Annotated[Path | None, typer.Option(help="Table of accounts: CSV, JSONL or Parquet.")] = None,
    lag_days: Lag = 30.0,
    min_verified_level: Level = 2,
    min_age_days: Annotated[float, typer.Option(help="Learn from accounts opened so many days before.")] = 90.0,
    exclude: Exclude = None,
    exclude_accounts: Sanctioned = None,
    vouched: Vouched = None,
    base: Base = None,
    enough_units: Enough = 1000,
    mapping: Annotated[Path | None, typer.Option(help="TOML that says which column is which.")] = None,
    memory: Annotated[str, typer.Option(help="Limit for sorting and grouping; the rest goes to disk.")] = "4GB",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="every core")] = None,
    as_json: AsJson = False,
) -> None:
    """Learn legitimate families and backgrounds from your own verified, time-lagged traffic, and set the bars."""
    from stillwatch.calibrate import Rules
    from stillwatch.calibrate import calibrate as learn

    rules = Rules(
        lag_days=lag_days,
        min_verified_level=min_verified_level,
        min_age_days=min_age_days,
        enough_units=enough_units,
        exclude=tuple(exclude or ()),
        exclude_accounts=exclude_accounts,
        vouched=vouched,
    )
    with progress() as report:
        made = learn(
            logs,
            out,
            accounts=accounts,
            mapping=mapping,
            rules=rules,
            base=base,
            memory=memory,
            threads=threads,
            on_progress=report,
        )
    typer.echo(_json(made, out) if as_json else _text(made, out))


def _json(made: "ReferenceFile", out: Path) -> str:
    import orjson

    calibration = None if made.calibration is None else asdict(made.calibration)
    owners = None if made.backgrounds is None else {k: made.backgrounds.n_owners(k) for k in made.backgrounds.keys}
    told = {
        "out": str(out),
        "name": made.name,
        "bar_bits": made.bar_bits,
        "bars": [asdict(bar) for bar in made.bars],
        "calibration": calibration,
        "background_owners": owners,
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()


def _text(made: "ReferenceFile", out: Path) -> str:
    from stillwatch.report.calibrated import bar_sentence

    lines = [made.name]
    if made.calibration is not None:
        for what in ("exchanges", "families"):
            counts = getattr(made.calibration, what)
            whole, *parts = counts.items()
            left = " + ".join(f"{n:,} {name}" for name, n in parts)
            lines.append(f"{what}: {whole[1]:,} {whole[0]} = {left}")
        if not made.calibration.n_own:
            lines.append("no family of your own could be used: the bars are those of simulated traffic")
    lines += [bar_sentence(bar) for bar in made.bars]
    lines += [f"written to {out}", f"next: stillwatch scan LOGS --reference {out}"]
    return "\n".join(lines)
