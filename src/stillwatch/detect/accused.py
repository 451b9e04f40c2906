"""From verdicts on families to the exchanges of campaigns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.views import family_keys
from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import Column, schema_of
from stillwatch.model.fingerprint import SEGMENTS_PER_PROMPT
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import HashIndex

__all__ = ["ACCUSED", "StreamBook", "exchanges_of", "whole_conversations"]

ACCUSED_COLUMNS: tuple[Column, ...] = (
    Column("exchange", pa.uint64(), "Exchange hash.", required=True),
    Column("campaign", pa.int32(), "Number of the campaign.", required=True),
    Column("family", pa.uint64(), "Family that brought it in.", required=True),
    *(
        Column(name, type_, "As in FINGERPRINT or SEGMENTS.", required=True)
        for name, type_ in (
            ("time_us", pa.int64()),
            ("account", pa.uint64()),
            ("conversation", pa.uint64()),
            ("fill", pa.uint64()),
            ("elicitation", pa.uint16()),
            ("tools", pa.bool_()),
            ("model", pa.uint64()),
            ("input_tokens", pa.int32()),
            ("output_tokens", pa.int32()),
            ("reasoning_tokens", pa.int32()),
            ("cost_usd", pa.float32()),
            ("prefix", pa.uint64()),
            ("asn", pa.uint64()),
            ("tls", pa.uint64()),
            ("build", pa.uint64()),
            ("client", pa.uint64()),
            *((f"signature_{i}", pa.uint64()) for i in range(SEGMENTS_PER_PROMPT)),
        )
    ),
)
ACCUSED: pa.Schema = schema_of("accused", ACCUSED_COLUMNS)
"""An exchange is here once; which other families of its campaign hold it, `family_keys` says."""


@dataclass(frozen=True, slots=True)
class StreamBook:
    """Streams of all campaigns, sorted by stream hash (`mix` of family and account).

    rank        Lower wins when an exchange is in streams of several campaigns.
    """

    stream: NDArray[np.uint64]
    campaign: NDArray[np.int32]
    rank: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        family: NDArray[np.uint64],
        account: NDArray[np.uint64],
        campaign: NDArray[np.int32],
        rank: NDArray[np.int32],
    ) -> "StreamBook":
        """From one row per stream, in any order."""
        stream = mix(family, account)
        order = np.argsort(stream, kind="stable")
        return cls(stream[order], campaign[order], rank[order])


def exchanges_of(book: StreamBook) -> Callable[[Fingerprints, Grouping], pa.RecordBatch]:
    """Function that keeps the exchanges of the book's streams, each once, in the campaign of the best rank."""
    index = HashIndex(book.stream)

    def keep(fingerprints: Fingerprints, grouping: Grouping) -> pa.RecordBatch:
        n = len(fingerprints["account"])
        best = np.full(n, np.iinfo(np.int32).max, np.int32)
        campaign, family = np.full(n, -1, np.int32), np.zeros(n, np.uint64)
        for keys in family_keys(fingerprints, grouping):
            rows = np.flatnonzero(keys)
            at = index.positions(mix(keys[rows], fingerprints["account"][rows]))
            rows, at = rows[at >= 0], at[at >= 0]
            better = book.rank[at] < best[rows]
            rows, at = rows[better], at[better]
            best[rows], campaign[rows] = book.rank[at], book.campaign[at]
            family[rows] = keys[rows]
        return _rows(fingerprints, np.flatnonzero(campaign >= 0), campaign, family)

    return keep


def whole_conversations(accused: pa.Table) -> Callable[[Fingerprints], pa.RecordBatch]:
    """Function that keeps the accused exchanges and the later turns of their conversations, in the order of the logs.

    What an agent does after its first turn is the same work; each turn alone shows no template, client or list.

    accused     Table ACCUSED, one row an exchange.
    """
    known = {name: accused[name].to_numpy() for name in ("exchange", "account", "conversation", "campaign", "family")}
    by_exchange = np.argsort(known["exchange"])
    exchanges = HashIndex(known["exchange"][by_exchange])
    talk = np.where(known["conversation"] == 0, np.uint64(0), mix(known["account"], known["conversation"]))
    talks, first = np.unique(talk, return_index=True)
    talking = HashIndex(talks)

    def keep(fingerprints: Fingerprints) -> pa.RecordBatch:
        at = exchanges.positions(fingerprints["exchange"])
        place = np.where(at >= 0, by_exchange[at], -1)
        at = talking.positions(mix(fingerprints["account"], fingerprints["conversation"]))
        later = (at >= 0) & (fingerprints["conversation"] != 0) & ~fingerprints["head"] & (place < 0)
        place = np.where(later, first[at], place)
        return _rows(fingerprints, np.flatnonzero(place >= 0), known["campaign"][place], known["family"][place])

    return keep


def _rows(
    fingerprints: Fingerprints, rows: NDArray[np.int64], campaign: NDArray[np.int32], family: NDArray[np.uint64]
) -> pa.RecordBatch:
    columns = {"campaign": campaign[rows], "family": family[rows]}
    columns |= {name: fingerprints[name][rows] for name in ACCUSED.names if name not in columns}
    return pa.RecordBatch.from_arrays([pa.array(columns[f.name], f.type) for f in ACCUSED], schema=ACCUSED)
