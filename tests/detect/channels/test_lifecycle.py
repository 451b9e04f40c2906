"""The lifecycle channel: mean e-value under stated nulls, power on plans, and the nulls it does not hold under."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels_failover import Starts, failover_ratios
from stillwatch.detect.channels._kernels_lives import Activity, largest_shares
from stillwatch.detect.channels._twins_failover import failover_payments
from stillwatch.detect.channels._twins_lives import largest_shares as shares_plainly
from stillwatch.detect.channels.infrastructure import LEAST_BITS
from stillwatch.detect.channels.lifecycle import LifecycleBits, lifecycle_bits
from stillwatch.detect.lives import LifeBook, lives

HOUR_US = 3_600_000_000
START_US = 1_780_012_800_000_000
DAYS = 21
FLOAT = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """Exchanges of accounts 1 to n: account, hours since the start, model."""

    account: NDArray[np.int64]
    hours: FLOAT
    model: NDArray[np.int64]


def daily(rng: np.random.Generator, hours: FLOAT, peak: float) -> FLOAT:
    """Move each time within its day so that it lies around the peak hour, as one time zone does."""
    return np.asarray(hours // 24 * 24 + (peak + rng.normal(0, 3, len(hours))) % 24, np.float64)


def people(
    rng: np.random.Generator, begin: FLOAT, live_hours: FLOAT, *, peak: float | None = None, first: int = 1
) -> World:
    """Accounts that send three times a day at random from `begin` on for `live_hours`."""
    n = rng.poisson(np.maximum(live_hours, 1.0) / 8) + 2
    account = np.repeat(np.arange(len(begin)), n)
    hours = begin[account] + rng.random(len(account)) * live_hours[account]
    hours = hours if peak is None else daily(rng, hours, peak)
    return World(account + first, np.clip(hours, 0, DAYS * 24 - 0.01), np.ones(len(account), np.int64))


Crowd: TypeAlias = Callable[[np.random.Generator, int, int], World]
"""Makes n accounts numbered from first."""


def joined(*worlds: World) -> World:
    """All of them."""
    return World(*(np.concatenate([getattr(w, name) for w in worlds]) for name in ("account", "hours", "model")))


def judged(family: World, others: World) -> LifecycleBits:
    """Bits of a family among others."""
    world = joined(family, others)
    account, time_us = world.account.astype(np.uint64), START_US + (world.hours * HOUR_US).astype(np.int64)
    order = np.lexsort((time_us, account))
    columns = {"account": account[order], "time_us": time_us[order], "model": world.model[order].astype(np.uint64)}
    book = LifeBook.build(lives(pa.table(columns)))
    at = np.argsort(family.hours, kind="stable")
    accounts, first, code = np.unique(family.account[at], return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first)).astype(np.int32)
    found = book.of(accounts[np.argsort(first)].astype(np.uint64))
    return lifecycle_bits(rank[code], START_US + (family.hours[at] * HOUR_US).astype(np.int64), found)


def adopters(rng: np.random.Generator, n: int, first: int, peak: float | None = None) -> World:
    """Unrelated people: half were there before, lives of all lengths."""
    begin = np.where(rng.random(n) < 0.5, 0.0, rng.random(n) * DAYS * 24)
    return people(rng, begin, np.minimum(rng.exponential(150, n), DAYS * 24 - begin), peak=peak, first=first)


def term(rng: np.random.Generator, n: int, first: int) -> World:
    """People who all begin in the week a term starts, here and everywhere."""
    begin = 48 + rng.random(n) * 100
    return people(rng, begin, np.minimum(rng.exponential(200, n), DAYS * 24 - begin), peak=14, first=first)


def release(rng: np.random.Generator, n: int, first: int) -> World:
    """People of whom most begin or change within hours after a model or tool comes out."""
    world = people(rng, np.zeros(n), np.full(n, DAYS * 24.0), first=first)
    change = 240 + rng.exponential(12, n + first)
    keen = rng.random(n + first) < 0.7
    return World(
        world.account,
        world.hours,
        1 + (keen[world.account - first] & (world.hours > change[world.account - first])).astype(np.int64),
    )


def viral(rng: np.random.Generator, n: int, first: int) -> World:
    """People who begin within hours of one another and lose interest each in their own time."""
    begin = 120 + rng.exponential(10, n)
    return people(rng, begin, np.minimum(rng.exponential(60, n), DAYS * 24 - begin), first=first)


NULLS = {
    "adopters": (adopters, adopters),
    "one time zone": (lambda rng, n, first: adopters(rng, n, first, 9.0), adopters),
    "term everywhere": (term, term),
    "release day": (release, release),
}


def e_values(inside: Crowd, outside: Crowd, n_families: int = 80) -> FLOAT:
    """E-values of stop, change, failover and total of families of 40 among 400."""
    rng = np.random.default_rng(7)
    found = [judged(inside(rng, 40, 1), outside(rng, 400, 1000)) for _ in range(n_families)]
    return np.exp2([[bits.stop, bits.change, bits.failover, bits.total] for bits in found])


@pytest.mark.parametrize("name", NULLS)
def test_mean_e_value_is_at_most_one(name: str) -> None:
    """Under the stated nulls each bet's mean e-value is at most 1 but for chance, and nothing comes near 10 bits."""
    e = e_values(*NULLS[name])
    assert (e.mean(axis=0) <= 1 + 3 * e.std(axis=0) / np.sqrt(len(e))).all()
    assert np.log2(e.max()) < LEAST_BITS


def test_a_viral_prompt_is_no_evidence() -> None:
    """People who begin together and drop out one by one are under no stated null, yet give few bits."""
    e = e_values(viral, adopters)
    assert e[:, 3].mean() < 1.2
    assert np.log2(e.max()) < LEAST_BITS / 2


def fleet(rng: np.random.Generator, n: int, begin: float, live: float) -> World:
    """Accounts that send 24 times a day from begin to end, one plan."""
    account = np.repeat(np.arange(1, n + 1), int(live))
    return World(account, begin + rng.random(len(account)) * live, np.ones(len(account), np.int64))


def test_a_fleet_that_stops_is_found() -> None:
    """Forty accounts that run for a week and end within an hour or two show as a stop, and as nothing else."""
    rng = np.random.default_rng(1)
    bits = judged(fleet(rng, 40, 100.0, 168.0), adopters(rng, 400, 1000))
    assert bits.stop > 60
    assert abs(bits.change) < 1
    assert bits.failover < 5


def test_a_fleet_that_runs_on_says_nothing() -> None:
    """What the end of the logs cuts off has no stop."""
    rng = np.random.default_rng(2)
    assert judged(fleet(rng, 40, 100.0, DAYS * 24 - 100.0), adopters(rng, 400, 1000)).total == 0


def test_replacements_are_found() -> None:
    """Accounts that die at random, each followed by a new one within half an hour, show as failover."""
    rng = np.random.default_rng(3)
    begin: list[float] = []
    live: list[float] = []
    seats = np.zeros(12)
    while len(begin) < 60:
        seat = int(np.argmin(seats))
        begin.append(seats[seat] + rng.uniform(0.05, 0.5))
        live.append(30 + rng.exponential(70))
        seats[seat] = begin[-1] + live[-1]
    n = 5 + rng.poisson(np.array(live))
    account = np.repeat(np.arange(60), n)
    span = np.array(live)[account]
    hours = np.array(begin)[account] + np.where(np.arange(len(account)) % 5 == 0, 1, rng.random(len(account))) * span
    hours[np.r_[0, np.cumsum(n)[:-1]]] = begin
    keep = hours < DAYS * 24
    world = World(account[keep] + 1, hours[keep], np.ones(keep.sum(), np.int64))
    bits = judged(world, adopters(rng, 600, 1000))
    assert bits.failover > 20


def test_a_move_to_a_new_model_is_found_when_others_move_in_their_own_time() -> None:
    """Forty accounts that change within two hours, while others take days, show as a change."""
    rng = np.random.default_rng(4)
    world = fleet(rng, 40, 0.0, DAYS * 24)
    change = 250 + 2 * rng.random(41)
    moved = World(world.account, world.hours, 1 + (world.hours > change[world.account]).astype(np.int64))
    bits = judged(moved, release(rng, 400, 1000))
    assert bits.change > 40
    assert bits.stop == 0


def test_a_tool_that_is_shut_down_is_not_covered() -> None:
    """The limit that the channel states: people whose tool ends stop together, and that looks like one hand."""
    rng = np.random.default_rng(5)
    begin = rng.random(40) * 150
    stopped = people(rng, begin, 300.0 - begin)
    ends = np.arange(1, 41)
    ended = World(
        np.r_[stopped.account, ends],
        np.r_[stopped.hours, np.full(40, 299.5)],
        np.ones(len(ends) + len(stopped.account), np.int64),
    )
    assert judged(ended, adopters(rng, 400, 1000)).stop > LEAST_BITS


def test_the_order_of_accounts_outside_does_not_matter() -> None:
    """Bits follow from who did what when, not from how accounts are called."""
    rng = np.random.default_rng(6)
    family, others = fleet(rng, 30, 50.0, 100.0), adopters(rng, 200, 1000)
    renamed = World(5000 - others.account, others.hours, others.model)
    assert judged(family, others) == judged(family, renamed)


@pytest.mark.parametrize("seed", range(6))
def test_kernel_equals_twin(seed: int) -> None:
    """What the failover bets pay agrees with the plain version."""
    rng = np.random.default_rng(seed)
    n, k = 600, 40
    time_us = START_US + np.sort(rng.integers(0, 5 * 24 * HOUR_US, n))
    account = rng.integers(0, k, n).astype(np.int32)

    def events(count: int) -> Starts:
        when = START_US + np.sort(rng.integers(0, 5 * 24 * HOUR_US, count))
        return Starts(rng.permutation(k)[:count], when, rng.exponential(5.0, count) + 0.5)

    arguments = events(25), events(20), (account, time_us), (rng.integers(0, 4, 110), START_US), np.array([3.0, 30.0])
    paid = failover_ratios(*arguments)
    np.testing.assert_allclose(paid, failover_payments(*arguments), rtol=1e-12)
    assert (paid != 1).any()


@pytest.mark.parametrize("seed", range(8))
def test_shares_equal_twin(seed: int) -> None:
    """Bins, hours of the day and fading of every event, whether or not anybody was settled by then."""
    rng = np.random.default_rng(seed)
    n, k, days = int(rng.integers(1, 200)), int(rng.integers(1, 9)), rng.choice([1, 9])
    account, time_us = rng.integers(0, k, n).astype(np.int32), np.sort(rng.integers(0, days * 24 * HOUR_US, n))
    first_us = rng.integers(0, 48 * HOUR_US, k)
    when_us, settled_us = rng.integers(24 * HOUR_US, days * 48 * HOUR_US, k), first_us + 24 * HOUR_US
    events = START_US + when_us, START_US + settled_us, rng.random((k, 3)) ** 4, np.array([1, 6, 24])
    activity = Activity(account, START_US + time_us, START_US + first_us)
    np.testing.assert_allclose(largest_shares(activity, *events), shares_plainly(activity, *events), rtol=1e-9)
