"""``stillwatch trace text`` and ``dataset``: whose marks are in it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.progress import progress
from stillwatch.cli.service_home import now
from stillwatch.cli.trace_keys import EpochName, KeysAt
from stillwatch.errors import InvalidInput, QuarantinedRows

if TYPE_CHECKING:
    from stillwatch.ingest.sources import File
    from stillwatch.model.trace_report import Input, Suspect, TraceReport
    from stillwatch.trace.home import TraceHome
    from stillwatch.trace.keys.key import MarkKey
    from stillwatch.trace.leak.records import Tally
    from stillwatch.trace.leak.search import Search

__all__ = ["Alpha", "OutAt", "TokenizerAt", "check_out", "dataset", "inputs_of", "text", "write_report"]

TokenizerAt = Annotated[Path, typer.Option("--tokenizer", help="The model's tokenizer.json.")]
OutAt = Annotated[
    Path | None, typer.Option("--out", help="Folder for the page, the JSON, the bundle and what could not be read.")
]
Alpha = Annotated[float, typer.Option(min=1e-12, max=0.1, help="Probability of any false accusation in this report.")]
TextField = Annotated[str | None, typer.Option(help="Field or column with the texts.", show_default="the usual names")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 when a record could not be read.")]


def text(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text, or - for standard input.")],
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    tokenizer: TokenizerAt,
    out: OutAt = None,
    alpha: Alpha = 1e-3,
    as_json: AsJson = False,
) -> None:
    """Find the marks in one text: which account it was generated for."""
    from stillwatch.model.trace_report import Suspect as Kind

    _find([file], _Asked(keys_at, epoch, tokenizer, out, alpha, None), Kind.TEXT, as_json=as_json, strict=False)


def dataset(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Parquet, JSON lines or text; folders too.")],
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    tokenizer: TokenizerAt,
    out: OutAt = None,
    alpha: Alpha = 1e-3,
    text_field: TextField = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Find the marks in a data set: which accounts took what is in it."""
    from stillwatch.model.trace_report import Suspect as Kind

    asked = _Asked(keys_at, epoch, tokenizer, out, alpha, text_field)
    _find(files, asked, Kind.DATASET, as_json=as_json, strict=strict)


class _Asked:
    """What both commands ask for."""

    def __init__(
        self, keys_at: Path, epoch: str, tokenizer: Path, out: Path | None, alpha: float, text_field: str | None
    ) -> None:
        self.keys_at, self.epoch, self.tokenizer = keys_at, epoch, tokenizer
        self.out, self.alpha, self.text_field = out, alpha, text_field


def _find(named: list[str], asked: _Asked, kind: "Suspect", *, as_json: bool, strict: bool) -> None:
    from tempfile import TemporaryDirectory

    from stillwatch import __version__
    from stillwatch.ingest.sources import expand
    from stillwatch.trace.home import TraceHome as Home
    from stillwatch.trace.leak.findings import About, leak_report
    from stillwatch.trace.leak.records import Tally as Counts
    from stillwatch.trace.leak.records import records_of
    from stillwatch.trace.leak.search import find_leak

    check_out(asked.out)
    home, tally = Home(asked.keys_at), Counts()
    search, keys = _search(home, asked)
    with TemporaryDirectory() as spool, progress() as report:
        files = expand(named, Path(spool))
        size = sum(file.size_bytes for file in files)
        records = records_of(files, tally, asked.text_field, lambda done: report("records", done, size))
        leak = find_leak(records, tally, search, report)
        inputs = inputs_of(files)
    subject = named[0] if len(named) == 1 else f"{named[0]} and {len(named) - 1} more"
    about = About(kind, subject, asked.alpha, now(), __version__, inputs, keys)
    found = leak_report(leak, search.table, about)
    if asked.out is not None:
        _write_quarantine(asked.out, tally)
    write_report(found, home, asked.out, as_json=as_json)
    if strict and tally.n_quarantined:
        message = f"{tally.n_quarantined} of {tally.read} records could not be read"
        raise QuarantinedRows(message)


def _search(home: "TraceHome", asked: _Asked) -> "tuple[Search, tuple[MarkKey, ...]]":
    from stillwatch.trace.leak.search import Search as Wanted
    from stillwatch.trace.tokenizers.file import TokenizerFile

    epoch = home.epoch(asked.epoch)
    tokenizer = TokenizerFile.open(asked.tokenizer)
    campaigns = tuple(home.campaign_keys(epoch))
    search = Wanted(home.table(epoch), tokenizer, epoch.tokenizer, campaigns)
    return search, tuple(home.account_keys(epoch))


def inputs_of(files: "Iterable[File]") -> "list[Input]":
    """Files with their hashes, of the bytes as they lie on disk."""
    import hashlib

    from stillwatch.model.trace_report import Input as One

    found = []
    for file in files:
        with file.path.open("rb") as opened:
            found.append(One(file.name, hashlib.file_digest(opened, "sha256").hexdigest(), file.size_bytes))
    return found


def check_out(out: Path | None) -> None:
    """Refuse a folder that holds a report.

    Raises  InvalidInput when it does.
    """
    if out is not None and (out / "report.html").exists():
        message = f"--out must hold no report yet, {out / 'report.html'} exists"
        raise InvalidInput(message)


def _write_quarantine(out: Path, tally: "Tally") -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (out / "quarantine.jsonl").open("w", encoding="utf-8") as file:
        for one in tally.kept:
            file.write(json.dumps(one._asdict()) + "\n")


def write_report(found: "TraceReport", home: "TraceHome", out: Path | None, *, as_json: bool) -> None:
    """Print a report, and write its page, JSON and bundle when there is a folder for them."""
    from rich.console import Console

    from stillwatch.report.traced.bundle import trace_bundle
    from stillwatch.report.traced.html import to_html
    from stillwatch.report.traced.json import to_json
    from stillwatch.report.traced.terminal import print_report

    page = bundle = None
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        page, bundle = out / "report.html", out / "bundle.zip"
        page.write_text(to_html(found), encoding="utf-8")
        (out / "report.json").write_text(json.dumps(to_json(found), indent=1) + "\n", encoding="utf-8")
        bundle.write_bytes(trace_bundle(found, home.signer))
    if as_json:
        typer.echo(json.dumps(to_json(found)))
        return
    print_report(found, Console(highlight=False), page, bundle)
    if bundle is not None:
        typer.echo(f"signed with {home.signer.key_id}; tell its readers this name by another way")
