"""Toy traffic: a few accounts written out by hand, as baselines read it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE

START = datetime(2026, 9, 7, tzinfo=UTC)


class ToyTraffic:
    """Traffic of rows written by hand.

    rows        Columns of EXCHANGE by name; ``at_s`` is the time in seconds from the start.
    accounts    Columns of ACCOUNT by account; accounts without an entry are unknown.
    """

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], accounts: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Put the rows in order of time."""
        ordered = sorted(rows, key=lambda row: float(row["at_s"]))
        self._table = pa.Table.from_pylist(
            [
                {"exchange_id": f"x{i}", "time": START + timedelta(seconds=float(row["at_s"])), **row}
                for i, row in enumerate(ordered)
            ],
            schema=EXCHANGE,
        )
        unique = pc.unique(self._table["account_id"])
        self.account_id: pa.StringArray = unique.take(pc.sort_indices(unique))
        known = accounts or {}
        self.accounts: pa.Table = pa.Table.from_pylist(
            [{"account_id": a, **known.get(a, {})} for a in self.account_id.to_pylist()], schema=ACCOUNT
        )
        self.n_exchanges = len(self._table)

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Columns after ``account``."""
        account = pc.index_in(self._table["account_id"], value_set=self.account_id)
        return pa.table({"account": account, **{name: self._table[name] for name in columns}})


def by_account(traffic: ToyTraffic, scores: NDArray[np.float64]) -> dict[str, float]:
    """Score of each account by its id."""
    return dict(zip(traffic.account_id.to_pylist(), scores.tolist(), strict=True))


def sent(account: str, at_s: float, **columns: object) -> dict[str, object]:
    """One exchange."""
    return {"account_id": account, "at_s": at_s, **columns}
