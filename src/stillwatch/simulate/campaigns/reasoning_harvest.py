"""Reasoning harvest: step-by-step, grading and refusal-safe rewriting templates over a list of hard questions."""

import numpy as np

from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import accounts_needed, harvest_items, open_operation, work_off
from stillwatch.simulate.world import World

__all__ = ["ReasoningHarvest"]


class ReasoningHarvest:
    """One program, several templates, about 26 exchanges per account and day."""

    name = "reasoning-harvest"
    share = 0.07
    cover = 0.0

    def build(self, world: World, rng: np.random.Generator, n: int, n_cover: int, number: int) -> Draft:
        """Draft `n` templated exchanges."""
        del n_cover
        length = min(world.days, float(rng.uniform(5.0, 12.0)))
        start = float(rng.uniform(0.0, world.days - length))
        operation = open_operation(
            world, rng, accounts_needed(n, length), number=number, span=(start, start + length), own=True
        )
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(3, 9)))
        return Draft.of(n, **work_off(world, rng, operation, n), **items, length=2.2, population=-1, campaign=number)
