"""``stillwatch trace served``: leaks without any mark, by phrases of what was served."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.progress import progress
from stillwatch.cli.trace_find import Alpha, TextField
from stillwatch.cli.trace_keys import EpochName, KeysAt
from stillwatch.errors import InvalidInput, UnreadableSource

if TYPE_CHECKING:
    from stillwatch.trace.served.result import LogMatch

__all__ = ["served"]

served = typer.Typer(help="Find what was served in a data set, by keyed phrases and no mark.", no_args_is_help=True)


@served.command()
def index(
    logs: Annotated[
        list[str], typer.Argument(metavar="LOGS...", help="Logs of what was served, as `scan` reads them.")
    ],
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write; there must be none.")],
    mapping: Annotated[Path | None, typer.Option(help="TOML that says which column is which.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an index of served outputs: keyed hashes of phrases, no text."""
    import json

    from stillwatch.ingest import ingest
    from stillwatch.trace.home import TraceHome
    from stillwatch.trace.served.index import ServedIndex
    from stillwatch.trace.served.saved import save

    if out.exists():
        message = f"--out must be a new file, {out} exists"
        raise InvalidInput(message)
    home = TraceHome(keys_at)
    secret = home.index_secret(home.epoch(epoch).name)
    with progress() as report:
        reading = ingest(logs, mapping=mapping, on_progress=lambda done, size: report("read", done, size))
        parts = [ServedIndex.of(batch, secret) for batch in reading.batches()]
    if not parts:
        message = "the logs hold no exchange"
        raise InvalidInput(message)
    found = parts[0].merge(*parts[1:])
    save(found, out)
    tally = reading.tally
    told = {"out": str(out), "exchanges": found.n_exchanges, "rows_read": tally.rows_read, "sign": found.sign}
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{out}: {found.n_exchanges:,} exchanges with an answer, of {tally.rows_read:,} rows read")
    typer.echo("keep it apart from the folder of keys: with both, guesses at texts could be checked")


@served.command()
def match(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="The suspect: Parquet, JSON lines or text.")],
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    index_at: Annotated[Path, typer.Option("--index", help="What `index` wrote.")],
    background: Annotated[
        list[str] | None,
        typer.Option(
            help="Texts of the suspect's kind that cannot come from the answers; without, no account has a p."
        ),
    ] = None,
    text_field: TextField = None,
    alpha: Alpha = 1e-3,
    out: Annotated[Path | None, typer.Option("--out", help="JSON file, for `dataset --log-match`.")] = None,
    as_json: AsJson = False,
) -> None:
    """Join a data set with what was served: which records, whose answers. Evidence apart from any mark."""
    from stillwatch.trace.home import TraceHome
    from stillwatch.trace.served.match import MatchOptions, log_match
    from stillwatch.trace.served.saved import load

    home = TraceHome(keys_at)
    secret = home.index_secret(home.epoch(epoch).name)
    texts = _texts(files, text_field), _texts(background or [], text_field)
    found = log_match(load(index_at), secret, *texts, MatchOptions(alpha=alpha))
    told = found.to_json()
    if out is not None:
        _write(out, told)
    if as_json:
        typer.echo(told.decode())
        return
    for line in lines(found):
        typer.echo(line)


def _texts(named: list[str], text_field: str | None) -> Iterator[tuple[str, str]]:
    from tempfile import TemporaryDirectory

    from stillwatch.ingest.sources import expand
    from stillwatch.trace.leak.records import Tally, records_of

    if named:
        with TemporaryDirectory() as spool:
            yield from records_of(expand(named, Path(spool)), Tally(), text_field)


def _write(out: Path, data: bytes) -> None:
    try:
        out.write_bytes(data)
    except OSError as wrong:
        message = f"cannot write {out}: {wrong.strerror or type(wrong).__name__}"
        raise UnreadableSource(message) from wrong


def lines(found: "LogMatch") -> Iterator[str]:
    """The result in lines, the answer first."""
    from math import exp

    from stillwatch.report.visible import visible

    yield f"{found.n_found:,} of {found.n_records:,} records hold phrases of one served answer (alpha {found.alpha:g})"
    yield f"  of {found.n_background:,} texts of the background {found.n_background_found:,} do, by chance"
    for one in found.accounts[:10]:
        p = (
            f"p {exp(one.log_p_adjusted):.2g}"
            if one.log_p_adjusted > -700
            else f"p 1e{one.log_p_adjusted / 2.302585:.0f}"
        )
        yield visible(f"  account {one.name}: {one.n_records:,} records, {one.n_alone:,} of them nobody else's, {p}")
    yield "apart from any mark: the two rest on the same records and are never multiplied"
    for limit in found.limits:
        yield f"- {limit}"
