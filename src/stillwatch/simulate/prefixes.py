"""Prefixes that requests have in common, as a real trace of cache blocks shows them."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from stillwatch.simulate.arrays import FloatArray, IntArray

__all__ = ["BLOCK_TOKENS", "Prefixes", "read_prefixes", "shared_prefixes"]

BLOCK_TOKENS = 512
"""Tokens of one block of the Mooncake trace."""


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Sharing of prefixes among requests; what all requests begin with is left out.

    sharers     Requests that share each prefix, at least 2.
    n_tokens    Length of each such prefix, tokens.
    alone       Share of requests whose prefix nobody else has.
    reused      Of each request, the share of its blocks that an earlier request had begun with too.

    References    Qin et al. (2024), Mooncake: a KVCache-centric disaggregated architecture for LLM serving, section 4.
    """

    sharers: IntArray
    n_tokens: IntArray
    alone: float
    reused: FloatArray

    def draw(self, rng: np.random.Generator, n: int) -> tuple[IntArray, IntArray]:
        """Sharers and tokens of the prefixes of `n` requests taken at random; one sharer and no tokens when alone."""
        place = rng.choice(len(self.sharers), n, p=self.sharers / self.sharers.sum())
        alone = rng.random(n) < self.alone
        return np.where(alone, 1, self.sharers[place]), np.where(alone, 0, self.n_tokens[place])


def shared_prefixes(requests: list[list[int]]) -> Prefixes:
    """Sharing among requests, each the ids of its blocks from the beginning.

    Requests belong together when they share more than what all of them begin with; a group's prefix is as long as all
    its members agree.

    >>> found = shared_prefixes([[0, 1, 2, 3], [0, 1, 2, 4], [0, 5]])
    >>> found.sharers.tolist(), found.n_tokens.tolist(), found.reused.round(2).tolist()
    ([2], [1024], [0.0, 0.75, 0.5])
    """
    roots = Counter(blocks[0] for blocks in requests if blocks)
    common = 1 if roots and roots.most_common(1)[0][1] == len(requests) else 0
    groups: dict[int, list[list[int]]] = {}
    reused = []
    seen: set[int] = set()
    for blocks in requests:
        depth = next((i for i, block in enumerate(blocks) if block not in seen), len(blocks))
        reused.append(depth / max(1, len(blocks)))
        seen.update(blocks)
        if len(blocks) > common:
            groups.setdefault(blocks[common], []).append(blocks[common:])
    shared = [members for members in groups.values() if len(members) > 1]
    depths = [_agreed(members) for members in shared]
    return Prefixes(
        sharers=np.array([len(members) for members in shared], np.int64),
        n_tokens=np.array(depths, np.int64) * BLOCK_TOKENS,
        alone=1.0 - sum(len(members) for members in shared) / max(1, len(requests)),
        reused=np.array(reused),
    )


def _agreed(members: list[list[int]]) -> int:
    """Blocks from the beginning that all members have."""
    shortest = min(len(blocks) for blocks in members)
    first = members[0]
    return next((i for i in range(shortest) if any(blocks[i] != first[i] for blocks in members)), shortest)


def read_prefixes(path: Path) -> Prefixes:
    """Sharing in a trace with a column ``prefix_block_ids``."""
    return shared_prefixes(pq.read_table(path, columns=["prefix_block_ids"])["prefix_block_ids"].to_pylist())
