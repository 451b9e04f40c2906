"""Agents: long shared prompts that list tools, many turns, many unrelated users."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.simulate.activity import Activity, act, habits
from stillwatch.simulate.arrays import IntArray, family_sizes, split
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.library import Dialogues, Library
from stillwatch.simulate.prefixes import Prefixes
from stillwatch.simulate.world import AgentProgram, World

__all__ = ["Agents", "agent_prompt", "recorded", "workspaces"]

_RECORDED = 0.3
_WORKSPACES = 0.4
_LINES = 24
_LINE_TOKENS = 25


def agent_prompt(library: Library, rng: np.random.Generator) -> str:
    """A long system prompt of an agent program: what it is, its rules and its tools."""
    topic = library.legit_topic(rng)
    opening = library.wording(rng, "agent.open", topic)
    rounds = int(rng.integers(2, 9))
    rules = [library.wording(rng, "agent.rule", topic + i, 8) for i in range(rounds)]
    return "\n".join([opening, *rules])


def recorded(rng: np.random.Generator, dialogues: Dialogues, activity: Activity) -> dict[str, npt.NDArray[Any]]:
    """System prompts and openings as they were recorded together: a program with a few sets of tools."""
    chosen = rng.choice(len(dialogues.firsts), min(len(dialogues.firsts), int(rng.integers(1, 9))), replace=False)
    ends = np.append(dialogues.firsts, len(dialogues.texts))
    talks = chosen[rng.integers(len(chosen), size=int(activity.conversation[-1]) + 1)][activity.conversation]
    first, size = ends[talks], ends[talks + 1] - ends[talks]
    place = first + (rng.random(len(talks)) * size).astype(np.int64)
    return {"system": dialogues.systems[first], "body": dialogues.texts[place]}


def workspaces(library: Library, rng: np.random.Generator, system: int, n: int, prefixes: Prefixes) -> IntArray:
    """System prompt of each of `n` exchanges in order: the program's, and for some runs of them a workspace's rules.

    As many exchanges in a row have as long a prefix of their own in common as requests of a real trace have.
    """
    common = library.text(system)
    lines = [library.wording(rng, "agent.rule", library.legit_topic(rng)) for _ in range(_LINES)]
    alone = rng.random(n) < prefixes.alone
    place = rng.integers(len(prefixes.sharers), size=n)
    sizes = np.where(alone, 1, prefixes.sharers[place])
    groups = int(np.searchsorted(np.cumsum(sizes), n)) + 1
    systems = np.full(groups, system)
    own = np.flatnonzero(~alone[:groups])
    lengths = np.clip(prefixes.n_tokens[place[own]] // _LINE_TOKENS, 1, _LINES)
    texts = ["\n".join([common, *(lines[i] for i in rng.permutation(_LINES)[:k])]) for k in lengths.tolist()]
    systems[own] = library.add(pa.array(texts, pa.string()))
    return np.repeat(systems, sizes[:groups])[:n]


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
        columns = converse(world, rng, people, activity, pool="task")
        columns["system"] = np.full(n, program.system)
        if world.library.dialogues is not None and rng.random() < _RECORDED:
            columns |= recorded(rng, world.library.dialogues, activity)
        elif world.corpora is not None and rng.random() < _WORKSPACES:
            columns["system"] = workspaces(world.library, rng, program.system, n, world.corpora.prefixes)
        return Draft.of(
            n,
            **columns,
            tools=True,
            length=float(rng.lognormal(-0.3, 0.4)),
            population=number,
            entity=world.entity(self.name),
        )
