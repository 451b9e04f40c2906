"""Rhythm cells against a plain loop over streams."""

from collections import defaultdict
from itertools import pairwise
from math import floor, log2

import numpy as np
import pyarrow as pa

from stillwatch.detect.views.rhythm import Rhythm, rhythm_cells, stream_hash
from stillwatch.model.view import Grouping

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
        half_on = floor(5 * sum(g < HALF_HOUR_US for g in gaps) / len(gaps) + 0.5) + 8 * floor(log2(len(rows)) + 0.5)
        expected[int(key)] = (1 + fifth + 8 * int(np.log2(len(rows)))) | (1 + half_on) << 32
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


def test_accounts_on_both_sides_of_a_boundary_meet_once() -> None:
    """Seven and nine exchanges are in different octaves, and in one when the boundaries lie half a step on."""
    sizes = [7] * 3 + [9] * 3
    account = np.repeat(np.arange(1, 7, dtype=np.uint64), sizes)
    client = np.full(len(account), 5, np.uint64)
    time_us = np.concatenate([np.arange(n) * 10 * HALF_HOUR_US for n in sizes])
    table = pa.table({"account": account, "client": client, "time_us": time_us, "head": np.ones(len(account), bool)})
    cells = rhythm_cells(table).sort_by("stream")
    grouping = Grouping(cells["stream"].to_numpy(), cells["cell"].to_numpy())
    plain, half_on = Rhythm().keys({"account": account, "client": client, "build": client}, grouping)
    assert len(np.unique(plain)) == 2
    assert len(np.unique(half_on)) == 1
    assert not np.isin(plain, half_on).any()
