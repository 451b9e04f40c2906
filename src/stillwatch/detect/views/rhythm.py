"""View by client and rhythm: accounts that use one client at one pace. The only view that sees bare questions."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import Column, schema_of
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import positions

__all__ = ["RHYTHM", "RHYTHM_COLUMNS", "Rhythm", "rhythm_cells", "stream_hash"]

MIN_EXCHANGES = 3
SINGLE_TURN_SHARE = 0.95
SHORT_GAP_US = 1_800_000_000
_LOW = np.uint64(0xFFFFFFFF)

RHYTHM_COLUMNS: tuple[Column, ...] = (
    Column("stream", pa.uint64(), "Hash of account and client.", required=True),
    Column(
        "cell",
        pa.uint64(),
        "Share of short gaps in fifths and octave of volume; the high half with boundaries half a step on.",
        required=True,
    ),
)
RHYTHM: pa.Schema = schema_of("rhythm", RHYTHM_COLUMNS)


def stream_hash(account: NDArray[np.uint64], client: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One hash per account and client."""
    return mix(account, client)


class Rhythm:
    """Key: client x single-turn x share of gaps under half an hour (fifths) x octave of volume.

    Twice, the second time with boundaries half a step on: accounts that are alike are together in one of the two.
    """

    name = "rhythm"
    has_template = False
    fixes_client = True
    conditions_on: tuple[str, ...] = ("se", "cd", "talk")

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """Cells were computed over whole streams before; a stream without a cell has key 0."""
        stream = stream_hash(fingerprints["account"], fingerprints["client"])
        if not len(grouping.rhythm_stream):
            return [np.zeros(len(stream), np.uint64)]
        at = positions(grouping.rhythm_stream, stream)
        known = (at >= 0) & (fingerprints["build"] != 0)
        cells = grouping.rhythm_cell[at]
        return [
            np.where(known, mix(fingerprints["client"], cell), np.uint64(0)) for cell in (cells & _LOW, cells & ~_LOW)
        ]


def rhythm_cells(table: pa.Table) -> pa.Table:
    """Rhythm of every (account, client) in a table of whole accounts, sorted by account, client, time.

    Streams with fewer than three exchanges, or with conversations, have no cell.
    """
    account, client = (table[name].to_numpy() for name in ("account", "client"))
    time_us, head = table["time_us"].to_numpy(), table["head"].to_numpy(zero_copy_only=False)
    if not len(account):
        return RHYTHM.empty_table()
    first = np.flatnonzero(np.r_[True, (account[1:] != account[:-1]) | (client[1:] != client[:-1])])
    size = np.diff(np.r_[first, len(account)])
    short = np.r_[False, np.diff(time_us) < SHORT_GAP_US]
    short[first] = False
    n_short = np.add.reduceat(short.astype(np.int64), first)
    n_head = np.add.reduceat(head.astype(np.int64), first)
    steady = (size >= MIN_EXCHANGES) & (n_head >= SINGLE_TURN_SHARE * size)
    fifth = np.minimum(5 * n_short // np.maximum(size - 1, 1), 4)
    octave = np.log2(size).astype(np.int64)
    cell = (1 + fifth + 8 * octave).astype(np.uint64)
    half_on = np.floor(5 * n_short / np.maximum(size - 1, 1) + 0.5) + 8 * np.floor(np.log2(size) + 0.5)
    cell |= (1 + half_on).astype(np.uint64) << np.uint64(32)
    stream = stream_hash(account[first], client[first])
    return pa.table({"stream": stream[steady], "cell": cell[steady]}, schema=RHYTHM)
