"""Bare questions: no template, no system prompt, a popular client."""

import numpy as np

from stillwatch.simulate.draft import Draft
from stillwatch.simulate.operation import accounts_needed, harvest_items, open_operation, work_off
from stillwatch.simulate.world import World

__all__ = ["BareQuestions"]


class BareQuestions:
    """A list of questions sent as they are, from one popular client with popular parameters."""

    name = "bare-questions"
    share = 0.05
    cover = 0.0

    def build(self, world: World, rng: np.random.Generator, n: int, n_cover: int, number: int) -> Draft:
        """Draft `n` bare exchanges."""
        del n_cover
        length = min(world.days, float(rng.uniform(6.0, 13.0)))
        start = float(rng.uniform(0.0, world.days - length))
        operation = open_operation(
            world, rng, accounts_needed(n, length), number=number, span=(start, start + length), own=False
        )
        operation.builds[:] = world.clients.popular_builds(rng, 1)[0]
        return Draft.of(
            n,
            **work_off(world, rng, operation, n),
            **harvest_items(world, rng, n),
            length=1.8,
            population=-1,
            campaign=number,
        )
