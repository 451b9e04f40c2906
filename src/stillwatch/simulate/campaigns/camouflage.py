"""Camouflage: a harvest behind a popular agent's system prompt, client and parameters."""

import numpy as np

from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import accounts_needed, harvest_items, open_operation, work_off
from stillwatch.simulate.populations.agents import agent_prompt
from stillwatch.simulate.world import AgentProgram, World

__all__ = ["Camouflage"]


class Camouflage:
    """Everything about the request is the popular agent's, but for the user turn."""

    name = "camouflage"
    share = 0.045
    cover = 0.0

    def build(self, world: World, rng: np.random.Generator, n: int, n_cover: int, number: int) -> Draft:
        """Draft `n` templated exchanges that look like the most used agent's."""
        del n_cover
        length = min(world.days, float(rng.uniform(5.0, 13.0)))
        start = float(rng.uniform(0.0, world.days - length))
        operation = open_operation(
            world, rng, accounts_needed(n, length), number=number, span=(start, start + length), own=False
        )
        program = max(world.agent_programs, key=lambda p: p.n_exchanges, default=None) or self._invented(world, rng)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 5)))
        columns = work_off(world, rng, operation, n)
        columns["build"][:], columns["setting"][:] = program.build, program.setting
        return Draft.of(
            n, **columns, **items, system=program.system, tools=True, length=1.8, population=-1, campaign=number
        )

    @staticmethod
    def _invented(world: World, rng: np.random.Generator) -> AgentProgram:
        """An agent program for runs without agents."""
        return AgentProgram(
            system=world.library.add_text(agent_prompt(world.library, rng)),
            build=world.clients.own_build(rng, world.name(rng)),
            setting=world.clients.rare_setting(rng),
            n_exchanges=0,
        )
