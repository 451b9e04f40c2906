"""The list of questions a harvest works off: without replacement, shuffled, sorted, or padded with repeats."""

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.world import World

__all__ = ["by_topic", "harvest_items", "with_repeats"]


def harvest_items(world: World, rng: np.random.Generator, n: int) -> dict[str, IntArray]:
    """A list of `n` items without replacement, from sources of its own while there are any; beyond them, in pairs.

    ``world.overlap`` of them come from ordinary people's prompts.
    """
    items = world.library.pools["attack"].shard(rng, n, world.library.spent_sources)
    body = items[np.arange(n) % len(items)]
    partner = items[(np.arange(n) // len(items) * 7_919 + np.arange(n) * 31 + 1) % len(items)]
    paired = np.arange(n) >= len(items)
    if world.overlap > 0.0:
        common = world.library.pools["chat"].shard(rng, n)
        body = np.where(rng.random(n) < world.overlap, common[np.arange(n) % len(common)], body)
    newline = world.library.add_text("\n")
    order = rng.permutation(n)
    return {
        "body": body[order],
        "middle": np.where(paired, newline, 0)[order],
        "extra": np.where(paired, partner, 0)[order],
    }


def by_topic(world: World, items: dict[str, IntArray]) -> dict[str, IntArray]:
    """The same list sorted by topic, as a list that was built source by source is."""
    order = np.argsort(world.library.topic_of(items["body"]), kind="stable")
    return {name: values[order] for name, values in items.items()}


def with_repeats(
    rng: np.random.Generator, account: npt.NDArray[np.int64], items: dict[str, IntArray], share: float
) -> dict[str, IntArray]:
    """The same list with `share` of the exchanges replaced by an earlier one of the same account, as people repeat.

    account    Account of each item, items in order of time.

    >>> items = {"body": np.arange(1000)}
    >>> sent = with_repeats(np.random.default_rng(0), np.zeros(1000, int), items, 0.35)["body"]
    >>> 600 < len(np.unique(sent)) < 700
    True
    """
    order = np.argsort(account, kind="stable")
    first = np.ones(len(account), bool)
    first[1:] = account[order][1:] != account[order][:-1]
    again = ~first & (rng.random(len(account)) < share)
    fresh = np.flatnonzero(~again)
    seen = np.cumsum(~again)
    starts = np.flatnonzero(first)
    before = (seen - 1)[np.repeat(starts, np.diff(np.append(starts, len(account))))]
    pick = before + (rng.random(len(account)) * (seen - before)).astype(np.int64)
    source = np.arange(len(account))
    source[order] = np.where(again, order[fresh[np.minimum(pick, len(fresh) - 1)]], order)
    return {name: values[source] for name, values in items.items()}
