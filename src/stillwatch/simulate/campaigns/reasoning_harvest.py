"""Reasoning harvest: step-by-step, grading and refusal-safe rewriting templates over a list of hard questions."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["ReasoningHarvest"]


class ReasoningHarvest:
    """One program, several templates, about 26 exchanges per account and day."""

    name = "reasoning-harvest"
    share = 0.07
    full_size = 150_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the templated exchanges."""
        n = brief.n
        span = some_span(world, rng, 5.0, 12.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(3, 9)))
        return Draft.of(
            n, **work_off(world, rng, operation, n), **items, length=2.2, population=-1, campaign=brief.number
        )
