"""Figures of accounts are those of adding up by hand."""

from collections import defaultdict

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detect.stream_index.window import WINDOW_ACCOUNT, of_before, window_accounts
from stillwatch.engine import LocalEngine
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import HashIndex

SCHEMA = pa.schema(
    [
        ("exchange_id", pa.string()),
        ("account_id", pa.string()),
        ("organisation_id", pa.string()),
        ("cost_usd", pa.float64()),
    ]
)
COSTS, NAMES = st.sampled_from([None, 0.0, 0.5, 2.0]), st.sampled_from([None, "", "lab", "shop"])
ROWS = st.lists(st.tuples(st.sampled_from("abcd"), COSTS, st.booleans(), NAMES), max_size=60)


@given(ROWS, st.integers(1, 9))
def test_they_add_up(rows: list[tuple[str, float | None, bool, str | None]], size: int) -> None:
    """Exchanges that are chosen count, whatever batches they come in; what none tells is null, costs and owners."""
    names = SCHEMA.names
    told = [dict(zip(names, (f"x{i}", a, o, c), strict=True)) for i, (a, c, _, o) in enumerate(rows)]
    chosen = hash_strings(pa.array([f"x{i}" for i, row in enumerate(rows) if row[2]], pa.string()))
    table = pa.Table.from_pylist(told, schema=SCHEMA)
    with LocalEngine() as engine:
        exchanges = engine.dataset(table.to_batches(max_chunksize=size), SCHEMA)
        found = window_accounts(engine, exchanges, HashIndex(np.sort(chosen)))
    costs: defaultdict[str, list[float | None]] = defaultdict(list)
    owners: defaultdict[str, set[int]] = defaultdict(set)
    for account, cost, is_chosen, owner in rows:
        if is_chosen:
            costs[account].append(cost)
            owners[account] |= {int(hash_strings(pa.array([owner]))[0])} if owner else set()
    hashes = {int(hash_strings(pa.array([account]))[0]): account for account in costs}
    assert found.schema == WINDOW_ACCOUNT
    assert found["account"].to_pylist() == sorted(hashes)
    for row in found.to_pylist():
        paid = costs[hashes[row["account"]]]
        known = [cost for cost in paid if cost is not None]
        assert (row["n_exchanges"], row["cost_usd"]) == (len(paid), sum(known) if known else None)
        assert row["organisation"] == max(owners[hashes[row["account"]]], default=None)


def test_a_table_of_before_names_no_organisations() -> None:
    """It is read as of accounts that name none, another one is left for the reader to refuse."""
    whole = pa.table([[1, 2], [3, 4], [0.5, None], [7, None]], schema=WINDOW_ACCOUNT)
    found = of_before(whole.drop_columns("organisation"))
    assert found.schema == WINDOW_ACCOUNT
    assert found["organisation"].null_count == 2
    assert of_before(whole) is whole
    assert of_before(whole.drop_columns("account")).schema != WINDOW_ACCOUNT
