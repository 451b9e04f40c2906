"""Small ring: fifteen accounts and no more."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["SmallRing"]

_RING = 15


class SmallRing:
    """An evasion of tests that need many accounts: a ring of fifteen, whatever the scale."""

    name = "small-ring"
    share = 0.02
    full_size = 150_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the harvest over the ring."""
        n, span = brief.n, some_span(world, rng, 8.0, 14.0)
        operation = open_operation(world, rng, brief, brief.slots(_RING), span=span, own=True)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.2, population=-1, campaign=brief.number)
