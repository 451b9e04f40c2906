"""Conversations that accused exchanges are of: what follows in them is the same work."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import Column, schema_of
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.findings import Findings
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import HashIndex

__all__ = ["places_in", "talks_of"]

_TALK: pa.Schema = schema_of(
    "talk",
    (
        Column("talk", pa.uint64(), "Hash of account and conversation.", required=True),
        Column("campaign", pa.int32(), "Place of the campaign.", required=True),
    ),
)


def places_in(names: Sequence[str], column: pa.ChunkedArray) -> NDArray[np.int32]:
    """Place of each value among the names.

    >>> places_in(["a", "b"], pa.chunked_array([["b", "a"]])).tolist()
    [1, 0]
    """
    return np.asarray(pc.index_in(column, pa.array(names, pa.string())).to_numpy(), np.int32)


def talks_of(
    engine: Engine, findings: Findings, rows: Dataset, names: Sequence[str]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Hashes of accounts and conversations, ascending, and the place of each one's campaign among the names.

    rows    Sketched rows.
    """
    exchange = hash_strings(findings.exchanges["exchange_id"])
    order = np.argsort(exchange)
    index = HashIndex(exchange[order])
    campaign = places_in(names, findings.exchanges["campaign_id"])[order]

    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        at = index.positions(batch["exchange"].to_numpy())
        conversation = batch["conversation"].to_numpy()
        kept = (at >= 0) & (conversation != 0)
        talk = mix(batch["account"].to_numpy()[kept], conversation[kept])
        return pa.record_batch([pa.array(talk), pa.array(campaign[at[kept]])], schema=_TALK)

    found = engine.map(rows.select(["exchange", "account", "conversation"]), step, _TALK).to_table()
    talks, first = np.unique(found["talk"].to_numpy(), return_index=True)
    return talks, found["campaign"].to_numpy()[first]
