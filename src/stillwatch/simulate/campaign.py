"""What a planted campaign must be."""

from typing import Protocol

import numpy as np

from stillwatch.simulate.draft import Draft
from stillwatch.simulate.world import World

__all__ = ["Campaign"]


class Campaign(Protocol):
    """An undeclared harvest.

    name     Kind of campaign.
    share    Of all exchanges, harvest only.
    cover    Ordinary people's exchanges over the same accounts, per harvested one.
    """

    name: str
    share: float
    cover: float

    def build(self, world: World, rng: np.random.Generator, n: int, n_cover: int, number: int) -> Draft:
        """Draft `n` harvest exchanges and `n_cover` ordinary ones; `number` is its place among the run's campaigns."""
        ...
