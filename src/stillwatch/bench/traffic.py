"""Traffic of a folder that `simulate` wrote, as baselines read it."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE

__all__ = ["FolderTraffic"]


class FolderTraffic:
    """Logs and account table of one folder; see `stillwatch.model.baseline.Traffic`.

    Raises  MissingData when the folder holds no logs.
    """

    def __init__(self, folder: Path) -> None:
        self._logs = sorted((folder / "logs").glob("*.parquet"))
        if not self._logs:
            msg = f"{folder / 'logs'} holds no Parquet files; run 'stillwatch simulate' first"
            raise MissingData(msg)
        self._table = folder / "accounts.parquet"

    @cached_property
    def account_id(self) -> pa.StringArray:
        """Accounts, ascending."""
        seen = ds.dataset(self._logs).to_table(columns=["account_id"])["account_id"]
        unique = pc.unique(seen).cast(pa.string())
        return unique.take(pc.sort_indices(unique))

    @cached_property
    def accounts(self) -> pa.Table:
        """What the provider knows of each; all null for accounts that are not in its table."""
        known = pq.read_table(self._table) if self._table.is_file() else ACCOUNT.empty_table()
        at = pc.index_in(self.account_id, value_set=known["account_id"].combine_chunks())
        columns = [known[f.name].take(at) if f.name != "account_id" else self.account_id for f in ACCOUNT]
        return pa.table(columns, schema=ACCOUNT)

    @cached_property
    def n_exchanges(self) -> int:
        """Rows of the logs."""
        return int(ds.dataset(self._logs).count_rows())

    @cached_property
    def _order(self) -> pa.Array:
        keys = (
            ds.dataset(self._logs)
            .to_table(columns=["time", "exchange_id"])
            .append_column("row", pa.array(np.arange(self.n_exchanges)))
        )
        connection = duckdb.connect()
        connection.register("keys", keys)
        ordered = connection.execute("SELECT row FROM keys ORDER BY time, exchange_id").fetchnumpy()
        return pa.array(ordered["row"])

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Columns of EXCHANGE in order of time (then exchange_id), after ``account``.

        Raises  InvalidInput for a column that exchanges do not have.
        """
        unknown = [name for name in columns if name not in EXCHANGE.names]
        if unknown:
            msg = f"columns must be among {', '.join(EXCHANGE.names)}; got {', '.join(unknown)}"
            raise InvalidInput(msg)
        present = [name for name in columns if name in ds.dataset(self._logs).schema.names]
        wanted = list(dict.fromkeys(["account_id", *present]))
        table = ds.dataset(self._logs).to_table(columns=wanted).combine_chunks().take(self._order)
        account = pc.index_in(table["account_id"].cast(pa.string()), value_set=self.account_id)
        arrays = {"account": account}
        for name in columns:
            kind = EXCHANGE.field(name).type
            arrays[name] = table[name].cast(kind) if name in present else pa.nulls(len(table), kind)
        return pa.table(arrays)
