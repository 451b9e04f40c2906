"""What the window shows of every account, accused or not: a table that is written beside the index."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.column import Column, schema_of
from stillwatch.model.engine import Dataset, Engine
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import HashIndex

__all__ = ["WINDOW_ACCOUNT", "window_accounts"]

WINDOW_ACCOUNT: pa.Schema = schema_of(
    "window-account",
    (
        Column("account", pa.uint64(), "Hash of the account, ascending, each once.", required=True),
        Column("n_exchanges", pa.int64(), "Its exchanges in the window.", required=True),
        Column("cost_usd", pa.float64(), "What they cost; null where none tells it."),
    ),
)
_PART: pa.Schema = schema_of(
    "window-part",
    (
        Column("account", pa.uint64(), "As above.", required=True),
        Column("n_exchanges", pa.int64(), "Of a part of the window.", required=True),
        Column("n_priced", pa.int64(), "Of these, with a cost.", required=True),
        Column("cost_usd", pa.float64(), "Theirs.", required=True),
    ),
)


def window_accounts(engine: Engine, exchanges: Dataset, chosen: HashIndex) -> pa.Table:
    """Table WINDOW_ACCOUNT of those of the exchanges (table EXCHANGE) whose id has a chosen hash."""

    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch = batch.filter(pa.array(chosen.among(hash_strings(batch["exchange_id"]))))
        cost = batch["cost_usd"]
        priced, paid = np.asarray(cost.is_valid()).astype(np.int64), pc.fill_null(cost, 0.0).to_numpy()
        return _summed(hash_strings(batch["account_id"]), np.ones(batch.num_rows, np.int64), priced, paid)

    found = engine.map(exchanges.select(["exchange_id", "account_id", "cost_usd"]), step, _PART).to_table()
    whole = _summed(*(found[name].to_numpy() for name in _PART.names))
    cost = pa.array(whole["cost_usd"].to_numpy(), mask=whole["n_priced"].to_numpy() == 0)
    return pa.table([whole["account"], whole["n_exchanges"], cost], schema=WINDOW_ACCOUNT)


def _summed(
    account: NDArray[np.uint64], n: NDArray[np.int64], priced: NDArray[np.int64], paid: NDArray[np.float64]
) -> pa.RecordBatch:
    accounts, code = np.unique(account, return_inverse=True)
    sums = [np.bincount(code, one, len(accounts)) for one in (n, priced, paid)]
    return pa.record_batch([accounts, sums[0].astype(np.int64), sums[1].astype(np.int64), sums[2]], schema=_PART)
