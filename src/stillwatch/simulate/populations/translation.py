"""Translation services: one organisation, one instruction, other people's texts."""

import numpy as np

from stillwatch.simulate.arrays import family_sizes
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.fleet import open_office, run_jobs
from stillwatch.simulate.world import World

__all__ = ["Translation"]


class Translation:
    """Agencies that translate their customers' texts over a few keys."""

    name = "translation"
    share = 0.03

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many agencies."""
        sizes = family_sizes(rng, n, 500.0)
        return Draft.concat([self._agency(world, rng, int(size), number) for size in sizes])

    def _agency(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        office = open_office(
            world,
            rng,
            min(n, int(rng.choice([1, 2, 6, 15, 30]))),
            population=number,
            use="fleet" if rng.random() < 0.3 else None,
            known=0.85,
        )
        library, pool = world.library, world.library.pools["chat"]
        topic = library.legit_topic(rng)
        # documents come one after another: the topic stays for a while
        document = np.repeat(rng.choice(len(pool.sizes), n // 8 + 1, p=pool.weights()), 8)[:n]
        return Draft.of(
            n,
            **run_jobs(world, rng, office, n),
            lead=library.add_text(library.wording(rng, "translate.open", topic) + "\n\n"),
            body=pool.draw(rng, document),
            tail=library.add_text("\n" + library.wording(rng, "translate.close", topic)) if rng.random() < 0.6 else 0,
            population=number,
            entity=world.entity(self.name),
        )
