"""All sources read once: accepted exchanges stream out, everything else is counted and kept with its reason."""

import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import numpy as np
import pyarrow as pa

from stillwatch.errors import MissingData, UnknownFormat, UnreadableSource
from stillwatch.ingest.accounts import AccountsReader, AccountTable, looks_like_accounts
from stillwatch.ingest.batches import Batcher
from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.dedupe import SeenIds
from stillwatch.ingest.intake import Intake
from stillwatch.ingest.mapped import MappedReader
from stillwatch.ingest.mapping import Mapping
from stillwatch.ingest.options import Content, Limits
from stillwatch.ingest.progress import Progress
from stillwatch.ingest.quarantine import Quarantine
from stillwatch.ingest.registry import recognise
from stillwatch.ingest.sources import File, expand, source_of
from stillwatch.ingest.streams import Damage
from stillwatch.ingest.validate import Validator
from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.findings import Tally
from stillwatch.model.reader import Reader, Source

__all__ = ["Options", "Run"]

ID_COLUMNS = ("account_id", "organisation_id", "end_user_id", "session_id", "conversation_id")
UNKNOWN = "unknown"
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What `ingest` was asked for; see there."""

    accounts: Sequence[str | Path] = ()
    mapping: Mapping | None = None
    content: Content = Content.FULL
    salt: bytes | None = None
    limits: Limits = field(default_factory=Limits)
    on_progress: Callable[[int, int], None] | None = None


class Run:
    """One pass over all sources. Temporary files live as long as the object."""

    def __init__(self, paths: Sequence[str | Path], options: Options) -> None:
        limits = options.limits
        spool = tempfile.mkdtemp(prefix="stillwatch-")
        self._clean = weakref.finalize(self, rmtree, spool, ignore_errors=True)
        self._options = options
        self._accounts_files = expand(options.accounts, Path(spool)) if options.accounts else []
        self._files = expand(paths, Path(spool))
        self._exchanges = Validator(EXCHANGE, limits)
        self._accounts = Validator(ACCOUNT, limits)
        self._concealer = Concealer(options.salt)
        self._mapped = None if options.mapping is None else MappedReader(options.mapping, self._concealer)
        self._seen = SeenIds()
        self._counts = {"kept": 0, "duplicate": 0, "sources": 0, "recognised": 0, "accounts": 0}
        self._formats: Counter[str] = Counter()
        self._unread: list[str] = []
        self.quarantine = Quarantine(Path(spool) / "quarantine.arrow", limits.quarantine_rows)
        self.account_table = AccountTable(self._concealer)
        total = sum(file.size_bytes for file in (*self._accounts_files, *self._files))
        self._progress = Progress(total, options.on_progress)

    def tally(self) -> Tally:
        """What became of the rows read so far."""
        return Tally(
            rows_read=self._formats.total(),
            rows_kept=self._counts["kept"],
            rows_quarantined=len(self.quarantine),
            rows_duplicate=self._counts["duplicate"],
            n_sources=self._counts["sources"],
            formats={name: n for name, n in self._formats.items() if n},
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read everything; see `Ingest.batches`."""
        batcher = Batcher(self._options.limits.batch_rows, self._options.limits.batch_bytes)
        for file in self._accounts_files:
            self._read_named_accounts(file)
        for file in self._files:
            for batch in self._of_file(file):
                yield from batcher.add(batch)
                self._progress.tell()
            self._progress.finish(file.size_bytes)
        yield from batcher.flush()
        self._check_anything_was_read()

    def _read_named_accounts(self, file: File) -> None:
        source = source_of(file, self._progress.at)
        if not AccountsReader().recognises(source):
            message = f"{file.name} is no table of accounts: Parquet, NDJSON or CSV with a column account_id is needed"
            raise UnknownFormat(message)
        n_before = len(self.quarantine)
        if not self._read_accounts(source) and len(self.quarantine) > n_before:
            reason = self.quarantine.table()["reason"][n_before].as_py()
            message = f"no account could be read from {file.name}: {reason}"
            raise UnreadableSource(message)
        self._progress.finish(file.size_bytes)

    def _of_file(self, file: File) -> Iterator[pa.RecordBatch]:
        source = source_of(file, self._progress.at)
        reader = self._reader(source)
        if reader is not None:
            self._counts["sources"] += 1
            self._counts["recognised"] += 1
            yield from self._exchanges_of(source, reader)
        elif source.head and looks_like_accounts(source):
            self._read_accounts(source)
        else:
            self._counts["sources"] += 1
            self._put_aside(source)

    def _reader(self, source: Source) -> Reader | None:
        """The mapping goes first: who gives one knows the files."""
        if not source.head:
            return None
        if self._mapped is not None and self._mapped.recognises(source):
            return self._mapped
        return None if looks_like_accounts(source) else recognise(source)

    def _exchanges_of(self, source: Source, reader: Reader) -> Iterator[pa.RecordBatch]:
        intake = Intake(source, reader, self._exchanges, self.quarantine)
        for batch in intake.batches():
            yield self._kept(batch)
        self._formats[reader.name] += intake.n_read

    def _kept(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Without duplicates, secrets and the texts that are not wanted."""
        is_new = self._seen.add(batch.column(0))
        n_new = int(np.count_nonzero(is_new))
        self._counts["kept"] += n_new
        self._counts["duplicate"] += batch.num_rows - n_new
        if n_new < batch.num_rows:
            batch = batch.filter(pa.array(is_new))
        return self._concealer.texts(self._concealer.columns(batch, ID_COLUMNS), self._options.content)

    def _read_accounts(self, source: Source) -> int:
        """Count only what is put aside, as accounts are no exchanges and the sums must add up; give rows accepted."""
        before, n_read = len(self.quarantine), 0
        for batch in Intake(source, AccountsReader(), self._accounts, self.quarantine).batches():
            self.account_table.add(batch)
            n_read += batch.num_rows
        self._counts["accounts"] += 1
        self._formats[AccountsReader.name] += len(self.quarantine) - before
        return n_read

    def _put_aside(self, source: Source) -> None:
        """A file nobody can read is one quarantined row."""
        self._formats[UNKNOWN] += 1
        offset, reason = 0, "unknown format"
        if not source.head:
            offset, reason = _why_nothing(source)
        elif self._mapped is not None:
            reason = f"unknown format, and {self._mapped.why_not(source)}"
        self._unread.append(f"{source.name} ({reason})")
        self.quarantine.add(source.name, offset, "byte", reason=reason)

    def _check_anything_was_read(self) -> None:
        if self._counts["recognised"]:
            return
        if self._unread:
            more = len(self._unread) - MOST_NAMED
            named = ", ".join(self._unread[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
            message = f"no log is of a known format: {named}; a mapping can say where its columns are"
            raise UnknownFormat(message)
        message = f"no logs among {len(self._files):,} files, only tables of accounts"
        raise MissingData(message)


def _why_nothing(source: Source) -> tuple[int, str]:
    """Offset and reason of a file without content."""
    try:
        with source.open() as stream:
            stream.read(1)
    except Damage as damage:
        return damage.offset, damage.reason
    return 0, "file is empty"
