"""Figures of accounts are those of adding up by hand."""

from collections import defaultdict

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detect.stream_index.window import WINDOW_ACCOUNT, window_accounts
from stillwatch.engine import LocalEngine
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import HashIndex

SCHEMA = pa.schema([("exchange_id", pa.string()), ("account_id", pa.string()), ("cost_usd", pa.float64())])
ROWS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([None, 0.0, 0.5, 2.0]), st.booleans()), max_size=60)


@given(ROWS, st.integers(1, 9))
def test_they_add_up(rows: list[tuple[str, float | None, bool]], size: int) -> None:
    """Exchanges that are chosen count, whatever batches they come in; a cost is null only where none is told."""
    told = [{"exchange_id": f"x{i}", "account_id": a, "cost_usd": c} for i, (a, c, _) in enumerate(rows)]
    chosen = hash_strings(pa.array([f"x{i}" for i, row in enumerate(rows) if row[2]], pa.string()))
    table = pa.Table.from_pylist(told, schema=SCHEMA)
    with LocalEngine() as engine:
        exchanges = engine.dataset(table.to_batches(max_chunksize=size), SCHEMA)
        found = window_accounts(engine, exchanges, HashIndex(np.sort(chosen)))
    costs: defaultdict[str, list[float | None]] = defaultdict(list)
    for account, cost, is_chosen in rows:
        if is_chosen:
            costs[account].append(cost)
    hashes = {int(hash_strings(pa.array([account]))[0]): account for account in costs}
    assert found.schema == WINDOW_ACCOUNT
    assert found["account"].to_pylist() == sorted(hashes)
    for row in found.to_pylist():
        paid = costs[hashes[row["account"]]]
        known = [cost for cost in paid if cost is not None]
        assert (row["n_exchanges"], row["cost_usd"]) == (len(paid), sum(known) if known else None)
