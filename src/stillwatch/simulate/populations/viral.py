"""Viral prompts: thousands of accounts, once or twice each, with the same words."""

import numpy as np

from stillwatch.simulate.arrays import family_sizes
from stillwatch.simulate.crowd import gather, moments
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.world import World

__all__ = ["Viral"]


class Viral:
    """A prompt that goes round for a day or two; people fill in something of their own, or send it as it is."""

    name = "viral"
    share = 0.03

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of several waves."""
        sizes = family_sizes(rng, n, 700.0, fewest=1)
        return Draft.concat([self._wave(world, rng, int(size), number) for size in sizes])

    def _wave(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_people = max(1, int(n / rng.uniform(1.05, 1.6)))
        account = world.roster.add(n_people, **world.roster.unrelated(rng, n_people, population=number))
        people = gather(world, rng, account)
        who = np.concatenate([np.arange(n_people), rng.integers(n_people, size=n - n_people)])
        peak = rng.uniform(0.0, world.days * 0.8)
        # a steep rise and a long fall
        time = (peak + rng.gamma(2.0, rng.uniform(0.15, 0.8), n)) % world.days * 86_400.0
        topic = world.library.legit_topic(rng)
        lead = world.library.add_text(world.library.wording(rng, "viral.prompt", topic) + " ")
        pool = world.library.pools["chat"]
        body = pool.draw(rng, people.topics[who, 0])
        return Draft.of(
            n,
            time_us=moments(time),
            account=people.account[who],
            session=world.roster.issue(n),
            conversation=world.roster.issue(n),
            lead=lead,
            body=np.where(rng.random(n) < rng.uniform(0.1, 0.9), body, 0),
            build=people.build[who],
            setting=people.setting[who],
            model=people.model[who],
            network=people.home.network[who],
            host=people.home.host[who],
            population=number,
            entity=world.entity(self.name),
        )
