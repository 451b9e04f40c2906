"""What the window shows of every account, accused or not: a table that is written beside the index."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.column import Column, schema_of
from stillwatch.model.engine import Dataset, Engine
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import HashIndex

__all__ = ["WINDOW_ACCOUNT", "of_before", "window_accounts"]
WINDOW_ACCOUNT: pa.Schema = schema_of(
    "window-account",
    (
        Column("account", pa.uint64(), "Hash of the account, ascending, each once.", required=True),
        Column("n_exchanges", pa.int64(), "Its exchanges in the window.", required=True),
        Column("cost_usd", pa.float64(), "What they cost; null where none tells it."),
        Column("organisation", pa.uint64(), "Hash of an organisation that they name; null where none does."),
    ),
)
_PART: pa.Schema = schema_of(
    "window-part",
    (
        Column("account", pa.uint64(), "As above.", required=True),
        Column("n_exchanges", pa.int64(), "Of a part of the window.", required=True),
        Column("n_priced", pa.int64(), "Of these, with a cost.", required=True),
        Column("cost_usd", pa.float64(), "Theirs.", required=True),
        Column("organisation", pa.uint64(), "The largest hash of those they name, 0 for none.", required=True),
    ),
)
_COLUMNS: Final = ["exchange_id", "account_id", "organisation_id", "cost_usd"]


def window_accounts(engine: Engine, exchanges: Dataset, chosen: HashIndex) -> pa.Table:
    """Table WINDOW_ACCOUNT of those of the exchanges (table EXCHANGE) whose id has a chosen hash."""

    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch = batch.filter(pa.array(chosen.among(hash_strings(batch["exchange_id"]))))
        cost = batch["cost_usd"]
        priced, paid = np.asarray(cost.is_valid()).astype(np.int64), pc.fill_null(cost, 0.0).to_numpy()
        account, n = hash_strings(batch["account_id"]), np.ones(batch.num_rows, np.int64)
        return _summed(account, (n, priced, paid), hash_strings(batch["organisation_id"]))

    found = engine.map(exchanges.select(_COLUMNS), step, _PART).to_table()
    account, *sums, organisation = (found[name].to_numpy() for name in _PART.names)
    whole = _summed(account, sums, organisation)
    cost = pa.array(whole["cost_usd"].to_numpy(), mask=whole["n_priced"].to_numpy() == 0)
    named = whole["organisation"].to_numpy()
    owner = pa.array(named, mask=named == 0)
    return pa.table([whole["account"], whole["n_exchanges"], cost, owner], schema=WINDOW_ACCOUNT)


def of_before(table: pa.Table) -> pa.Table:
    """A table that was written before it told organisations, as of accounts that name none; any other as it is.

    >>> of_before(WINDOW_ACCOUNT.empty_table().drop_columns("organisation")).schema == WINDOW_ACCOUNT
    True
    """
    if table.schema.names != WINDOW_ACCOUNT.names[:-1]:
        return table
    return table.append_column(WINDOW_ACCOUNT.field("organisation"), pa.nulls(len(table), pa.uint64()))


def _summed(
    account: NDArray[np.uint64], numbers: Sequence[NDArray[np.generic]], organisation: NDArray[np.uint64]
) -> pa.RecordBatch:
    accounts, code = np.unique(account, return_inverse=True)
    n, n_priced, paid = (np.bincount(code, one, len(accounts)) for one in numbers)
    largest = np.zeros(len(accounts), np.uint64)
    np.maximum.at(largest, code, organisation)
    return pa.record_batch([accounts, n.astype(np.int64), n_priced.astype(np.int64), paid, largest], schema=_PART)
