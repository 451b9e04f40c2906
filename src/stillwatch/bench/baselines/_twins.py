"""Plain-Python versions of this folder's kernels: the ones to read, and what property tests compare with."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK
from stillwatch.sketch.tokens import tokens_of

__all__ = ["leading_tokens", "matched_pairs", "peel"]


def leading_tokens(text: str, n_tokens: int) -> list[int]:
    """First tokens, numbers alike, filled up with 0."""
    tokens = [int(DIGITS) if int(t) & int(KIND_MASK) == int(DIGITS) else int(t) for t in tokens_of(text)[0].tolist()]
    return (tokens + [0] * n_tokens)[:n_tokens]


def matched_pairs(account: Sequence[int], time_us: Sequence[int], window_us: int) -> dict[tuple[int, int], int]:
    """Matched actions of each pair of accounts on one object: earliest first, each action in one match at most."""
    times: dict[int, list[int]] = {}
    for who, when in sorted(zip(account, time_us, strict=True), key=lambda action: action[1]):
        times.setdefault(who, []).append(when)
    matched = {}
    for a, b in combinations(sorted(times), 2):
        i = j = n = 0
        while i < len(times[a]) and j < len(times[b]):
            gap = times[a][i] - times[b][j]
            n, i, j = (n + 1, i + 1, j + 1) if abs(gap) <= window_us else (n, i + (gap < 0), j + (gap > 0))
        if n:
            matched[a, b] = n
    return matched


def peel(edges: Sequence[tuple[int, int, float]], n_nodes: int) -> tuple[list[bool], float]:
    """Best of the node sets that are left while the node of least weight is taken away, smallest number first."""
    left, best, density = set(range(n_nodes)), [True] * n_nodes, sum(w for *_, w in edges) / max(n_nodes, 1)
    while len(left) > 1:
        weight = {v: sum(w for a, b, w in edges if v in (a, b) and {a, b} <= left) for v in left}
        left.remove(min(left, key=lambda v: (np.round(weight[v], 9), v)))
        inside = sum(w for a, b, w in edges if {a, b} <= left) / len(left)
        if inside > density + 1e-12:
            density, best = inside, [v in left for v in range(n_nodes)]
    return best, density
