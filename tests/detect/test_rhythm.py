"""Rhythm cells against a plain loop over streams."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa

from stillwatch.detect.views.rhythm import rhythm_cells, stream_hash

HALF_HOUR_US = 1_800_000_000


def test_cells_equal_a_plain_loop() -> None:
    """Share of short gaps in fifths, octave of volume, single-turn streams of three or more only."""
    rng = np.random.default_rng(5)
    n = 3_000
    account, client = rng.integers(1, 60, n).astype(np.uint64), rng.integers(1, 3, n).astype(np.uint64)
    time_us = rng.integers(0, 40 * HALF_HOUR_US, n)
    head = (account % 5 != 0) | (rng.random(n) < 0.9)
    order = np.lexsort((time_us, client, account))
    table = pa.table({"account": account, "client": client, "time_us": time_us, "head": head}).take(pa.array(order))
    streams: dict[tuple[int, int], list[tuple[int, bool]]] = defaultdict(list)
    for a, c, t, h in zip(account.tolist(), client.tolist(), time_us.tolist(), head.tolist(), strict=True):
        streams[a, c].append((t, h))
    expected = {}
    for (a, c), rows in streams.items():
        rows.sort()
        gaps = [later[0] - earlier[0] for earlier, later in pairwise(rows)]
        if len(rows) < 3 or sum(h for _, h in rows) < 0.95 * len(rows):
            continue
        fifth = min(5 * sum(g < HALF_HOUR_US for g in gaps) // len(gaps), 4)
        key = stream_hash(np.array([a], np.uint64), np.array([c], np.uint64))[0]
        expected[int(key)] = 1 + fifth + 8 * int(np.log2(len(rows)))
    found = rhythm_cells(table)
    assert dict(zip(found["stream"].to_pylist(), found["cell"].to_pylist(), strict=True)) == expected
    assert 20 < len(expected) < len(streams)


def test_nothing_in_nothing_out() -> None:
    """An empty table has no cells."""
    empty = pa.table(
        {name: pa.array([], pa.uint64()) for name in ("account", "client")}
        | {"time_us": pa.array([], pa.int64()), "head": pa.array([], pa.bool_())}
    )
    assert rhythm_cells(empty).num_rows == 0
