"""Shards as people: every account has topics, hours and sessions of its own."""

from dataclasses import replace

import numpy as np

from stillwatch.simulate.activity import act, habits
from stillwatch.simulate.arrays import split
from stillwatch.simulate.brief import Brief
from stillwatch.simulate.clients import NEW_MODEL
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import by_topic, harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import moved_on, open_operation, staffed
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["ShardsAsPeople"]


class ShardsAsPeople:
    """An evasion of tests of structure: the list is cut into topic shards, and each is replayed with a person's rhythm.

    Openings carry a template as any harvest's do; follow-ups in a conversation are the shard's next questions, bare.
    """

    name = "shards-as-people"
    share = 0.03
    full_size = 150_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the shards, account by account."""
        n, span = brief.n, (0.0, world.days)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=False)
        brief.operations[-1] = replace(operation, policy="persons")
        counts = split(rng, n, rng.lognormal(0.0, 0.8, operation.slots.n))
        activity = act(rng, habits(rng, counts, world.days), world.days)
        place = operation.slots.serving(activity.person, activity.time_s)
        people = gather(world, rng, np.zeros(operation.slots.n, np.int64))
        columns = converse(world, rng, people, activity)
        exit_ = activity.person % len(operation.exits.host)
        columns["account"] = operation.accounts[place]
        columns["network"], columns["host"] = operation.exits.network[exit_], operation.exits.host[exit_]
        if operation.pivot_day is not None:
            moved = moved_on(rng, activity.time_s, operation.pivot_day)
            columns["model"] = np.where(moved, NEW_MODEL, columns["model"])
        # persons follow one another in the activity, so that neighbours in the sorted list share an account
        items = apply_templates(world, rng, by_topic(world, harvest_items(world, rng, n)), int(rng.integers(2, 6)))
        for name in ("lead", "tail"):
            items[name] = np.where(activity.turn == 1, items[name], 0)
        return Draft.of(n, **{**columns, **items}, length=1.8, population=-1, campaign=brief.number)
