"""``stillwatch bench``: the scoreboard, us against what others would use, on simulated traffic."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson, Corpora
from stillwatch.cli.progress import progress
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from stillwatch.bench.scoreboard.expectations import Expectation
    from stillwatch.bench.scoreboard.results import Board

__all__ = ["bench"]

_FAILED = 1


_Scale = Annotated[str, typer.Option(help="Share of a large provider's traffic, 1/1000 to 1, as 1/20 or 0.05.")]
_Seeds = Annotated[
    str, typer.Option(help="Seeds: a range, a list, or how many to take from 100 on; 7-7 is the seed 7.")
]
_Generator = Annotated[str, typer.Option(help="Who writes the attacks: second (testing only) or first (development).")]
_Only = Annotated[
    str | None,
    typer.Option(
        help="Parts to run, separated by commas: campaigns, evasions, innocents, dose, leak, baselines, scenarios, "
        "names of baselines.",
        show_default="all",
    ),
]
_Baselines = Annotated[
    bool | None, typer.Option("--baselines/--no-baselines", help="Hold baselines against, whatever --only says.")
]
_Out = Annotated[Path, typer.Option(help="Folder for scoreboard.html and scoreboard.json.")]
_Reference = Annotated[
    Path | None, typer.Option(help="Legitimate families to judge against.", show_default="the default reference")
]
_Work = Annotated[Path | None, typer.Option(help="Folder for the simulated traffic.", show_default="a temporary one")]
_Keep = Annotated[
    bool, typer.Option("--keep", help="Keep the traffic in --work, and use it again when it is the same.")
]
_Picture = Annotated[Path | None, typer.Option(help="Also write the README's picture, SVG.", show_default="none")]
_Markdown = Annotated[bool, typer.Option("--markdown", help="Print the README's table and nothing else.")]
_Expect = Annotated[
    Path | None, typer.Option(help="Compare with an expectation; worse beyond noise is an error.", show_default="none")
]
_Save = Annotated[
    Path | None, typer.Option(help="Write what this run measured as an expectation.", show_default="none")
]


def bench(
    *,
    scale: _Scale = "1/20",
    seeds: _Seeds = "100-104",
    generator: _Generator = "second",
    only: _Only = None,
    baselines: _Baselines = None,
    out: _Out = Path("bench"),
    corpora: Corpora = None,
    reference: _Reference = None,
    work: _Work = None,
    keep: _Keep = False,
    picture: _Picture = None,
    markdown: _Markdown = False,
    expect: _Expect = None,
    save_expectation: _Save = None,
    as_json: AsJson = False,
) -> None:
    """Plant campaigns in simulated traffic and score the detector and the baselines on it: one page, one JSON."""
    from stillwatch.bench.scoreboard.expectations import check_seeds
    from stillwatch.bench.scoreboard.plan import make_plan, parse_scale, parse_seeds
    from stillwatch.bench.scoreboard.run import run_scoreboard
    from stillwatch.bench.scoreboard.write import check_out, write_board

    if keep and work is None:
        msg = "--keep needs --work DIR: a temporary folder is not kept"
        raise InvalidInput(msg)
    plan = make_plan(
        seeds=parse_seeds(seeds),
        scale=parse_scale(scale),
        generator=generator,
        only=[name.strip() for name in (only or "").split(",") if name.strip()],
        baselines=baselines,
        corpora=corpora,
        reference=reference,
        work=work,
        keep=keep,
    )
    check_out(out)
    if save_expectation is not None:
        check_seeds(plan.seeds)
    expected = _expected(expect)
    with progress() as report:
        board = run_scoreboard(plan, report)
    page = write_board(board, out, picture)
    if as_json:
        typer.echo(board.to_json(), nl=False)
    else:
        _tell(board, page, markdown)
    regressed = _compare(board, expected, save_expectation)
    for failure in board.failures:
        typer.echo(f"failed: {failure.step}: {failure.message}", err=True)
    if board.failures or regressed:
        raise typer.Exit(_FAILED)


def _expected(path: Path | None) -> "Expectation | None":
    """Read early: a missing file should not be noticed after the run."""
    from stillwatch.bench.scoreboard.expectations import Expectation

    return None if path is None else Expectation.load(path)


def _compare(board: "Board", expected: "Expectation | None", save: Path | None) -> bool:
    """Write or hold against an expectation; True when something is worse beyond noise."""
    from stillwatch.bench.scoreboard.expectations import Expectation

    if save is not None:
        Expectation.of(board).save(save)
        typer.echo(f"expectation: {save}", err=True)
    if expected is None:
        return False
    worse = expected.regressions(board)
    for regression in worse:
        typer.echo(f"regression: {regression}", err=True)
    if not worse:
        typer.echo(f"no regression: {len(expected.measures)} measures within noise", err=True)
    return bool(worse)


def _tell(board: "Board", page: Path, markdown: bool) -> None:
    from stillwatch.bench.scoreboard.tables import markdown as table

    if board.headlines:
        typer.echo(table(board))
    if not markdown:
        typer.echo(f"page: {page}")
        typer.echo(f"next: open {page}; every number is in {page.with_name('scoreboard.json')}")
