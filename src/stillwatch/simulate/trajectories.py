"""Conversations that a harvester's program leads: how long, and what is said after the opening."""

import numpy as np

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.world import World

__all__ = ["going_on", "turns_of"]

_FOLLOW_UPS = 4_000


def turns_of(rng: np.random.Generator, n: int, mean: float, most: int = 40) -> IntArray:
    """Turns of conversations that have `n` turns in all, geometric with about the given mean.

    >>> turns_of(np.random.default_rng(0), 100, 5.0).sum()
    np.int64(100)
    """
    turns = np.minimum(rng.geometric(1.0 / mean, max(1, n)), most).astype(np.int64)
    last = int(np.searchsorted(np.cumsum(turns), n))
    turns = turns[: last + 1]
    turns[-1] -= turns.sum() - n
    return turns


def going_on(
    world: World, rng: np.random.Generator, heads: dict[str, IntArray], turns: IntArray, *, tools: bool
) -> dict[str, IntArray]:
    """Texts of whole conversations: what opens each, then what a harvester's program goes on with.

    tools    True when that is what tools gave back, False for short questions.
    """
    opening = np.repeat(np.arange(len(turns)), turns)
    is_head = np.zeros(len(opening), bool)
    is_head[np.cumsum(turns) - turns] = True
    grammar = world.library.grammar
    topics = rng.choice(grammar.topics("attack"), _FOLLOW_UPS)
    texts = (
        world.library.rewriter.write(rng, "agentic.result", _FOLLOW_UPS, topics)
        if tools
        else grammar.texts(rng, "followup", topics, 0.4)
    )
    shelf = world.library.add(texts)
    rows = {name: np.where(is_head, values[opening], 0) for name, values in heads.items()}
    rows["body"] = np.where(is_head, rows["body"], shelf[rng.integers(len(shelf), size=len(opening))])
    return rows
