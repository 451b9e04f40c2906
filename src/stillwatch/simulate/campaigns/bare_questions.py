"""Bare questions: no template, no system prompt, a popular client."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["BareQuestions"]


class BareQuestions:
    """A list of questions sent as they are, from one popular client with popular parameters."""

    name = "bare-questions"
    share = 0.05
    full_size = 400_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the bare exchanges."""
        n = brief.n
        span = some_span(world, rng, 6.0, 13.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=False)
        operation.builds[:] = world.clients.popular_builds(rng, 1)[0]
        return Draft.of(
            n,
            **work_off(world, rng, operation, n),
            **harvest_items(world, rng, n),
            length=1.8,
            population=-1,
            campaign=brief.number,
        )
