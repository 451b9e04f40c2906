"""What a population of legitimate users must be."""

from typing import Protocol

import numpy as np

from stillwatch.simulate.draft import Draft
from stillwatch.simulate.world import World

__all__ = ["Population"]


class Population(Protocol):
    """A legitimate kind of use.

    name     As it stands in the truth.
    share    Of all legitimate exchanges, before normalising over the populations in use.
    """

    name: str
    share: float

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Open its accounts and draft exactly `n` exchanges; `number` is its place among the populations."""
        ...
