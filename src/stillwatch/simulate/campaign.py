"""What a planted campaign must be."""

from typing import Protocol

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["Campaign"]


class Campaign(Protocol):
    """An undeclared harvest.

    name        Kind of campaign.
    share       Of all exchanges, harvest only, in a run of a stated number of exchanges.
    full_size   Harvested exchanges at scale 1, over `full_days`.
    usual       Options where nobody gives others.
    mixes       True when it drafts its cover itself.
    """

    name: str
    share: float
    full_size: int
    full_days: float
    usual: Options
    mixes: bool

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft ``brief.n`` harvested exchanges, and ``brief.n_cover`` ordinary ones if it `mixes`."""
        ...
