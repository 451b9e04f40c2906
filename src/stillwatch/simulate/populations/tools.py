"""Public tools: a fixed template, and everybody brings a key of their own."""

import numpy as np

from stillwatch.simulate.activity import act, habits
from stillwatch.simulate.arrays import family_sizes, split
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.library import Library
from stillwatch.simulate.world import World

__all__ = ["Tools", "service_template"]


def service_template(library: Library, rng: np.random.Generator) -> dict[str, int]:
    """Fixed texts of a service: a system prompt, or text before and after what the user wrote."""
    topic = library.legit_topic(rng)
    role = library.wording(rng, "service.role", topic)
    rules = library.wording(rng, "service.rule", topic, int(rng.integers(1, 6)))
    ask = library.wording(rng, "service.ask", topic)
    end = library.wording(rng, "service.end", topic)
    style = rng.random()
    if style < 0.3:
        return {"system": library.add_text(f"{role} {rules}")}
    if style < 0.6:
        return {"lead": library.add_text(f"{role} {rules}\n\n"), "tail": library.add_text(f"\n\n{end}")}
    return {"system": library.add_text(f"{role} {rules}"), "lead": library.add_text(f"{ask}\n\n")}


class Tools:
    """Popular applications: unrelated people, one template, often one client build."""

    name = "tools"
    share = 0.14

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many tools."""
        sizes = family_sizes(rng, n, 900.0)
        return Draft.concat([self._tool(world, rng, int(size), number) for size in sizes])

    def _tool(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_people = max(5, int(n / (1.5 + rng.gamma(1.5, 4.0))))
        n_people = min(n_people, n)
        account = world.roster.add(n_people, **world.roster.unrelated(rng, n_people, population=number))
        person = habits(rng, split(rng, n, rng.lognormal(0.0, rng.uniform(0.5, 1.4), n_people)), world.days)
        person.turns[:] = 1.0 + (rng.gamma(1.0, 1.0) if rng.random() < 0.6 else 0.0)
        people = gather(world, rng, account)
        if rng.random() < 0.75:
            # the tool calls for them: one build, one setting
            people.build[:] = world.clients.own_build(rng, world.name(rng))
            people.setting[:] = world.clients.rare_setting(rng)
        if rng.random() < 0.5:
            # a tool for one purpose: people differ in what they bring, not in the field
            people.topics[:] = people.topics[0, 0] + rng.integers(-6, 7, people.topics.shape)
        activity = act(rng, person, world.days)
        return Draft.of(
            n,
            **converse(world, rng, people, activity),
            **service_template(world.library, rng),
            length=float(rng.lognormal(0.0, 0.5)),
            population=number,
            entity=world.entity(self.name),
        )
