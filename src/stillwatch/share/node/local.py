"""What a scan left for the node (`stillwatch scan --index`): read with suspicion, kept as arrays."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.errors import IncompatibleVersion, InvalidInput, UnreadableSource
from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import SignalKind
from stillwatch.model.search_index import INDEX_TABLES, INDEX_VERSION
from stillwatch.share.answers.findings import LocalEvidence

__all__ = ["ELSEWHERE", "LocalIndex"]

ELSEWHERE: Final = 0
"""Number of the family of all accounts that no family holds; the others follow in the order of their ids."""
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class LocalIndex:
    """Signals, families and campaigns of one window, in clear.

    signals     Table SIGNAL.
    families    Ids of families, ascending: family `i` has the number `i + 1`.
    rows        Table INDEXED_FAMILY, in that order.
    streams     Table INDEXED_STREAM.
    acts        Rows of table ACT by campaign.
    ordinary    Hashes, ascending, of verified accounts that nobody suspects.
    coverage    Share of the traffic that shows each kind, 0 to 1.
    """

    signals: pa.Table
    families: NDArray[np.uint64]
    rows: pa.Table
    streams: pa.Table
    acts: Mapping[str, Mapping[str, Any]]
    ordinary: NDArray[np.uint64]
    coverage: Mapping[SignalKind, float]
    first: datetime
    last: datetime
    n_accounts: int

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read an index.

        Raises  UnreadableSource when it is not there, damaged, or not an index; IncompatibleVersion for another
                version; InvalidInput when nothing was looked through.
        """
        window = _window(folder)
        tables = {name: _read(folder / f"{name}.parquet", schema) for name, schema in INDEX_TABLES.items()}
        rows = tables["families"].sort_by("family")
        return cls(
            tables["signals"],
            rows["family"].to_numpy(),
            rows,
            tables["streams"],
            {row["campaign_id"]: row for row in tables["acts"].to_pylist()},
            tables["ordinary"]["account"].to_numpy(),
            {SignalKind(row["kind"]): row["coverage"] for row in window},
            window[0]["first"],
            window[0]["last"],
            window[0]["n_accounts"],
        )

    @property
    def days(self) -> int:
        """Days that the traffic covers, at least 1."""
        return max(1, math.ceil((self.last - self.first).total_seconds() / _DAY_S))

    def number(self, family: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Number of each family id, ELSEWHERE for those that are not known."""
        if not len(self.families):
            return np.full(len(family), ELSEWHERE, np.int64)
        at = np.minimum(np.searchsorted(self.families, family), len(self.families) - 1)
        return np.where(self.families[at] == family, at + 1, ELSEWHERE)

    def accounts(self, number: int) -> NDArray[np.uint64]:
        """Hashes of the accounts of a family by its number; none of what no family holds."""
        if number == ELSEWHERE:
            return np.zeros(0, np.uint64)
        held = pc.equal(self.streams["family"], pa.scalar(self.families[number - 1], pa.uint64()))
        return np.asarray(self.streams["account"].filter(held).to_numpy(), np.uint64)

    def evidence(self, number: int) -> LocalEvidence:
        """The scan's own evidence on a family; none on what no family holds."""
        if number == ELSEWHERE:
            return LocalEvidence(ELSEWHERE, None, 0.0, 0.0, 0, 0)
        row = self.rows.slice(number - 1, 1).to_pylist()[0]
        act = self.acts.get(row["campaign_id"] or "")
        return LocalEvidence(
            number,
            None if act is None else Verdict(act["verdict"]),
            row["coordination_bits"],
            row["score_bits"],
            row["n_accounts"],
            row["n_exchanges"],
        )


def _window(folder: Path) -> list[dict[str, Any]]:
    """Rows of the table of that name, which says first whether the others can be read."""
    window: list[dict[str, Any]] = _read(folder / "window.parquet", INDEX_TABLES["window"]).to_pylist()
    if not window or not window[0]["n_exchanges"]:
        message = f"the index {folder} is of no traffic: scan logs with some"
        raise InvalidInput(message)
    if {row["version"] for row in window} != {INDEX_VERSION}:
        message = f"the index {folder} is of another version: scan again with --index"
        raise IncompatibleVersion(message)
    return window


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        message = f"cannot read {path} of the index: {type(error).__name__}"
        raise UnreadableSource(message) from error
    if [(f.name, f.type) for f in table.schema] != [(f.name, f.type) for f in schema]:
        message = f"{path} has other columns than an index of this version: scan again with --index"
        raise IncompatibleVersion(message)
    return table
