"""One per account: every exchange from an account that never sends another."""

from dataclasses import replace

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["OnePerAccount"]


class OnePerAccount:
    """Bulk-registered accounts with popular clients of their own, one templated exchange each."""

    name = "one-per-account"
    share = 0.02
    full_size = 150_000
    full_days = 14.0
    usual = Options(per_account=1.0)
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft one exchange for each account."""
        n = brief.n
        operation = open_operation(world, rng, brief, n, span=some_span(world, rng, 6.0, 13.0), own=False)
        operation = replace(operation, policy="quotas")
        brief.operations[-1] = operation
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(1, 4)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.0, population=-1, campaign=brief.number)
