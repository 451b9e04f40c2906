"""Findings as pages ask for them: sorted, filtered, one campaign at a time, whatever is written meanwhile."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.console.recent import Recent
from stillwatch.errors import IncompatibleVersion, MissingData, StillwatchError, UnreadableSource
from stillwatch.model.campaign import Campaign
from stillwatch.model.findings import STREAM, Findings
from stillwatch.report.catalogue import CATALOGUE, LIGHT, catalogue_of, document_at, head_of, sought_by
from stillwatch.report.json import campaign_from_json
from stillwatch.report.write import CAMPAIGNS, CATALOGUE_FILE, read_findings

__all__ = ["ExchangePage", "Found", "Shelf", "Wanted"]

_SORTS: Final = ("bits", "n_exchanges", "n_accounts", "cost_usd", "first_seen", "last_seen", "campaign_id", "verdict")
_STREAMS_FILE: Final = "streams.parquet"
_EXCHANGES_FILE: Final = "exchanges.parquet"
_AGAIN: Final = 3
_MOST_RECENT: Final = 8
"""Campaigns that are kept as they were read: whoever looks at one goes through its pages."""
_MOST_COUNTED: Final = 1_000
_NOT_THERE: Final = (0, 0, 0)
_COUNTED: Final = """
SELECT count(*) FROM exchanges WHERE campaign_id = $campaign AND ($account IS NULL OR account_id = $account)
"""
_ACCOUNT: Final = "SELECT account_id FROM exchanges WHERE campaign_id = $campaign AND exchange_id = $exchange LIMIT 1"
_PAGED: Final = """
SELECT exchange_id, account_id FROM exchanges
WHERE campaign_id = $campaign AND ($account IS NULL OR account_id = $account) LIMIT $most OFFSET $start
"""
_Mark = tuple[tuple[int, int, int], ...]
"""Time of writing in nanoseconds, size and inode of each file that is read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which campaigns, in which order.

    verdicts    Of these only; empty for all.
    among       Ids of these only; None for all.
    words       All of them must be in what a search looks into.
    least_bits  At least so many bits.
    sort        Column; descending unless `ascending`.
    """

    verdicts: tuple[str, ...] = ()
    among: frozenset[str] | None = None
    words: str = ""
    least_bits: float | None = None
    sort: str = "bits"
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Campaigns of one page: rows of `CATALOGUE` without documents, and how many there are in all."""

    rows: list[dict[str, Any]]
    n: int


@dataclass(frozen=True, slots=True)
class ExchangePage:
    """Ids and accounts of some exchanges of a campaign, and how many there are in all."""

    rows: list[dict[str, str]]
    n: int


@dataclass(frozen=True)
class _Held:
    """Findings of one moment.

    mark        Of the files that they come from.
    light       `CATALOGUE` without documents.
    head        Findings without campaigns and tables.
    documents   Of findings that have no catalogue, else None.
    """

    mark: _Mark
    light: pa.Table
    head: Findings
    written_at: float
    places: Mapping[str, int]
    documents: pa.ChunkedArray | None
    streams_at: Mapping[str, tuple[int, int]]


class Shelf:
    """Findings of a folder, read anew when they have changed; safe under threads.

    folder  As `stillwatch.report.write_findings` leaves it; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._recent = Recent[tuple[_Mark, str], tuple[Campaign, Findings]](_MOST_RECENT)
        self._counted = Recent[tuple[_Mark, str, str | None], int](_MOST_COUNTED)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found out yet."""
        return not (self.folder / CAMPAIGNS).is_file()

    def head(self) -> Findings:
        """What is true of all campaigns: rows read, bar, reference; no campaigns and no tables.

        Raises      MissingData when there are no findings; as `read_findings`.
        """
        return self._now().head

    def written_at(self) -> float:
        """When they were written, seconds since 1970."""
        return self._now().written_at

    def table(self) -> pa.Table:
        """All campaigns: `CATALOGUE` without documents."""
        return self._now().light

    def found(self, wanted: Wanted, start: int = 0, most: int = 50) -> Found:
        """A page of campaigns."""
        table = self.sorted(wanted)
        return Found(table.slice(start, most).to_pylist(), len(table))

    def sorted(self, wanted: Wanted) -> pa.Table:
        """Campaigns that are wanted, in order."""
        table = self._now().light
        keep = _mask(table, wanted)
        table = table if keep is None else table.filter(keep)
        order = "ascending" if wanted.ascending else "descending"
        sort = wanted.sort if wanted.sort in _SORTS else "bits"
        return table.sort_by([(sort, order), ("campaign_id", "ascending")])

    def has(self, campaign_id: str) -> bool:
        """Whether the findings hold it."""
        return not self.is_empty and campaign_id in self._now().places

    def campaign(self, campaign_id: str) -> tuple[Campaign, Findings]:
        """One campaign, and findings that hold it and its streams and nothing else.

        Raises      MissingData when there is none; UnreadableSource when the files are damaged, or do not stand still.
        """
        for _ in range(_AGAIN):
            held = self._now()
            if (found := self._recent.get((held.mark, campaign_id))) is not None:
                return found
            row = held.places.get(campaign_id)
            if row is None:
                message = f"the findings hold no campaign {campaign_id[:64]}"
                raise MissingData(message)
            try:
                campaign, streams = self._document(held, row), self._streams(held, campaign_id)
            except (OSError, pa.ArrowException):
                continue
            if campaign.campaign_id == campaign_id and _mark(self.folder) == held.mark:
                whole = campaign, replace(held.head, campaigns=(campaign,), streams=streams)
                self._recent.put((held.mark, campaign_id), whole)
                return whole
        message = "the findings are being replaced: try again; if it stays so they are damaged: scan again"
        raise UnreadableSource(message)

    def exchanges(self, campaign_id: str, start: int, most: int, account: str | None = None) -> ExchangePage:
        """Ids of exchanges of a campaign, of one account if wanted, in the order of the logs.

        Raises      UnreadableSource when they cannot be read.
        """
        told = {"campaign": campaign_id, "account": account}
        page = {"start": start, "most": most}
        key = self._now().mark, campaign_id, account
        n = self._counted.get(key)
        with self._of_exchanges() as database:
            if n is None:
                n = int((database.execute(_COUNTED, told).fetchone() or (0,))[0])
                self._counted.put(key, n)
            rows = database.execute(_PAGED, told | page).fetchall()
        return ExchangePage([{"exchange_id": e, "account_id": a} for e, a in rows], n)

    def account_of(self, campaign_id: str, exchange_id: str) -> str:
        """Account of an exchange of a campaign.

        Raises      MissingData when the campaign has no such exchange; UnreadableSource when they cannot be read.
        """
        told = {"campaign": campaign_id, "exchange": exchange_id}
        with self._of_exchanges() as database:
            row = database.execute(_ACCOUNT, told).fetchone()
        if row is None:
            message = f"the campaign {campaign_id[:64]} has no exchange {exchange_id[:64]}"
            raise MissingData(message)
        return str(row[0])

    @contextmanager
    def _of_exchanges(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Exchanges of all campaigns, as the view `exchanges`."""
        try:
            with duckdb.connect() as database:
                database.read_parquet(str(self.folder / _EXCHANGES_FILE)).create_view("exchanges")
                yield database
        except duckdb.Error as error:
            message = f"the exchanges of the findings cannot be read just now ({type(error).__name__}); try again"
            raise UnreadableSource(message) from error

    def _document(self, held: _Held, row: int) -> Campaign:
        if held.documents is not None:
            return campaign_from_json(held.documents[row].as_py())
        with pq.ParquetFile(self.folder / CATALOGUE_FILE) as file:
            return document_at(file, row)

    def _streams(self, held: _Held, campaign_id: str) -> pa.Table:
        start, n = held.streams_at.get(campaign_id, (-1, 0))
        with pq.ParquetFile(self.folder / _STREAMS_FILE) as file:
            rows = _rows(file, start, n) if start >= 0 else file.read()
        return rows.filter(pc.equal(rows["campaign_id"], campaign_id)).cast(STREAM)

    def _now(self) -> _Held:
        mark = _mark(self.folder)
        held = self._held
        if held is not None and held.mark == mark:
            return held
        with self._lock:
            if self._held is None or self._held.mark != mark:
                self._held = self._read(mark)
            return self._held

    def _read(self, mark: _Mark) -> _Held:
        """What is there now; of findings that are being replaced the ones before, when there were any."""
        try:
            return _read(self.folder, mark)
        except StillwatchError:
            if self._held is None:
                raise
            return self._held


def _read(folder: Path, mark: _Mark) -> _Held:
    path, documents = folder / CATALOGUE_FILE, None
    if path.is_file():
        table, head = _light(path)
    else:
        whole = read_findings(folder)
        catalogue = catalogue_of(whole)
        table, documents, head = catalogue.select(LIGHT), catalogue["document"], head_of(catalogue.schema, str(folder))
    ids = table["campaign_id"].to_pylist()
    lengths = table["n_streams"].to_pylist()
    starts = table["streams_at"].to_pylist()
    return _Held(
        mark=mark,
        light=table,
        head=head,
        written_at=mark[0][0] / 1e9,
        places={name: row for row, name in enumerate(ids)},
        documents=documents,
        streams_at={name: (start, n) for name, start, n in zip(ids, starts, lengths, strict=True)},
    )


def _light(path: Path) -> tuple[pa.Table, Findings]:
    """A catalogue without its documents, and its head."""
    try:
        schema = pq.read_schema(path)
        head = head_of(schema, str(path))
        if not set(CATALOGUE.names) <= set(schema.names):
            message = f"{path} has other columns than this version writes; scan again"
            raise IncompatibleVersion(message)
        return pq.read_table(path, columns=LIGHT), head
    except (OSError, pa.ArrowException) as error:
        message = f"{path} cannot be read ({type(error).__name__}); scan again"
        raise UnreadableSource(message) from error


def _mark(folder: Path) -> _Mark:
    """What changes when the findings do: they are replaced file by file, so that no file speaks for the others."""
    first, *others = (_mark_of(folder / name) for name in (CAMPAIGNS, CATALOGUE_FILE, _STREAMS_FILE))
    if first == _NOT_THERE:
        message = f"{folder} holds no findings; run 'stillwatch scan' first or name another folder"
        raise MissingData(message)
    return first, *others


def _mark_of(path: Path) -> tuple[int, int, int]:
    try:
        told = path.stat()
    except OSError:
        return _NOT_THERE
    return told.st_mtime_ns, told.st_size, told.st_ino


def _mask(table: pa.Table, wanted: Wanted) -> Any:  # noqa: ANN401 - an Arrow array of booleans, or None
    masks = []
    if wanted.verdicts:
        masks.append(pc.is_in(table["verdict"], value_set=pa.array(wanted.verdicts, pa.string())))
    if wanted.among is not None:
        masks.append(pc.is_in(table["campaign_id"], value_set=pa.array(sorted(wanted.among), pa.string())))
    if wanted.least_bits is not None:
        masks.append(pc.greater_equal(table["bits"], wanted.least_bits))
    masks += [pc.match_substring(table["sought"], word) for word in sought_by(wanted.words)]
    found = None
    for mask in masks:
        found = mask if found is None else pc.and_(found, mask)
    return found


def _rows(file: pq.ParquetFile, start: int, n: int) -> pa.Table:
    """Rows of a slice, and those that are read with them."""
    groups, first = [], 0
    for group in range(file.num_row_groups):
        last = first + file.metadata.row_group(group).num_rows
        if first < start + n and last > start:
            groups.append(group)
        first = last
    return file.read_row_groups(groups)
