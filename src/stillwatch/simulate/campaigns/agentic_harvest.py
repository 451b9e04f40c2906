"""Agentic harvest: trajectories of tool use, coding and computer use, by hundreds of busy accounts."""

import numpy as np

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.operation import open_operation, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.trajectories import going_on, turns_of
from stillwatch.simulate.world import World

__all__ = ["AgenticHarvest"]

_PATHWAYS = {"tool use": 8.0, "coding": 12.0, "computer use": 16.0}
_PER_ACCOUNT_DAY = 3_400_000 / 480 / 30.0
_TOOLS = 5


class AgenticHarvest:
    """Three pathways or more, each with a system prompt, tools, a client and a template of its own.

    The public report of 2026 says 3.4 million exchanges of hundreds of accounts: 480 here, over a month.
    """

    name = "agentic-harvest"
    share = 0.05
    full_size = 3_400_000
    full_days = 30.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft whole trajectories; all turns of one are sent by one account."""
        n, span = brief.n, (0.0, world.days)
        operation = open_operation(world, rng, brief, staffed(brief, span, _PER_ACCOUNT_DAY), span=span, own=True)
        names = [*_PATHWAYS, *rng.choice(list(_PATHWAYS), int(rng.integers(0, 3)))]
        brief.facts["pathways"] = [str(name) for name in names]
        parts = rng.multinomial(n, rng.dirichlet(np.full(len(names), 6.0)))
        turns = [turns_of(rng, int(m), _PATHWAYS[name]) for name, m in zip(names, parts, strict=True) if m]
        pathway = np.repeat(np.arange(len(turns)), [len(t) for t in turns])
        order = rng.permutation(len(pathway))
        every, pathway = np.concatenate(turns)[order], pathway[order]
        columns = work_off(world, rng, operation, len(every), every)
        path = np.repeat(pathway, every)
        fixed = {name: values[path] for name, values in self._pathways(world, rng, len(turns)).items()}
        columns["build"], columns["setting"] = fixed.pop("build"), fixed.pop("setting")
        items = going_on(world, rng, harvest_items(world, rng, len(every)), every, tools=True)
        first = columns["turn"] == 1
        fixed["lead"] = np.where(first, fixed["lead"], 0)
        return Draft.of(n, **columns, **items, **fixed, tools=True, length=1.5, population=-1, campaign=brief.number)

    @staticmethod
    def _pathways(world: World, rng: np.random.Generator, n: int) -> dict[str, IntArray]:
        """What the exchanges of each of `n` pathways have in common, by pathway."""
        library = world.library
        found = {name: np.zeros(n, np.int64) for name in ("system", "lead", "build", "setting")}
        for i in range(n):
            role = library.fresh_wording(rng, "harvest.agentic.role", 0)
            tools = library.rewriter.write(rng, "agentic.tool", _TOOLS).to_pylist()
            found["system"][i] = library.add_text("\n".join([role, *tools]))
            found["lead"][i] = library.add_text(library.fresh_wording(rng, "harvest.agentic.open", 0) + "\n\n")
            found["build"][i] = world.clients.popular_builds(rng, 1)[0]
            found["setting"][i] = world.clients.rare_setting(rng)
        return found
