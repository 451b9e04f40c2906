"""Padded turns: a follow-up after every question, so that nothing is single-turn."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.trajectories import going_on
from stillwatch.simulate.world import World

__all__ = ["PaddedTurns"]


class PaddedTurns:
    """An evasion of tests for sessions: every head has one padding turn on its account. Half of the cost is padding."""

    name = "padded-turns"
    share = 0.03
    full_size = 300_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft heads and their follow-ups."""
        n, span = brief.n, some_span(world, rng, 5.0, 12.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        turns = np.full(-(-n // 2), 2, np.int64)
        turns[-1] -= n % 2
        heads = apply_templates(world, rng, harvest_items(world, rng, len(turns)), int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, len(turns), turns)
        items = going_on(world, rng, heads, turns, tools=False)
        return Draft.of(n, **columns, **items, length=2.0, population=-1, campaign=brief.number)
