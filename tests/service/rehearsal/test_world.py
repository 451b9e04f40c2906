"""The traffic of the story: where it ends, and that it is what was simulated."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stillwatch.service.rehearsal.world import MAIN, Plot, World, make_world

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two days of few."""
    plot = Plot(4_000, 3, 2, (f"{MAIN}:accounts=6,per_account=20",))
    return make_world(tmp_path_factory.mktemp("world") / "simulated", plot, NOW)


def test_it_ends_at_the_last_midnight(world: World) -> None:
    """In time order, from a midnight to a midnight, nothing outside."""
    times = world.exchanges["time"].to_pylist()
    assert (world.start, world.end) == (MIDNIGHT - timedelta(days=2), MIDNIGHT)
    assert times == sorted(times)
    assert world.start <= times[0] <= times[-1] < world.end
    assert times[0] - world.start < timedelta(hours=2)


def test_all_is_moved_by_whole_days(world: World, tmp_path: Path) -> None:
    """Hours of the day are those that were simulated, and no account is opened after its first exchange."""
    again = make_world(tmp_path / "again", Plot(4_000, 3, 2, (f"{MAIN}:accounts=6,per_account=20",)), NOW)
    simulated = pq.read_table(next((tmp_path / "again" / "logs").glob("*.parquet")))["time"].to_pylist()
    by = {moved - before for moved, before in zip(again.exchanges["time"].to_pylist(), simulated, strict=True)}
    assert len(by) == 1
    assert by.pop() % timedelta(days=1) == timedelta()
    assert again.exchanges.equals(world.exchanges)
    accounts = pq.read_table(world.accounts)
    opened = dict(zip(accounts["account_id"].to_pylist(), accounts["created_at"].to_pylist(), strict=True))
    firsts = zip(world.exchanges["account_id"].to_pylist(), world.exchanges["time"].to_pylist(), strict=True)
    assert all(opened[account] <= time for account, time in firsts)


def test_truth_is_of_every_exchange(world: World) -> None:
    """The campaign is there, and so are others; its first exchange is the first that the truth names."""
    ids = world.exchanges["exchange_id"].to_pylist()
    assert set(world.truth) == set(ids)
    mine = [name for name in ids if world.truth[name].campaign == MAIN]
    assert len(mine) == 120
    times = dict(zip(ids, world.exchanges["time"].to_pylist(), strict=True))
    assert world.first_of(MAIN) == times[mine[0]]
    assert all((truth.kind == MAIN) == (truth.campaign == MAIN) for truth in world.truth.values())


def test_parts_make_up_the_whole(world: World) -> None:
    """From a time to before another; the ends belong to one part only."""
    cut = world.exchanges["time"][1_000].as_py()
    first, second = world.between(world.start, cut), world.between(cut, world.end)
    assert first.num_rows + second.num_rows == world.exchanges.num_rows
    assert second["time"][0].as_py() == cut
