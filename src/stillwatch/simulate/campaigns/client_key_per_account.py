"""Client key per account: no template, and another client and other parameters for every account."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["ClientKeyPerAccount"]


class ClientKeyPerAccount:
    """An evasion of views that group by text or client: bare questions, no two accounts alike in build and setting."""

    name = "client-key-per-account"
    share = 0.03
    full_size = 150_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft bare questions."""
        n, span = brief.n, some_span(world, rng, 6.0, 13.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=False)
        accounts = len(operation.accounts)
        operation.builds[:], operation.settings[:] = world.clients.unlike(rng, accounts)
        operation.models[:] = world.clients.models(rng, accounts)
        items, columns = harvest_items(world, rng, n), work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=1.8, population=-1, campaign=brief.number)
