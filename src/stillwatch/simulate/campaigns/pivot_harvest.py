"""Pivot harvest: a new model appears, and half of the traffic moves there within a day."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["PivotHarvest"]

_PIVOT_SHARE = 3 / 7


class PivotHarvest:
    """A month of 13 million exchanges at the public figure per account and day, templated."""

    name = "pivot-harvest"
    share = 0.05
    full_size = 13_000_000
    full_days = 30.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the part that falls into the window; the model appears at three sevenths of it by default."""
        if brief.options.pivot_day is None:
            brief.options = brief.options.over(Options(pivot_day=_PIVOT_SHARE * world.days))
        n, span = brief.n, (0.0, world.days)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(4, 9)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.2, population=-1, campaign=brief.number)
