"""A new model: who takes it up, and when."""

import numpy as np

from stillwatch.simulate.clients import NEW_MODEL
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.world import World

__all__ = ["adopt"]

_DAY_US = 86_400_000_000
_ADOPTERS = 0.45
_MEAN_DAYS = 4.0
_SWITCHED = 0.85


def adopt(world: World, draft: Draft) -> None:
    """Let ordinary accounts take up the new model in their own time; changes the draft's models.

    Not quite half ever do within weeks, each after an exponential time of four days, for most of what they ask.
    """
    if world.release_day is None:
        return
    rng = world.rng("release")
    n = len(world.roster)
    start = world.roster.start_us + int(world.release_day * _DAY_US)
    day = start + (rng.exponential(_MEAN_DAYS, n) * _DAY_US).astype(np.int64)
    day[rng.random(n) >= _ADOPTERS] = np.iinfo(np.int64).max
    rows = np.flatnonzero((draft["campaign"] < 0) & (draft["time_us"] >= day[draft["account"]]))
    draft["model"][rows[rng.random(len(rows)) < _SWITCHED]] = NEW_MODEL
