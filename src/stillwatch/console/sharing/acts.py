"""Campaigns of the node's index: what may be told of, and what not, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.model.campaign import Verdict
from stillwatch.share.node.settings import NodeSettings

__all__ = ["Act", "act_of", "harvests", "needed_harvest"]

_COLUMNS: Final = ["campaign_id", "verdict", "bits", "n_accounts", "first_seen", "last_seen"]


@dataclass(frozen=True, slots=True)
class Act:
    """A campaign as the index has it.

    bits    Largest family score.
    """

    campaign_id: str
    verdict: str
    bits: float
    n_accounts: int
    first_seen: datetime
    last_seen: datetime

    @property
    def may_be_told(self) -> bool:
        """Whether the member accuses it itself: only what is called a harvest is told to others."""
        return self.verdict == Verdict.HARVEST.value


def act_of(node: NodeSettings, campaign_id: str) -> Act | None:
    """A campaign; None when the index has none of that name.

    Raises      UnreadableSource when the index cannot be read.
    """
    table = _acts(node)
    rows = table.filter(pc.equal(table["campaign_id"], campaign_id)).to_pylist()
    return Act(**rows[0]) if rows else None


def needed_harvest(node: NodeSettings, campaign_id: str) -> Act:
    """A campaign that may be told.

    Raises      MissingData when the index has none of that name; InvalidInput when it is no harvest; UnreadableSource
                when the index cannot be read.
    """
    found = act_of(node, campaign_id)
    if found is None:
        message = f"the node's index has no campaign {campaign_id[:80]}: scan with --index, and try again"
        raise MissingData(message)
    if not found.may_be_told:
        message = f"only a harvest is told to others, this campaign is called {found.verdict}"
        raise InvalidInput(message)
    return found


def harvests(node: NodeSettings, told: Collection[str], most: int) -> list[Act]:
    """Harvests of the index that were not told, those of most bits first; none when there is no index to read.

    told    Campaigns that were told.
    """
    try:
        table = _acts(node)
    except UnreadableSource:
        return []
    table = table.filter(pc.equal(table["verdict"], Verdict.HARVEST.value)).sort_by([("bits", "descending")])
    return [Act(**row) for row in table.to_pylist() if row["campaign_id"] not in told][:most]


def _acts(node: NodeSettings) -> pa.Table:
    path = node.index / "acts.parquet"
    try:
        return pq.read_table(path, columns=_COLUMNS)
    except (OSError, pa.ArrowException, KeyError) as error:
        message = f"the node's index cannot be read ({type(error).__name__}): scan with --index"
        raise UnreadableSource(message) from error
