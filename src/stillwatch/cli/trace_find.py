"""``stillwatch trace text`` and ``dataset``: whose marks are in it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    from stillwatch.model.mark_reader import MarkReader
    from stillwatch.model.trace_report import Input, Suspect, TraceReport
    from stillwatch.trace.home import TraceHome
    from stillwatch.trace.keys.key import MarkKey
    from stillwatch.trace.leak.records import Tally
    from stillwatch.trace.leak.search import Search

__all__ = ["Alpha", "OutAt", "TextField", "TokenizerAt", "check_out", "dataset", "inputs_of", "text", "write_report"]

_MOST_BYTES = 1 << 20

TokenizerAt = Annotated[Path, typer.Option("--tokenizer", help="The model's tokenizer.json.")]
OutAt = Annotated[
    Path | None, typer.Option("--out", help="Folder for the page, the JSON, the bundle and what could not be read.")
]
Alpha = Annotated[float, typer.Option(min=1e-12, max=0.1, help="Probability of any false accusation in this report.")]
TextField = Annotated[str | None, typer.Option(help="Field or column with the texts.", show_default="the usual names")]
Engine = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ENGINE=FILE",
        help="Look for an engine's own mark too: vllm, sglang or transformers, and the JSON it was started with.",
    ),
]
LogMatchAt = Annotated[
    Path | None, typer.Option("--log-match", help="What `served match` wrote: told apart from the tests.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 when a record could not be read.")]


def text(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text, or - for standard input.")],
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    tokenizer: TokenizerAt,
    engine: Engine = None,
    out: OutAt = None,
    alpha: Alpha = 1e-3,
    as_json: AsJson = False,
) -> None:
    """Find the marks in one text: which account it was generated for."""
    from stillwatch.model.trace_report import Suspect as Kind

    asked = _Asked(keys_at, epoch, tokenizer, out, alpha, engines=engine or ())
    _find([file], asked, Kind.TEXT, as_json=as_json, strict=False)


def dataset(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Parquet, JSON lines or text; folders too.")],
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    tokenizer: TokenizerAt,
    out: OutAt = None,
    alpha: Alpha = 1e-3,
    text_field: TextField = None,
    engine: Engine = None,
    log_match: LogMatchAt = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Find the marks in a data set: which accounts took what is in it."""
    from stillwatch.model.trace_report import Suspect as Kind

    asked = _Asked(keys_at, epoch, tokenizer, out, alpha, text_field, engine or (), log_match)
    _find(files, asked, Kind.DATASET, as_json=as_json, strict=strict)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What both commands ask for."""

    keys_at: Path
    epoch: str
    tokenizer: Path
    out: Path | None
    alpha: float
    text_field: str | None = None
    engines: Sequence[str] = ()
    log_match: Path | None = None


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
    apart, since = tuple(_apart(asked.log_match)), home.committed_at(home.epoch(asked.epoch))
    about = About(kind, subject, asked.alpha, now(), __version__, inputs, keys, apart, since)
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
    readers = tuple(_readers(asked.engines))
    search = Wanted(home.table(epoch), tokenizer, epoch.tokenizer, campaigns, readers)
    return search, tuple(home.account_keys(epoch))


def _readers(engines: "Sequence[str]") -> "Iterator[MarkReader]":
    from stillwatch.trace.readers.settings import reader_for

    for told in engines:
        engine, _, path = told.partition("=")
        if not path:
            message = f"--engine must be ENGINE=FILE, got {told!r}"
            raise InvalidInput(message)
        yield reader_for(engine, _settings(Path(path)))


def _settings(path: Path) -> dict[str, object]:
    """An engine's JSON; its keys are whole numbers of 64 bits, which the exchange's own JSON does not hold.

    Raises  UnreadableSource when it is none; the message holds nothing of it.
    """
    from stillwatch.errors import UnreadableSource

    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError) as wrong:
        message = f"cannot read the settings {path}: {type(wrong).__name__}"
        raise UnreadableSource(message) from wrong
    if not isinstance(found, dict):
        message = f"the settings {path} must be a JSON object"
        raise UnreadableSource(message)
    return found


def _apart(path: Path | None) -> "Iterator[str]":
    """Sentences of a join with served outputs."""
    from stillwatch.errors import UnreadableSource
    from stillwatch.trace.served.result import LogMatch

    if path is None:
        return
    try:
        found = LogMatch.from_json(path.read_bytes())
    except OSError as wrong:
        message = f"cannot read {path}: {wrong.strerror or type(wrong).__name__}"
        raise UnreadableSource(message) from wrong
    told = f"{found.n_found:,} of {found.n_records:,} records hold phrases of one served answer"
    yield f"{told}; of {found.n_background:,} texts of the background {found.n_background_found:,} do."
    for one in found.accounts[:5]:
        yield f"Log match: account {one.name}, {one.n_records:,} records, {one.n_alone:,} of them nobody else's."
    yield "Log matches and marks rest on the same records: never multiply them."


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
