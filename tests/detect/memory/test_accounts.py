"""Accounts of many windows are what one window over all of them would show."""

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.detect.lives import LIFE, lives
from stillwatch.detect.memory.accounts import FIRST, AccountMemory, first_uses

DAY_US = 86_400_000_000


def exchanges(seed: int, *, models: int = 2) -> pa.Table:
    """Exchanges of twelve accounts over eight days, each with its own gaps, sorted by time."""
    rng = np.random.default_rng(seed)
    account = rng.integers(1, 13, 400)
    time_us = np.sort(rng.integers(0, 8 * DAY_US, 400))
    late = time_us > (account % 5 + 2) * DAY_US
    model = np.where(late & (account % 3 == 0), models, 1)
    columns = {"account": account.astype(np.uint64), "time_us": time_us, "exchange": np.arange(400, dtype=np.uint64)}
    return pa.table(columns | {"model": model.astype(np.uint64)})


def remembered(table: pa.Table) -> AccountMemory:
    """What one window over these exchanges leaves."""
    by_time = table.sort_by([("account", "ascending"), ("time_us", "ascending")])
    by_model = table.sort_by([("account", "ascending"), ("model", "ascending"), ("time_us", "ascending")])
    account, first = np.unique(by_time["account"].to_numpy(), return_index=True)
    columns = {"account": account} | {name: by_time[name].to_numpy()[first] for name in ("time_us", "exchange")}
    columns |= {name: account * np.uint64(10) for name in ("prefix", "asn", "tls")}
    return AccountMemory(pa.table(columns, schema=FIRST), lives(by_time), first_uses(by_model))


def days(table: pa.Table) -> list[AccountMemory]:
    """One memory a day."""
    day = table["time_us"].to_numpy() // DAY_US
    return [remembered(table.filter(pa.array(day == d))) for d in np.unique(day)]


@pytest.mark.parametrize("seed", range(8))
def test_days_together_give_the_lives_of_one_window(seed: int) -> None:
    """First and last exchange, longest silence and change of model are those of all exchanges at once."""
    table = exchanges(seed)
    *earlier, last = days(table)
    memory = AccountMemory()
    for day in earlier:
        memory = memory.merge(day)
    whole = remembered(table)
    found = memory.lives(last)
    for name in ("account", "n", "first_us", "last_us", "longest_gap_us"):
        assert found[name].equals(whole.activity[name])
    assert memory.merge(last).firsts.equals(whole.firsts)
    assert memory.merge(last).uses.equals(whole.uses)
    known = {row["account"]: row["changed_us"] for row in whole.activity.to_pylist() if row["changed_us"]}
    changed = {row["account"]: row["changed_us"] for row in found.to_pylist() if row["changed_us"]}
    assert known
    assert changed.items() <= known.items()
    assert len(changed) >= len(known) - 1


def test_one_window_alone_is_passed_on() -> None:
    """With nothing remembered the lives are the window's own, to the last field."""
    today = remembered(exchanges(1))
    assert AccountMemory().lives(today).equals(today.activity)


@pytest.mark.parametrize("seed", range(3))
def test_merging_is_commutative_and_associative(seed: int) -> None:
    """In whatever order days come."""
    a, b, c = days(exchanges(seed))[:3]
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))


def test_accounts_that_fell_silent_are_forgotten() -> None:
    """Nothing is left of an account that was last active before, and all of the first appearance of the others."""
    table = exchanges(2)
    old = table.set_column(0, "account", pa.array(table["account"].to_numpy() + np.uint64(100)))
    old = old.filter(pa.array(old["time_us"].to_numpy() < DAY_US))
    memory = remembered(old)
    for day in days(table):
        memory = memory.merge(day)
    left = memory.since(4 * DAY_US)
    assert max(left.firsts["account"].to_pylist()) <= 12
    assert set(left.uses["account"].to_pylist()) == set(left.firsts["account"].to_pylist())
    assert min(left.activity["last_us"].to_pylist()) >= 4 * DAY_US
    assert left.firsts["time_us"].to_numpy().min() < DAY_US
    assert left.activity.schema == LIFE
