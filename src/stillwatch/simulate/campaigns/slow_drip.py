"""Slow drip: a few exchanges per account over the whole window, with a template."""

import numpy as np

from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import harvest_items, open_operation, work_off
from stillwatch.simulate.world import World

__all__ = ["SlowDrip"]


class SlowDrip:
    """Many accounts with popular clients of their own, three or four exchanges each, one template."""

    name = "slow-drip"
    share = 0.025
    cover = 0.0

    def build(self, world: World, rng: np.random.Generator, n: int, n_cover: int, number: int) -> Draft:
        """Draft `n` exchanges of about ``n / 3.5`` accounts."""
        del n_cover
        n_accounts = min(n, max(60, int(n / rng.uniform(2.8, 4.5))))
        operation = open_operation(world, rng, n_accounts, number=number, span=(0.0, world.days), own=False)
        items = apply_templates(world, rng, harvest_items(world, rng, n), 1, "drip")
        return Draft.of(n, **work_off(world, rng, operation, n), **items, length=1.8, population=-1, campaign=number)
