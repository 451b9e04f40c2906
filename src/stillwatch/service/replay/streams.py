"""Which accused stream an exchange is of: by findings that name it, or by an index that looks it up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.act.preview.doubt import Evidence
from stillwatch.act.preview.traffic import NOBODYS
from stillwatch.detect.stream_index.facts import FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.model.findings import Findings
from stillwatch.report import read_findings
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import HashIndex

__all__ = ["ByFindings", "ByIndex", "Streams"]


class Streams(Protocol):
    """Accused streams as findings stand."""

    @property
    def campaigns(self) -> Sequence[str]:
        """Ids of campaigns."""
        ...

    @property
    def facts(self) -> FactsBook:
        """Facts of each stream."""
        ...

    @property
    def evidence(self) -> Evidence:
        """What the bar rests on."""
        ...

    @property
    def content(self) -> str:
        """How much of the texts `campaign_of` looks at, as `ingest` names it."""
        ...

    def campaign_of(self, batch: pa.RecordBatch, /) -> NDArray[np.int32]:
        """Place of the campaign that each exchange is of, `NOBODYS` for most."""
        ...


class ByFindings:
    """Exchanges that a scan named, by their ids: for the traffic that was scanned, and exact."""

    content: Final = "none"

    def __init__(self, findings: Findings) -> None:
        self.campaigns: Sequence[str] = sorted(set(findings.exchanges["campaign_id"].to_pylist()))
        self.facts = FactsBook.of(findings)
        self.evidence = Evidence(findings.bars, findings.n_families, findings.is_default_reference)
        ids = findings.exchanges["exchange_id"].combine_chunks()
        hashes = hash_strings(ids)
        order = np.argsort(hashes, kind="stable")
        self._hashes = HashIndex(hashes[order])
        self._ids = ids.take(pa.array(order))
        places = pc.index_in(findings.exchanges["campaign_id"], value_set=pa.array(self.campaigns, pa.string()))
        self._campaign = np.asarray(places.combine_chunks(), np.int32)[order]

    @classmethod
    def of_folder(cls, folder: Path) -> "ByFindings":
        """Of a folder of findings.

        Raises      MissingData, IncompatibleVersion, UnreadableSource: as `read_findings`.
        """
        return cls(read_findings(folder))

    def campaign_of(self, batch: pa.RecordBatch, /) -> NDArray[np.int32]:
        """Place of the campaign that each exchange is of, `NOBODYS` for most."""
        at = self._hashes.positions(hash_strings(batch["exchange_id"]))
        rows = np.flatnonzero(at >= 0)
        same = pc.equal(self._ids.take(pa.array(at[rows])), batch["exchange_id"].take(pa.array(rows)))
        rows = rows[np.asarray(same, np.bool_)]
        found = np.full(batch.num_rows, NOBODYS, np.int32)
        found[rows] = self._campaign[at[rows]]
        return found


class ByIndex:
    """Exchanges looked up as a gateway's requests are: for any traffic, also such as was not scanned."""

    content: Final = "full"

    def __init__(self, folder: Path) -> None:
        self._index, self.facts = IndexFolder(folder).load()
        self.campaigns: Sequence[str] = self._index.campaigns
        self.evidence = Evidence()

    def campaign_of(self, batch: pa.RecordBatch, /) -> NDArray[np.int32]:
        """Place of the campaign that each exchange is of, `NOBODYS` for most."""
        return self._index.campaign_of(batch)
