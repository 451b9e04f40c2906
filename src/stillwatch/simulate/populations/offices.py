"""Offices behind one address: colleagues with accounts and topics of their own."""

import numpy as np

from stillwatch.simulate.activity import act, habits
from stillwatch.simulate.arrays import family_sizes, split
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.world import World

__all__ = ["Offices"]


class Offices:
    """Colleagues who share an address, an employer's domain and working hours."""

    name = "offices"
    share = 0.04

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many offices."""
        sizes = family_sizes(rng, n, 600.0)
        return Draft.concat([self._office(world, rng, int(size), number) for size in sizes])

    def _office(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_people = min(n, max(4, int(n / rng.uniform(6.0, 30.0))))
        one_firm = rng.random() < 0.7
        shared = (
            {
                "domain": world.roster.domain(f"{world.name(rng)}.example"),
                "organisation": int(world.roster.issue(1)[0]),
            }
            if one_firm
            else {}
        )
        account = world.roster.add(n_people, **world.roster.unrelated(rng, n_people, population=number, **shared))
        person = habits(rng, split(rng, n, rng.lognormal(0.0, 1.0, n_people)), world.days)
        person.hour[:] = rng.uniform(0.0, 24.0) + 0.6 * rng.standard_normal(n_people)
        person.weekend[:] = rng.beta(0.5, 6.0)
        people = gather(world, rng, account)
        gate = world.networks.draw(rng, "office", 1)
        people.home.network[:], people.home.host[:] = gate.network[0], gate.host[0]
        if one_firm and rng.random() < 0.6:
            people.build[:] = world.clients.popular_builds(rng, 1)[0]
        activity = act(rng, person, world.days)
        return Draft.of(n, **converse(world, rng, people, activity), population=number, entity=world.entity(self.name))
