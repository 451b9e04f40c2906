"""Relay-like cover: every account carries as much ordinary traffic as a relay account does."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.populations.relays import open_relay, relay_people
from stillwatch.simulate.relay_harvest import PEOPLE, relay_operation
from stillwatch.simulate.world import World

__all__ = ["RelayLikeCover"]

_PER_ACCOUNT = 90


class RelayLikeCover:
    """An evasion of tests on whole accounts: ten ordinary exchanges, up to thirty, for each harvested one."""

    name = "relay-like-cover"
    share = 0.008
    full_size = 150_000
    full_days = 14.0
    usual = Options(cover=10.0)
    mixes = True

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the harvest and its cover over one pool."""
        n, both = brief.n, brief.n + brief.n_cover
        usual = max(min(both, brief.fewest), both // _PER_ACCOUNT)
        relay = open_relay(
            world, rng, brief.slots(usual, most=both), brief.options, campaign=brief.number, population=-1
        )
        operation = relay_operation(world, rng, relay, brief)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, n)
        harvest = Draft.of(n, **columns, **items, length=2.0, population=-1, campaign=brief.number)
        if not brief.n_cover:
            return harvest
        cover = relay_people(world, rng, relay, brief.n_cover, PEOPLE)
        cover["entity"][:] = world.entity(self.name)
        return Draft.concat([cover, harvest])
