"""How an operation opens accounts and works a list off."""

from collections import Counter

import numpy as np
import pytest

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.clients import NEW_MODEL
from stillwatch.simulate.operation import PAYMENT_GROUPS, moved_on, open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import POLICIES, Options
from stillwatch.simulate.world import START_US, World, make_world

WINDOW = (0.0, 14.0)
DAY_US = 86_400_000_000


def test_payment_groups(world: World, rng: np.random.Generator) -> None:
    """Accounts share means of payment in groups of a stated size, and one in eight pays nothing."""
    sizes = set()
    for _ in range(12):
        operation = open_operation(world, rng, Brief(9_000, 0), 240, span=WINDOW, own=True)
        payment = world.roster.column("payment")[operation.accounts]
        assert (payment < 0).mean() < 0.25
        sizes.add(max(Counter(payment[payment >= 0].tolist()).values()))
    assert max(sizes) > 20
    assert all(any(size <= group for group in PAYMENT_GROUPS) for size in sizes)


@pytest.mark.parametrize("group", [1, 3, 5, 17, 40])
def test_payment_group_as_asked(world: World, rng: np.random.Generator, group: int) -> None:
    """Any group size can be asked for: no group is bigger, and some are that big."""
    brief = Brief(9_000, 0, options=Options(payment_group=group))
    operation = open_operation(world, rng, brief, 340, span=WINDOW, own=True)
    payment = world.roster.column("payment")[operation.accounts]
    biggest = max(Counter(payment[payment >= 0].tolist()).values())
    assert 0.7 * group <= biggest <= group
    assert operation.described()["payment_group"] == group


def test_work_is_spread_and_ordered(world: World, rng: np.random.Generator) -> None:
    """Jobs run in order of time within the span, and every dispatcher uses nearly all accounts."""
    for _ in range(6):
        operation = open_operation(world, rng, Brief(2_000, 0), 60, span=(2.0, 9.0), own=False)
        columns = work_off(world, rng, operation, 2_000)
        assert (np.diff(columns["time_us"]) >= 0).all()
        assert len(np.unique(columns["account"])) >= 55
        assert columns["time_us"].max() - columns["time_us"].min() < 7 * DAY_US


@pytest.mark.parametrize("policy", POLICIES)
def test_policies_have_their_laws(world: World, rng: np.random.Generator, policy: str) -> None:
    """What the next account is, given the past: a coin, the longest idle, a round, or the same for an hour."""
    brief = Brief(3_000, 0, options=Options(policy=policy))
    operation = open_operation(world, rng, brief, 30, span=(1.0, 9.0), own=True)
    account = work_off(world, rng, operation, 3_000)["account"]
    last: dict[int, int] = {}
    waited = []
    for turn, one in enumerate(account.tolist()):
        if one in last:
            waited.append(turn - last[one])
        last[one] = turn
    idle = np.array(waited)
    if policy == "uniform":
        # a geometric wait: variance about the square of the mean
        assert 0.8 < idle.std() / idle.mean() < 1.2
        assert (idle < 5).mean() > 0.1
    elif policy == "idle":
        # never long before its turn, but for accounts still busy
        assert (idle >= 25).mean() > 0.9
    elif policy == "quotas":
        counts = np.bincount(account)[np.unique(account)]
        assert counts.max() - counts.min() <= 1
        assert idle.max() < 60
    else:
        assert (idle < 10).mean() > 0.5


def test_lifetimes(rng: np.random.Generator) -> None:
    """Banned accounts are never used again, their successors are opened before they serve, and slots stay filled."""
    world = make_world(4, 2_000, 14.0, 0.0, None)
    brief = Brief(8_000, 0, options=Options(lifetime_days=2.0, policy="uniform"))
    operation = open_operation(world, rng, brief, 40, span=WINDOW, own=True)
    assert 5 * 40 < len(operation.accounts) < 11 * 40
    columns = work_off(world, rng, operation, 8_000)
    time, account = columns["time_us"], columns["account"]
    place = np.searchsorted(operation.accounts, account)
    lives = operation.slots.lives
    begin_us = START_US + (lives.begin_s * 1e6).astype(np.int64)
    assert (time >= begin_us[place] - 1).all()
    followed = np.append(lives.slot[1:] == lives.slot[:-1], False)
    end_us = np.where(followed, np.append(begin_us[1:], 0), np.iinfo(np.int64).max)
    assert (time <= end_us[place]).all()
    assert (world.roster.column("created_us")[account] < time).all()


def test_replacements_pay_with_those_who_come_together(rng: np.random.Generator) -> None:
    """A means of payment serves accounts that begin one after another, not the lives of one slot."""
    world = make_world(4, 2_000, 14.0, 0.0, None)
    brief = Brief(8_000, 0, options=Options(lifetime_days=1.0, payment_group=5))
    operation = open_operation(world, rng, brief, 50, span=WINDOW, own=True)
    payment = world.roster.column("payment")[operation.accounts]
    begin = operation.slots.lives.begin_s
    late = begin > 0
    spread = [np.ptp(begin[late & (payment == one)]) for one in np.unique(payment[late & (payment >= 0)])]
    assert np.mean(spread) < 86_400.0


def test_share_that_moved() -> None:
    """Half within a day of the new model, never before it, and more with time."""
    rng = np.random.default_rng(0)
    day = np.repeat([3.9, 4.5, 5.0, 8.0], 20_000) * 86_400.0
    moved = moved_on(rng, day, 4.0).reshape(4, -1).mean(axis=1)
    assert moved[0] == 0.0
    assert abs(moved[1] - 0.29) < 0.02
    assert abs(moved[2] - 0.58) < 0.02
    assert 0.7 < moved[3] <= 0.9


def test_pivots_stretch_the_span(rng: np.random.Generator) -> None:
    """An operation that is told to pivot is at work before and after, and the world has a new model."""
    world = make_world(4, 2_000, 14.0, 0.0, None)
    brief = Brief(1_000, 0, options=Options(pivot_day=10.0))
    operation = open_operation(world, rng, brief, 20, span=(1.0, 4.0), own=True)
    assert operation.start_day <= 8.0
    assert operation.end_day >= 13.0
    assert world.release_day == 10.0
    assert (work_off(world, rng, operation, 1_000)["model"] == NEW_MODEL).any()


def test_conversations_stay_inside_the_window(rng: np.random.Generator) -> None:
    """Turns of a conversation are whole and in order, also at the end of the window."""
    world = make_world(4, 2_000, 14.0, 0.0, None)
    operation = open_operation(world, rng, Brief(800, 0), 20, span=(13.9, 14.0), own=True)
    turns = rng.integers(1, 30, 80)
    columns = work_off(world, rng, operation, len(turns), turns)
    assert len(columns["time_us"]) == turns.sum()
    starts = np.cumsum(turns) - turns
    for start, n in zip(starts.tolist(), turns.tolist(), strict=True):
        mine = slice(start, start + n)
        assert columns["turn"][mine].tolist() == list(range(1, n + 1))
        assert (np.diff(columns["time_us"][mine]) >= 0).all()
        assert len(set(columns["account"][mine].tolist())) == 1
    assert columns["time_us"].max() < START_US + 14 * DAY_US


def test_staff(world: World, rng: np.random.Generator) -> None:
    """Options say how many accounts there are, else the public figure does."""
    span = some_span(world, rng, 5.0, 5.0)
    assert span[1] - span[0] == pytest.approx(5.0)
    assert staffed(Brief(26 * 5 * 300, 0), span) == 300
    assert staffed(Brief(26 * 5 * 300, 0, options=Options(accounts=70)), span) == 70
    assert staffed(Brief(1_000, 0, options=Options(per_account=10.0)), span) == 100
    assert staffed(Brief(30, 0, fewest=20), span) == 20
