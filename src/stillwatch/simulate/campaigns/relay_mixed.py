"""Relay-mixed: a relay network's accounts carry real people and a harvest."""

from dataclasses import replace

import numpy as np

from stillwatch.simulate.brief import Brief, Operation
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.populations.relays import Relay, open_relay, relay_people
from stillwatch.simulate.relay_harvest import PEOPLE, relay_operation
from stillwatch.simulate.world import World

__all__ = ["RelayMixed"]

_COVERED_SLOTS = 0.55
_COVERED_TRAFFIC = 0.75
_COVERED_HARVEST = 0.05


class RelayMixed:
    """Most accounts carry 95 % ordinary traffic and 5 % harvest; the others, about as much of one as of the other.

    At scale 1 with its usual cover the network has 20,000 accounts, as the one of the public report.
    """

    name = "relay-mixed"
    share = 0.03
    full_size = 450_000
    full_days = 14.0
    usual = Options(cover=3.0)
    mixes = True

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the harvest and its cover, over two pools of one network."""
        n, n_cover = brief.n, brief.n_cover
        both = n + n_cover
        n_slots = max(2, brief.slots(max(min(both, brief.fewest), both // 90), most=both))
        relay = open_relay(world, rng, n_slots, brief.options, campaign=brief.number, population=-1)
        calm, busy = relay.parted(max(1, int(n_slots * _COVERED_SLOTS)))
        people_calm = int(n_cover * _COVERED_TRAFFIC)
        harvest_calm = min(n, round(people_calm * _COVERED_HARVEST / (1 - _COVERED_HARVEST)))
        people = [
            relay_people(world, rng, pool, rows, PEOPLE)
            for pool, rows in ((calm, people_calm), (busy, n_cover - people_calm))
            if rows
        ]
        cover = Draft.concat(people)
        cover["entity"][:] = world.entity(self.name)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 6)))
        operation = relay_operation(world, rng, relay, brief)
        parts, first = [], 0
        for pool, rows in ((calm, harvest_calm), (busy, n - harvest_calm)):
            if rows:
                columns = work_off(world, rng, _over(operation, pool), rows)
                mine = {name: values[first : first + rows] for name, values in items.items()}
                parts.append(Draft.of(rows, **columns, **mine, length=2.0, population=-1, campaign=brief.number))
                first += rows
        return Draft.concat([cover, *parts])


def _over(operation: Operation, pool: Relay) -> Operation:
    """The same operation over a part of the accounts, which are all alike."""
    n = len(pool.accounts)
    return replace(
        operation,
        slots=pool.slots,
        builds=operation.builds[:n],
        settings=operation.settings[:n],
        models=operation.models[:n],
    )
