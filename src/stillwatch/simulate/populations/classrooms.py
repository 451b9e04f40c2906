"""Classrooms: one address, one assignment, a few hours."""

import numpy as np

from stillwatch.simulate.activity import Habits, act
from stillwatch.simulate.arrays import family_sizes, split
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.roster import PROGRAMMES
from stillwatch.simulate.world import World

__all__ = ["Classrooms"]


class Classrooms:
    """Students with an account each, who work on the same thing at the same time."""

    name = "classrooms"
    share = 0.05

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many classes."""
        sizes = family_sizes(rng, n, 350.0)
        return Draft.concat([self._class(world, rng, int(size), number) for size in sizes])

    def _class(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_students = min(max(8, int(n / rng.uniform(4.0, 14.0))), 60, n)
        opened = world.roster.start_us - int(rng.uniform(3.0, 50.0) * 86_400e6)
        account = world.roster.add(
            n_students,
            **world.roster.unrelated(
                rng,
                n_students,
                domain=world.roster.domain(f"{world.name(rng)}.edu.example"),
                created_us=opened + (rng.exponential(0.4, n_students) * 86_400e6).astype(np.int64),
                programme=PROGRAMMES.index("education"),
                payment=np.where(rng.random(n_students) < 0.8, -1, world.roster.issue(n_students)),
                population=number,
            ),
        )
        activity = act(rng, self._lesson(world, rng, n, n_students), world.days)
        people = gather(world, rng, account)
        campus = world.networks.draw(rng, "campus", 1)
        people.home.network[:], people.home.host[:] = campus.network[0], campus.host[0]
        people.roam_share[:] = rng.beta(0.5, 8.0)
        topic = world.library.legit_topic(rng)
        if rng.random() < 0.7:
            people.topics[:] = people.topics[0, 0] + rng.integers(-2, 3, people.topics.shape)
        assigned = world.library.add_text(world.library.wording(rng, "classroom.open", topic) + "\n")
        pasted = rng.random(n) < rng.uniform(0.3, 0.95)
        return Draft.of(
            n,
            **converse(world, rng, people, activity),
            lead=np.where(pasted, assigned, 0),
            population=number,
            entity=world.entity(self.name),
        )

    @staticmethod
    def _lesson(world: World, rng: np.random.Generator, n: int, n_students: int) -> Habits:
        """Everybody's habits: one lesson of an hour or two, on one day or on every such day of the weeks."""
        day = float(rng.integers(0, max(1, int(world.days) - 1)))
        weekly = rng.random() < 0.4
        ones = np.ones(n_students)
        return Habits(
            count=split(rng, n, rng.lognormal(0.0, 0.6, n_students)),
            session_length=ones * rng.uniform(4.0, 12.0),
            turns=ones * rng.uniform(1.0, 4.0),
            gap_s=ones * rng.uniform(30.0, 160.0),
            hour=ones * rng.uniform(0.0, 24.0),
            spread_h=ones * rng.uniform(0.2, 0.9),
            first_day=ones * (day % 7 if weekly else day),
            last_day=ones * (world.days if weekly else day + 0.99),
            weekend=ones * 0.0,
        )
