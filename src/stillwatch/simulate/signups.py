"""Accounts that are opened inside the window, as new customers and new staff of an operation are."""

import numpy as np

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.slots import Lives
from stillwatch.simulate.world import World

__all__ = ["restocked", "sign_up_late"]

_DAY_US = 86_400_000_000
_NEWCOMERS = 0.3
_HOUR_US = 3_600_000_000


def restocked(world: World, rng: np.random.Generator, lives: Lives, created: IntArray) -> IntArray:
    """When accounts were opened, microseconds: `created`, and replacements from a stock filled shortly before."""
    later = lives.begin_s > 0.0
    if not later.any():
        return created
    begin = world.roster.start_us + (lives.begin_s * 1e6).astype(np.int64)
    stock = (rng.gamma(1.5, 0.4, len(lives)) * _DAY_US).astype(np.int64) + 60_000_000
    return np.where(later, begin - stock, created)


def sign_up_late(world: World, draft: Draft) -> None:
    """Open some accounts just before their first exchange, when that is a day into the window or later.

    Of legitimate kinds about three in ten; of each campaign none, a few or most, as its operator has it. Replacements
    keep the time at which they were bought.
    """
    rng, roster = world.rng("sign-ups"), world.roster
    first = np.full(len(roster), np.iinfo(np.int64).max)
    np.minimum.at(first, draft["account"], draft["time_us"])
    late = (first >= roster.start_us + _DAY_US) & (first < np.iinfo(np.int64).max)
    number = roster.column("campaign")
    share = rng.choice([0.0, 0.2, 0.7], max(1, int(number.max(initial=0)) + 1))
    chance = np.where(number >= 0, share[np.maximum(number, 0)], _NEWCOMERS)
    # one organisation's keys were opened long before they are all in use
    own = (roster.column("use") < 0) & (roster.column("created_us") <= roster.start_us)
    chosen = np.flatnonzero(late & own & (rng.random(len(roster)) < chance))
    waited = (rng.lognormal(np.log(1.5), 1.3, len(chosen)) * _HOUR_US).astype(np.int64) + 30_000_000
    roster.reopen(chosen, first[chosen] - np.minimum(waited, 5 * _DAY_US))
