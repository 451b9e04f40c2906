"""Real people behind a relay: whole sessions of the folder's ordinary accounts, sent through the operator's."""

from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.keypool import Keys, assign
from stillwatch.bench.second_hand.network import Exits
from stillwatch.errors import MissingData

__all__ = ["Carried", "pick_sessions", "rewrite", "through"]

Ints = NDArray[np.int64]

PEOPLE: Final = "people"
"""Population of the truth that ordinary people are."""

_LOW_VOLUME: Final = 60
_MOST: Final = 0.3


class Carried:
    """Exchanges of the sessions that a relay carries, ascending in time.

    session     Code of each row's session.
    """

    def __init__(self, exchange_id: pa.Array, time_us: Ints, session: Ints) -> None:
        self.exchange_id = exchange_id
        self.time_us = time_us
        self.session = session

    def __len__(self) -> int:
        """How many exchanges."""
        return len(self.time_us)


def pick_sessions(rng: np.random.Generator, folder: Path, n: int, span: tuple[int, int], taken: set[str]) -> Carried:
    """Whole sessions of accounts of people who send little, about n exchanges and at most 30 % of all there are.

    span    The relay's first and last moment, microseconds; sessions that start inside may be carried.
    taken   Sessions that others carry; those picked here are added.
    Raises  MissingData when the folder has no ordinary people.
    """
    con = duckdb.connect()
    con.read_parquet(sorted(str(p) for p in (folder / "logs").glob("*.parquet"))).create_view("x")
    con.read_parquet(str(folder / "truth" / "accounts.parquet")).create_view("t")
    rows = con.sql(
        """WITH p AS (SELECT x.account_id, exchange_id, epoch_us(time) AS us,
                      coalesce(session_id, conversation_id, exchange_id) AS talk FROM x JOIN t USING (account_id)
                      WHERE t.population = ? AND t.campaign IS NULL),
                q AS (SELECT account_id FROM p GROUP BY 1 HAVING count(*) <= ?)
           SELECT exchange_id, us, account_id || talk AS talk FROM p SEMI JOIN q USING (account_id)
           ORDER BY us, exchange_id""",
        params=[PEOPLE, _LOW_VOLUME],
    ).to_arrow_table()
    if not rows.num_rows:
        msg = f"{folder} has no accounts of population '{PEOPLE}' for a relay to carry"
        raise MissingData(msg)
    names, session = np.unique(np.array(rows["talk"].to_pylist(), object).astype(str), return_inverse=True)
    opens = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(opens, session, rows["us"].to_numpy())
    free = np.array([name not in taken for name in names]) & (opens >= span[0]) & (opens <= span[1])
    size = np.bincount(session) * free
    order = rng.permutation(len(names))
    chosen = order[np.cumsum(size[order]) <= min(n, _MOST * rows.num_rows)]
    chosen = chosen[free[chosen]]
    taken.update(names[chosen].tolist())
    keep = np.flatnonzero(np.isin(session, chosen))
    us = rows["us"].to_numpy()[keep]
    return Carried(rows["exchange_id"].combine_chunks().take(pa.array(keep)), us, session[keep])


def through(rng: np.random.Generator, carried: Carried, policy: str, keys: Keys) -> Ints:
    """The relay's account for each row: chosen when a session starts, kept until it ends."""
    _, first, session = np.unique(carried.session, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    owner = np.empty(len(first), np.int64)
    owner[order] = assign(rng, policy, carried.time_us[first[order]], keys)
    return owner[session]


def rewrite(
    carried: Carried, account_id: pa.Array, organisation_id: pa.Array, exits: Exits, stacks: pa.Table | None
) -> pa.Table:
    """What the provider sees instead of the person: the relay's account, address and, unless it forwards it, client."""
    columns = {
        "exchange_id": carried.exchange_id,
        "account_id": account_id,
        "organisation_id": organisation_id,
        "client_address": exits.address,
        "client_asn": pa.array(exits.asn),
        "client_country": exits.country,
    }
    if stacks is not None:
        columns |= {name: stacks[name].combine_chunks() for name in stacks.column_names}
    return pa.table(columns)
