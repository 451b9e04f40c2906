"""Relay-mixed: a relay network's accounts carry real people and a harvest."""

from dataclasses import replace

import numpy as np

from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import Operation, harvest_items, work_off
from stillwatch.simulate.populations import POPULATIONS
from stillwatch.simulate.populations.relays import Relay, open_relay, relay_people
from stillwatch.simulate.world import World

__all__ = ["RelayMixed"]

_COVERED_ACCOUNTS = 0.55
_COVERED_TRAFFIC = 0.75
_COVERED_HARVEST = 0.05


class RelayMixed:
    """Most accounts carry 95 % ordinary traffic and 5 % harvest; the others, about as much of one as of the other."""

    name = "relay-mixed"
    share = 0.03
    cover = 3.0

    def build(self, world: World, rng: np.random.Generator, n: int, n_cover: int, number: int) -> Draft:
        """Draft `n` harvest exchanges and `n_cover` of people, over two pools of one network."""
        n_accounts = max(min(n + n_cover, 60), (n + n_cover) // 90)
        relay = open_relay(world, rng, n_accounts, campaign=number, population=-1)
        cut = int(n_accounts * _COVERED_ACCOUNTS)
        calm = replace(relay, accounts=relay.accounts[:cut])
        busy = replace(relay, accounts=relay.accounts[cut:])
        people_calm = int(n_cover * _COVERED_TRAFFIC)
        harvest_calm = min(n, round(people_calm * _COVERED_HARVEST / (1 - _COVERED_HARVEST)))
        people = [
            relay_people(world, rng, pool, rows, self._relays())
            for pool, rows in ((calm, people_calm), (busy, n_cover - people_calm))
            if rows
        ]
        cover = Draft.concat(people)
        cover["entity"][:] = world.entity(self.name)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 6)))
        setting, policy = world.clients.rare_setting(rng), "uniform" if relay.rotates else "idle"
        model = int(world.clients.models(rng, 1)[0])
        parts, first = [], 0
        for pool, rows in ((calm, harvest_calm), (busy, n - harvest_calm)):
            if rows:
                columns = work_off(world, rng, self._operation(world, pool, setting, model, policy), rows)
                mine = {name: values[first : first + rows] for name, values in items.items()}
                parts.append(Draft.of(rows, **columns, **mine, length=2.0, population=-1, campaign=number))
                first += rows
        return Draft.concat([cover, *parts])

    @staticmethod
    def _relays() -> int:
        """Place of the people behind relays among the populations."""
        return next(i for i, population in enumerate(POPULATIONS) if population.name == "relays")

    @staticmethod
    def _operation(world: World, pool: Relay, setting: int, model: int, policy: str) -> Operation:
        """The harvest as the relay's program sends it on."""
        return Operation(
            accounts=pool.accounts,
            exits=pool.exits,
            builds=np.full(len(pool.accounts), pool.build),
            setting=setting,
            model=model,
            start_day=0.0,
            end_day=world.days,
            policy=policy,
        )
