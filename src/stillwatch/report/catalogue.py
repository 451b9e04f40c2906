"""campaigns.parquet: findings as whoever shows them page by page reads them, one row a campaign.

campaigns.json is read whole or not at all; of ten thousand campaigns that is gigabytes. Here figures to sort and search
by are columns, everything else of a campaign is one JSON text beside them, and each row says where the campaign's
streams stand in their file, so that one campaign costs one row and one slice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import IncompatibleVersion, UnreadableSource
from stillwatch.model.campaign import Campaign, Figures, Verdict
from stillwatch.model.column import Column, schema_of
from stillwatch.model.exchange import TIME_TYPE
from stillwatch.model.findings import Findings
from stillwatch.report.json import campaign_from_json, campaign_to_json, from_json, to_json

__all__ = [
    "CATALOGUE",
    "CATALOGUE_COLUMNS",
    "LIGHT",
    "Slice",
    "catalogue_of",
    "document_at",
    "figures_of",
    "head_of",
    "slices_of",
    "sought_by",
    "write_catalogue",
]

CATALOGUE_COLUMNS: tuple[Column, ...] = (
    Column("campaign_id", pa.string(), "Campaign.", required=True),
    Column("verdict", pa.string(), "What it is called.", required=True),
    Column("bits", pa.float64(), "Largest family score, bits.", required=True),
    Column("n_streams", pa.int64(), "Streams.", required=True),
    Column("n_accounts", pa.int64(), "Accounts.", required=True),
    Column("n_exchanges", pa.int64(), "Exchanges.", required=True),
    Column("first_seen", TIME_TYPE, "First exchange of it in any scan with this state.", required=True),
    Column("last_seen", TIME_TYPE, "Last exchange.", required=True),
    Column("cost_usd", pa.float64(), "Value at list price, US dollars."),
    Column("output_tokens", pa.int64(), "Output tokens."),
    Column("reasoning_tokens", pa.int64(), "Reasoning tokens."),
    Column("known_as", pa.list_(pa.string()), "Ids of earlier campaigns that became part of it.", required=True),
    Column("sought", pa.string(), "What a search looks into: ids, models, what is shared; lower case.", required=True),
    Column(
        "streams_at",
        pa.int64(),
        "First row of its streams in streams.parquet, where they stand together; -1 when they do not.",
        required=True,
    ),
    Column("document", pa.string(), "The campaign as it stands in campaigns.json.", required=True),
)

CATALOGUE: pa.Schema = schema_of("catalogue", CATALOGUE_COLUMNS)

LIGHT: Final = [column.name for column in CATALOGUE_COLUMNS if column.name != "document"]
"""Columns of the catalogue that are read for all campaigns at once."""

_HEAD: Final = b"stillwatch.findings"
_MOST_SOUGHT: Final = 4_000
_ROWS: Final = 64
"""Campaigns of one row group: what is read to get at one of them."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Where rows of a campaign stand in a table; `start` is -1 when they do not stand together."""

    start: int
    n: int


def catalogue_of(findings: Findings) -> pa.Table:
    """Table `CATALOGUE`, in the order of the findings; what is true of all campaigns is in its schema's metadata."""
    streams = slices_of(findings.streams["campaign_id"])
    rows = [_row(campaign, streams) for campaign in findings.campaigns]
    head = to_json(replace(findings, campaigns=()))
    schema = CATALOGUE.with_metadata({**(CATALOGUE.metadata or {}), _HEAD: head.encode()})
    return pa.Table.from_pylist(rows, schema=schema)


def _row(campaign: Campaign, streams: dict[str, Slice]) -> dict[str, Any]:
    taken = campaign.exposure
    return {
        "campaign_id": campaign.campaign_id,
        "verdict": campaign.verdict.value,
        "bits": campaign.bits,
        "n_streams": campaign.n_streams,
        "n_accounts": campaign.n_accounts,
        "n_exchanges": campaign.n_exchanges,
        "first_seen": campaign.open_since or campaign.first_seen,
        "last_seen": campaign.last_seen,
        "cost_usd": taken.cost_usd,
        "output_tokens": taken.output_tokens,
        "reasoning_tokens": taken.reasoning_tokens,
        "known_as": list(campaign.also_known_as),
        "sought": " ".join(_sought(campaign))[:_MOST_SOUGHT].lower(),
        "streams_at": streams.get(campaign.campaign_id, Slice(-1, 0)).start,
        "document": campaign_to_json(campaign),
    }


def _sought(campaign: Campaign) -> Iterator[str]:
    """Never a prompt, and no template: what is searched for stands in URLs and in browsers' histories."""
    yield campaign.campaign_id
    yield from campaign.also_known_as
    yield campaign.verdict.value
    yield from campaign.exposure.models
    yield from campaign.exposure.capabilities
    for family in campaign.families:
        yield family.family_id
        yield family.view
        yield from (f"{shared.kind} {shared.value}" for shared in family.shared)


def slices_of(column: pa.ChunkedArray) -> dict[str, Slice]:
    """Where the rows of each value stand.

    >>> slices_of(pa.chunked_array([["a", "a", "b"]]))["a"]
    Slice(start=0, n=2)
    >>> slices_of(pa.chunked_array([["a", "b", "a"]]))["a"]
    Slice(start=-1, n=2)
    """
    if not len(column):
        return {}
    coded = column.combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy()
    n = np.bincount(codes, minlength=len(coded.dictionary))
    starts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])
    runs = np.bincount(codes[starts], minlength=len(n))
    first = np.full(len(n), -1, np.int64)
    first[codes[starts]] = starts
    first[runs > 1] = -1
    names = coded.dictionary.to_pylist()
    return {name: Slice(int(first[code]), int(n[code])) for code, name in enumerate(names)}


def write_catalogue(findings: Findings, path: Path) -> None:
    """Write the table so that one campaign can be read without the others."""
    pq.write_table(catalogue_of(findings), path, compression="zstd", row_group_size=_ROWS)


def head_of(schema: pa.Schema, where: str) -> Findings:
    """Findings without campaigns and tables, out of the schema of a catalogue.

    Raises  IncompatibleVersion when there are none.
    """
    told = (schema.metadata or {}).get(_HEAD)
    if told is None:
        message = f"{where} says nothing of its findings; scan again"
        raise IncompatibleVersion(message)
    return from_json(told.decode(errors="replace"), where=where)


def figures_of(table: pa.Table) -> list[Figures]:
    """What cases keep of the campaigns of a catalogue, which need not have its documents."""
    names = ["campaign_id", "verdict", "bits", "n_accounts", "n_exchanges", "first_seen", "last_seen", "known_as"]
    return [
        Figures(
            campaign_id=row["campaign_id"],
            verdict=Verdict(row["verdict"]),
            bits=row["bits"],
            n_accounts=row["n_accounts"],
            n_exchanges=row["n_exchanges"],
            first_seen=row["first_seen"],
            last_seen=row["last_seen"],
            also_known_as=tuple(row["known_as"]),
        )
        for row in table.select(names).to_pylist()
    ]


def document_at(file: pq.ParquetFile, row: int) -> Campaign:
    """Campaign of one row.

    Raises  UnreadableSource when there is no such row.
    """
    group, at = divmod(row, _ROWS)
    if not 0 <= row < file.metadata.num_rows or group >= file.num_row_groups:
        message = "campaigns.parquet has not so many rows; scan again"
        raise UnreadableSource(message)
    text = file.read_row_group(group, columns=["document"]).column(0)[at].as_py()
    return campaign_from_json(text)


def sought_by(words: str) -> Sequence[str]:
    """Words of a search, as they are looked for.

    >>> sought_by(" Prefix  203.0.113 ")
    ['prefix', '203.0.113']
    """
    return words.lower().split()[:10]
