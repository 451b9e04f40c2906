"""Harvests over a relay's accounts, and people over a harvest's accounts."""

import numpy as np

from stillwatch.simulate.brief import Brief, Operation
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.populations import POPULATIONS
from stillwatch.simulate.populations.relays import Relay, relay_people
from stillwatch.simulate.world import World

__all__ = ["PEOPLE", "cover_for", "relay_operation"]

PEOPLE = next(i for i, population in enumerate(POPULATIONS) if population.name == "relays")
"""Population that people behind somebody else's accounts are counted with."""


def relay_operation(world: World, rng: np.random.Generator, relay: Relay, brief: Brief) -> Operation:
    """A harvest as a relay's program sends it on, by the options of the brief."""
    setting, policy = world.clients.rare_setting(rng), "uniform" if relay.rotates else "idle"
    n = len(relay.accounts)
    if brief.options.pivot_day is not None:
        world.release_model(brief.options.pivot_day)
    operation = Operation(
        slots=relay.slots,
        exits=relay.exits,
        builds=np.full(n, relay.build),
        settings=np.full(n, setting),
        models=np.full(n, int(world.clients.models(rng, 1)[0])),
        start_day=0.0,
        end_day=world.days,
        policy=brief.options.policy or policy,
        payment_group=relay.payment_group,
        lifetime_days=brief.options.lifetime_days,
        pivot_day=brief.options.pivot_day,
    )
    brief.operations.append(operation)
    return operation


def cover_for(world: World, rng: np.random.Generator, brief: Brief) -> Draft:
    """Draft ``brief.n_cover`` exchanges of people over the accounts of a campaign, as its operator resells them."""
    operation = brief.operations[0]
    relay = Relay(
        slots=operation.slots,
        exits=operation.exits,
        build=int(operation.builds[0]),
        passes_client=bool(rng.random() < 0.5),
        rotates=operation.policy == "uniform",
        payment_group=operation.payment_group,
    )
    draft = relay_people(world, rng, relay, brief.n_cover, PEOPLE)
    draft["entity"][:] = world.entity("cover")
    return draft
