"""Agents: long shared prompts that list tools, many turns, many unrelated users."""

import numpy as np

from stillwatch.simulate.activity import act, habits
from stillwatch.simulate.arrays import family_sizes, split
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.library import Library
from stillwatch.simulate.world import AgentProgram, World

__all__ = ["Agents", "agent_prompt"]


def agent_prompt(library: Library, rng: np.random.Generator) -> str:
    """A long system prompt of an agent program: what it is, its rules and its tools."""
    topic = library.legit_topic(rng)
    opening = library.wording(rng, "agent.open", topic)
    rounds = int(rng.integers(2, 9))
    rules = [library.wording(rng, "agent.rule", topic + i, 8) for i in range(rounds)]
    return "\n".join([opening, *rules])


class Agents:
    """Users of agent programs, each with an account, in long conversations with tools."""

    name = "agents"
    share = 0.06

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many agent programs."""
        sizes = family_sizes(rng, n, 900.0)
        return Draft.concat([self._program(world, rng, int(size), number) for size in sizes])

    def _program(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_people = min(n, max(5, int(n / rng.uniform(8.0, 40.0))))
        account = world.roster.add(n_people, **world.roster.unrelated(rng, n_people, population=number))
        person = habits(rng, split(rng, n, rng.lognormal(0.0, 1.2, n_people)), world.days)
        person.session_length[:] = rng.uniform(8.0, 30.0)
        person.turns[:] = rng.uniform(4.0, 20.0)
        person.gap_s[:] = rng.uniform(8.0, 50.0)
        people = gather(world, rng, account, pool="task")
        program = AgentProgram(
            system=world.library.add_text(agent_prompt(world.library, rng)),
            build=world.clients.own_build(rng, world.name(rng)),
            setting=world.clients.rare_setting(rng),
            n_exchanges=n,
        )
        world.agent_programs.append(program)
        people.build[:], people.setting[:] = program.build, program.setting
        activity = act(rng, person, world.days)
        return Draft.of(
            n,
            **converse(world, rng, people, activity, pool="task"),
            system=program.system,
            tools=True,
            length=float(rng.lognormal(-0.3, 0.4)),
            population=number,
            entity=world.entity(self.name),
        )
