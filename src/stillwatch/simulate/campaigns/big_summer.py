"""Big summer: one list, a dozen templates, 25,000 accounts for 45 days."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["BigSummer"]

_PER_ACCOUNT_DAY = 28_800_000 / 25_000 / 45.0


class BigSummer:
    """The largest disclosure of 2026: 28.8 million exchanges, about 26 per account and day."""

    name = "big-summer"
    share = 0.06
    full_size = 28_800_000
    full_days = 45.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the part of it that falls into the window."""
        n, span = brief.n, (0.0, world.days)
        operation = open_operation(world, rng, brief, staffed(brief, span, _PER_ACCOUNT_DAY), span=span, own=True)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(8, 15)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.0, population=-1, campaign=brief.number)
