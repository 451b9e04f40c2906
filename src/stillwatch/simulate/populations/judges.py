"""Judge and labelling fleets: a rubric over pairs of texts."""

import numpy as np

from stillwatch.simulate.arrays import family_sizes
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.fleet import open_office, run_jobs
from stillwatch.simulate.world import World

__all__ = ["Judges"]


class Judges:
    """Organisations that grade their own products' answers or label their users' texts."""

    name = "judges"
    share = 0.04

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many fleets."""
        sizes = family_sizes(rng, n, 600.0)
        return Draft.concat([self._fleet(world, rng, int(size), number) for size in sizes])

    def _fleet(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        office = open_office(
            world,
            rng,
            min(n, int(rng.choice([1, 2, 5, 12, 25]))),
            population=number,
            use="fleet" if rng.random() < 0.35 else None,
            known=0.85,
        )
        library, pool = world.library, world.library.pools["chat"]
        topic = library.legit_topic(rng)
        opening = library.add_text(library.wording(rng, "judge.open", topic) + "\n\n")
        topics = pool.some_topic(rng) + rng.integers(-30, 31, n)
        pairs = rng.random() < 0.5
        return Draft.of(
            n,
            **run_jobs(world, rng, office, n),
            **({"system": opening} if rng.random() < 0.3 else {"lead": opening}),
            body=pool.draw(rng, topics),
            middle=library.add_text(f"\n{world.name(rng)}: ") if pairs else 0,
            extra=pool.draw(rng, topics) if pairs else 0,
            tail=library.add_text("\n\n" + library.wording(rng, "judge.close", topic)),
            length=float(rng.lognormal(-1.2, 0.5)),
            population=number,
            entity=world.entity(self.name),
        )
