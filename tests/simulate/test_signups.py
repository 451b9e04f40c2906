"""Accounts opened inside the window, and a new model taken up."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.clients import NEW_MODEL
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.operation import open_operation
from stillwatch.simulate.options import Options
from stillwatch.simulate.releases import adopt
from stillwatch.simulate.roster import USES
from stillwatch.simulate.signups import sign_up_late
from stillwatch.simulate.world import START_US, World, make_world

DAY_US = 86_400_000_000


def peopled() -> tuple[World, Draft]:
    """A world in which 3,000 people act on days 0 to 13, and 200 more never."""
    world = make_world(8, 2_000, 14.0, 0.0, None)
    rng = np.random.default_rng(0)
    accounts = world.roster.add(3_200, **world.roster.unrelated(rng, 3_200))
    time = START_US + (rng.uniform(0.0, 14.0, 9_000) * DAY_US).astype(np.int64)
    return world, Draft.of(9_000, account=rng.choice(accounts[:3_000], 9_000), time_us=time)


def test_newcomers_sign_up_before_they_act() -> None:
    """Some of those who first act a day into the window or later sign up inside it, at most five days before."""
    world, draft = peopled()
    before = world.roster.column("created_us")
    sign_up_late(world, draft)
    after = world.roster.column("created_us")
    first = np.full(len(after), np.iinfo(np.int64).max)
    np.minimum.at(first, draft["account"], draft["time_us"])
    moved = after != before
    assert (after <= first).all()
    assert (first[moved] >= START_US + DAY_US).all()
    assert (first[moved] - after[moved] <= 5 * DAY_US + 60_000_000).all()
    late = (first >= START_US + DAY_US) & (first < np.iinfo(np.int64).max)
    assert abs(moved[late].mean() - 0.3) < 0.04


def test_declared_customers_and_replacements_keep_their_dates() -> None:
    """Who has declared a use was there before, and a replacement was bought when it was bought."""
    world = make_world(8, 2_000, 14.0, 0.0, None)
    rng = np.random.default_rng(0)
    declared = world.roster.add(300, **world.roster.unrelated(rng, 300), use=USES.index("fleet"))
    brief = Brief(900, 0, options=Options(lifetime_days=2.0))
    operation = open_operation(world, rng, brief, 60, span=(0.0, 14.0), own=True)
    accounts = np.concatenate([declared, operation.accounts])
    before = world.roster.column("created_us")
    draft = Draft.of(len(accounts), account=accounts, time_us=START_US + 13 * DAY_US)
    sign_up_late(world, draft)
    kept = np.concatenate([declared, operation.accounts[operation.slots.lives.begin_s > DAY_US * 2 / 1e6]])
    inside = before[kept] > START_US
    assert (world.roster.column("created_us")[declared] == before[declared]).all()
    assert (world.roster.column("created_us")[kept[inside]] == before[kept[inside]]).all()


def test_nobody_has_what_is_not_released() -> None:
    """Without a release nothing changes; with one, accounts move one after another and stay."""
    world, draft = peopled()
    adopt(world, draft)
    assert not (draft["model"] == NEW_MODEL).any()
    world.release_model(9.0)
    world.release_model(4.0)
    world.release_model(6.0)
    adopt(world, draft)
    new = draft["model"] == NEW_MODEL
    day = (draft["time_us"] - START_US) / DAY_US
    assert not new[day < 4.0].any()
    assert 0.02 < new[(day > 4.0) & (day < 6.0)].mean() < new[day > 11.0].mean() < 0.45


def test_campaigns_are_not_moved_by_others() -> None:
    """Harvested exchanges keep the model their operator chose."""
    world, draft = peopled()
    draft["campaign"][:] = 0
    world.release_model(1.0)
    adopt(world, draft)
    assert not (draft["model"] == NEW_MODEL).any()
