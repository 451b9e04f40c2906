"""Sorted list: a harvest that works its list off in the order in which it was built."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import by_topic, harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["SortedList"]


class SortedList:
    """An evasion of tests for shuffled streams: questions of one topic follow one another, as in the talk of people."""

    name = "sorted-list"
    share = 0.03
    full_size = 150_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the list in order of topic."""
        n, span = brief.n, some_span(world, rng, 5.0, 12.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        items = apply_templates(world, rng, by_topic(world, harvest_items(world, rng, n)), int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.2, population=-1, campaign=brief.number)
