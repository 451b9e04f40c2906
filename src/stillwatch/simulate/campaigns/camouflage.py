"""Camouflage: a harvest behind a popular agent's system prompt, client and parameters."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.populations.agents import agent_prompt
from stillwatch.simulate.world import AgentProgram, World

__all__ = ["Camouflage"]


class Camouflage:
    """Everything about the request is the popular agent's, but for the user turn."""

    name = "camouflage"
    share = 0.045
    full_size = 400_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the templated exchanges that look like the most used agent's."""
        n = brief.n
        span = some_span(world, rng, 5.0, 13.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=False)
        program = max(world.agent_programs, key=lambda p: p.n_exchanges, default=None) or self._invented(world, rng)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 5)))
        columns = work_off(world, rng, operation, n)
        columns["build"][:], columns["setting"][:] = program.build, program.setting
        return Draft.of(
            n, **columns, **items, system=program.system, tools=True, length=1.8, population=-1, campaign=brief.number
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
