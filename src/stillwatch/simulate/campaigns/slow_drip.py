"""Slow drip: a few exchanges per account over the whole window, with a template."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["SlowDrip"]


class SlowDrip:
    """Many accounts with popular clients of their own, three or four exchanges each, one template."""

    name = "slow-drip"
    share = 0.025
    full_size = 150_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the exchanges of one account for about every 3.5."""
        n = brief.n
        n_accounts = brief.slots(max(brief.fewest, int(n / rng.uniform(2.8, 4.5))))
        operation = open_operation(world, rng, brief, n_accounts, span=(0.0, world.days), own=False)
        items = apply_templates(world, rng, harvest_items(world, rng, n), 1, "drip")
        return Draft.of(
            n, **work_off(world, rng, operation, n), **items, length=1.8, population=-1, campaign=brief.number
        )
