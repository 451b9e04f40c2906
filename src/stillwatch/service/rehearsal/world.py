"""The traffic of the story: simulated days with two campaigns in them, moved so that they end at the last midnight.

Detection and decisions see exchanges and the table of accounts. What was planted is for the judge of the story alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.model.exchange import TIME_TYPE
from stillwatch.simulate import simulate

__all__ = ["MAIN", "Plot", "Truth", "World", "make_world"]

MAIN: Final = "reasoning-harvest"
"""The campaign that the story is about; the other sends less than any person does, with each of its accounts."""
_PER_DAY: Final = 26
"""Exchanges of an account, which is public of large harvests."""
_DAILY: Final = 1_000
"""Exchanges a day of all for one account of the main campaign, and for five of the other: such shares of a day's
accounts as a second person may still allow to be touched."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plot:
    """What is simulated.

    exchanges   Of all days.
    days        At least 2. The last is played under policies, half a day before it without, the rest is history.
    campaigns   As `simulate` takes them, `MAIN` among them; None plants two in proportion to the traffic.
    """

    exchanges: int = 60_000
    seed: int = 7
    days: int = 3
    campaigns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """What an exchange really is.

    campaign    None for what is legitimate.
    kind        Kind of legitimate use, or the campaign's name.
    """

    campaign: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class World:
    """Traffic of some days.

    exchanges   In time order.
    accounts    The provider's table of accounts.
    start, end  Midnights.
    truth       By exchange.
    """

    exchanges: pa.Table
    accounts: Path
    start: datetime
    end: datetime
    truth: Mapping[str, Truth]

    def between(self, start: datetime, end: datetime) -> pa.Table:
        """Exchanges from a time to before another."""
        time = self.exchanges["time"]
        lower, upper = pa.scalar(start, TIME_TYPE), pa.scalar(end, TIME_TYPE)
        return self.exchanges.filter(pc.and_(pc.greater_equal(time, lower), pc.less(time, upper)))

    def first_of(self, campaign: str) -> datetime:
        """When a campaign's first exchange came."""
        times = zip(self.exchanges["exchange_id"].to_pylist(), self.exchanges["time"].to_pylist(), strict=True)
        found: datetime = next(time for name, time in times if self.truth[name].campaign == campaign)
        return found


def make_world(folder: Path, plot: Plot, now: datetime) -> World:
    """Simulate it in an empty folder.

    now     The traffic ends at the midnight before, UTC: hours of the day stay what they are.
    Raises  As `simulate`.
    """
    days, campaigns = plot.days, plot.campaigns or _campaigns(plot.exchanges, plot.days)
    made = simulate(folder, exchanges=plot.exchanges, seed=plot.seed, days=days, campaigns=campaigns)
    table = pa.concat_tables([pq.read_table(path) for path in made.logs])
    end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first: datetime = pc.min(table["time"]).as_py()
    begins = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    by = end - days * _DAY - begins
    _move(made.accounts, "created_at", by)
    return World(_moved(table, "time", by), made.accounts, end - days * _DAY, end, _truth(made.truth))


def _campaigns(exchanges: int, days: int) -> tuple[str, ...]:
    accounts = max(1, exchanges // days // _DAILY)
    return (
        f"{MAIN}:accounts={accounts},per_account={_PER_DAY * days}",
        f"slow-drip:accounts={5 * accounts},per_account=5",
    )


def _moved(table: pa.Table, column: str, by: timedelta) -> pa.Table:
    moved = pc.add(table[column], pa.scalar(by, pa.duration("us")))
    return table.set_column(table.schema.get_field_index(column), table.schema.field(column), moved)


def _move(path: Path, column: str, by: timedelta) -> None:
    pq.write_table(_moved(pq.read_table(path), column, by), path)


def _truth(folder: Path) -> dict[str, Truth]:
    table = pq.read_table(folder / "exchanges.parquet")
    columns = (table[name].to_pylist() for name in ("exchange_id", "campaign", "population"))
    return {name: Truth(campaign, campaign or kind) for name, campaign, kind in zip(*columns, strict=True)}
