"""Uneven load: a harvest whose accounts have loads as different as those of people."""

from dataclasses import replace

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["UnevenLoad"]


class UnevenLoad:
    """An evasion of tests for evened-out load: a few accounts do most of the work."""

    name = "uneven-load"
    share = 0.03
    full_size = 150_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the harvest with log-normal weights of accounts."""
        n, span = brief.n, some_span(world, rng, 5.0, 12.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        if brief.options.policy is None:
            operation = replace(operation, policy="uneven")
            brief.operations[-1] = operation
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.2, population=-1, campaign=brief.number)
