"""People with topics, hours and sessions of their own."""

import numpy as np

from stillwatch.simulate.activity import act, habits
from stillwatch.simulate.arrays import split
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.world import World

__all__ = ["People"]


class People:
    """Unrelated people with one account each: log-normal volume, popular clients."""

    name = "people"
    share = 0.30

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of about ``n / 16`` people."""
        if n == 0:
            return Draft.of(0)
        n_people = -(-n // 16)
        account = world.roster.add(n_people, **world.roster.unrelated(rng, n_people, population=number))
        count = split(rng, n, rng.lognormal(0.0, 1.4, n_people))
        activity = act(rng, habits(rng, count, world.days), world.days)
        columns = converse(world, rng, gather(world, rng, account), activity)
        systems = np.where(rng.random(n_people) < 0.18, self._systems(world, rng, n_people), 0)
        return Draft.of(
            n,
            **columns,
            system=systems[activity.person],
            population=number,
            entity=world.entities_of(self.name, n_people)[activity.person],
        )

    @staticmethod
    def _systems(world: World, rng: np.random.Generator, n_people: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """System prompts: mostly a few that everybody copies, some of one's own."""
        copied = [world.library.add_text(text) for text in _COPIED]
        own = [
            world.library.add_text(world.library.wording(rng, "service.rule", world.library.legit_topic(rng), 2))
            for _ in range(max(1, n_people // 60))
        ]
        popular = rng.choice(copied, n_people, p=[0.6, 0.25, 0.15])
        return np.where(rng.random(n_people) < 0.8, popular, rng.choice(own, n_people)).astype(np.int64)


_COPIED = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer concisely.",
    "You are ChatBox, a friendly assistant. Use markdown.",
)
