"""What is true of a world, as counts: who sent how much of which campaign, and whose account is whose."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.errors import MissingData

__all__ = ["Truth", "held_exchanges", "planted_times"]

_SENT = """
    SELECT account_id, campaign, entity, count(*) AS n FROM read_parquet($exchanges) GROUP BY ALL
"""
_ACCOUNTS = "SELECT account_id, population, campaign FROM read_parquet($accounts)"
_HELD = """
    SELECT r.campaign_id, t.campaign, count(*) AS n
    FROM reported r JOIN read_parquet($exchanges) t ON r.exchange_id = t.exchange_id GROUP BY ALL
"""
_TIMES = """
    SELECT t.campaign, epoch_us(l.time) AS time_us
    FROM read_parquet($logs) l JOIN read_parquet($exchanges) t ON l.exchange_id = t.exchange_id
    WHERE t.campaign IS NOT NULL ORDER BY t.campaign, time_us
"""


@dataclass(frozen=True, slots=True)
class Truth:
    """Accounts that sent anything, ascending by id, and what they sent.

    campaign        Planted campaigns that sent anything, ascending.
    is_attacker     Whether a campaign's operator has the account, whatever else it carries. Shape n.
    kind            Population of a legitimate account, its campaign for others. Shape n.
    unit            Family or organisation that most of its exchanges belong to, as a code. Shape n.
    sent            Exchanges by campaign, and legitimate ones in the last column. Shape (n, campaigns + 1).
    """

    campaign: tuple[str, ...]
    account_id: pa.StringArray
    is_attacker: NDArray[np.bool_]
    kind: NDArray[np.object_]
    unit: NDArray[np.int64]
    sent: NDArray[np.int64]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Truth of a world.

        Raises  MissingData when the folder has none.
        """
        sent, accounts = _query(folder, _SENT), _query(folder, _ACCOUNTS)
        account_id = _ascending(sent["account_id"])
        row = pc.index_in(sent["account_id"].combine_chunks(), value_set=account_id).to_numpy()
        campaign = _ascending(sent["campaign"].drop_null())
        place = pc.index_in(sent["campaign"].combine_chunks(), value_set=campaign)
        column = place.fill_null(len(campaign)).to_numpy(zero_copy_only=False)
        counts = np.zeros((len(account_id), len(campaign) + 1), np.int64)
        np.add.at(counts, (row, column), sent["n"].to_numpy())
        known = accounts.take(pc.index_in(account_id, value_set=accounts["account_id"].combine_chunks()))
        return cls(
            tuple(campaign.to_pylist()),
            account_id,
            np.asarray(pc.is_valid(known["campaign"]).to_numpy(), np.bool_),
            np.array(known["population"].to_pylist(), object),
            _most_sent(row, sent),
            counts,
        )

    @property
    def planted(self) -> NDArray[np.int64]:
        """Exchanges of each campaign."""
        return np.asarray(self.sent[:, :-1].sum(axis=0))

    def rows(self, account_id: pa.Array) -> NDArray[np.int64]:
        """Places of accounts, -1 where there is no such account."""
        found = pc.index_in(account_id.cast(pa.string()), value_set=self.account_id)
        return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def held_exchanges(folder: Path, truth: Truth, reported: pa.Table, names: list[str]) -> NDArray[np.int64]:
    """How many exchanges of each planted campaign, legitimate ones last, each reported campaign holds.

    reported    Columns exchange_id and campaign_id.
    names       Reported campaigns, in the order of the columns.
    Returns     Shape (planted + 1, names).
    """
    held = np.zeros((len(truth.campaign) + 1, len(names)), np.int64)
    rows = _query(folder, _HELD, reported=reported.select(["exchange_id", "campaign_id"])).to_pylist()
    place, column = {c: i for i, c in enumerate(truth.campaign)}, {c: j for j, c in enumerate(names)}
    for row in rows:
        if row["campaign_id"] in column:
            held[place.get(row["campaign"], len(truth.campaign)), column[row["campaign_id"]]] += row["n"]
    return held


def planted_times(folder: Path) -> dict[str, NDArray[np.int64]]:
    """Times of each planted campaign's exchanges, microseconds since 1970, ascending."""
    table = _query(folder, _TIMES, logs=str(folder / "logs" / "*.parquet"))
    names, times = table["campaign"].to_numpy(zero_copy_only=False), table["time_us"].to_numpy()
    return {name: times[names == name] for name in sorted(set(names.tolist()))}


def _query(folder: Path, sql: str, *, logs: str = "", reported: pa.Table | None = None) -> pa.Table:
    paths = {name: folder / "truth" / f"{name}.parquet" for name in ("exchanges", "accounts")}
    for path in paths.values():
        if not path.is_file():
            msg = f"{path} does not exist; run 'stillwatch simulate' first"
            raise MissingData(msg)
    named: dict[str, Any] = {name: str(path) for name, path in paths.items()} | {"logs": logs}
    with duckdb.connect() as connection:
        if reported is not None:
            connection.register("reported", reported)
        return connection.sql(sql, params={k: v for k, v in named.items() if f"${k}" in sql}).to_arrow_table()


def _ascending(column: pa.ChunkedArray) -> pa.Array:
    unique = pc.unique(column.cast(pa.string()))
    return unique.take(pc.sort_indices(unique))


def _most_sent(row: NDArray[np.int64], sent: pa.Table) -> NDArray[np.int64]:
    """Code of the entity that most of each account's exchanges belong to; ties go to the first by name."""
    entity = sent["entity"].combine_chunks()
    code = pc.index_in(entity, value_set=_ascending(sent["entity"])).to_numpy().astype(np.int64)
    pair, at = np.unique(np.column_stack([row, code]), axis=0, return_inverse=True)
    n = np.bincount(at.reshape(-1), weights=sent["n"].to_numpy())
    order = np.lexsort((pair[:, 1], -n, pair[:, 0]))
    first = np.unique(pair[order, 0], return_index=True)[1]
    return np.asarray(pair[order, 1][first])
