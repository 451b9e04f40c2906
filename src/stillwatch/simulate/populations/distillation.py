"""Permitted distillation: customers who may train on the answers, and are known to."""

import numpy as np

from stillwatch.simulate.arrays import family_sizes
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.fleet import open_office, run_jobs
from stillwatch.simulate.world import World

__all__ = ["Distillation"]


class Distillation:
    """Verified organisations with a declared use of distillation; their traffic is a harvest in all but permission."""

    name = "distillation"
    share = 0.03

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of several customers."""
        sizes = family_sizes(rng, n, 900.0, fewest=2)
        return Draft.concat([self._customer(world, rng, int(size), number) for size in sizes])

    def _customer(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_accounts = min(n, int(rng.choice([1, 5, 20, 60])))
        office = open_office(world, rng, n_accounts, population=number, use="distillation", known=1.0)
        library, pool = world.library, world.library.pools["chat"]
        topic = library.legit_topic(rng)
        items = pool.shard(rng, n)
        return Draft.of(
            n,
            **run_jobs(world, rng, office, n),
            lead=library.add_text(library.wording(rng, "distil.open", topic) + "\n\n"),
            body=items[np.arange(n) % len(items)],
            tail=library.add_text("\n\n" + library.wording(rng, "distil.close", topic)),
            length=2.0,
            population=number,
            entity=world.entity(self.name),
        )
