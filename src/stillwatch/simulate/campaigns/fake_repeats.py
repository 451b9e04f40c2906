"""Fake repeats: accounts send some of their questions again, as people do."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items, with_repeats
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["FakeRepeats"]

_REPEATED = 0.35


class FakeRepeats:
    """An evasion of tests for lists without replacement; it costs a third of the budget."""

    name = "fake-repeats"
    share = 0.03
    full_size = 200_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the list with repeats inside each account."""
        n, span = brief.n, some_span(world, rng, 5.0, 12.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, n)
        items = with_repeats(rng, columns["account"], items, _REPEATED)
        return Draft.of(n, **columns, **items, length=2.2, population=-1, campaign=brief.number)
