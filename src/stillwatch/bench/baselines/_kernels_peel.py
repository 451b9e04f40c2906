"""Greedy peeling of a bipartite graph with a priority tree. The twin is `_twins.peel`."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel

__all__ = ["peel"]


@kernel
def _lower(tree: NDArray[np.int64], weight: NDArray[np.float64], leaf: Int, n_leaves: Int) -> None:
    """Put right the winners above a leaf whose weight has changed."""
    at = (leaf + n_leaves) >> 1
    while at >= 1:
        a, b = tree[2 * at], tree[2 * at + 1]
        tree[at] = b if weight[b] < weight[a] else a
        at >>= 1


@kernel
def peel(
    first: NDArray[np.int64], neighbour: NDArray[np.int64], edge_weight: NDArray[np.float64], active: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], float]:
    """Densest of the node sets left while the node of least weight is taken away, and its density.

    first, neighbour, edge_weight   Both directions of every edge, by node: those of v are first[v] to first[v + 1].
    active                          Nodes to begin with; edges to others are not looked at.
    Returns                         Nodes of the best set; weight of its edges over its number of nodes.
    """
    n_nodes = len(active)
    n_leaves = 1
    while n_leaves < max(n_nodes, 2):
        n_leaves *= 2
    weight = np.full(n_leaves, np.inf)
    inside, n_left = 0.0, 0
    for v in range(n_nodes):
        if active[v]:
            weight[v] = 0.0
            n_left += 1
            for e in range(first[v], first[v + 1]):
                if active[neighbour[e]]:
                    weight[v] += edge_weight[e]
                    inside += edge_weight[e] / 2
    tree = np.empty(2 * n_leaves, np.int64)
    for leaf in range(n_leaves):
        tree[n_leaves + leaf] = leaf
    for at in range(n_leaves - 1, 0, -1):
        a, b = tree[2 * at], tree[2 * at + 1]
        tree[at] = b if weight[b] < weight[a] else a
    taken = np.empty(n_left, np.int64)
    left = active.copy()
    best, best_step = inside / max(n_left, 1), 0
    for step in range(n_left - 1):
        v = tree[1]
        taken[step] = v
        inside -= weight[v]
        left[v] = False
        weight[v] = np.inf
        _lower(tree, weight, v, n_leaves)
        for e in range(first[v], first[v + 1]):
            u = neighbour[e]
            if left[u]:
                weight[u] -= edge_weight[e]
                _lower(tree, weight, u, n_leaves)
        if inside / (n_left - step - 1) > best + 1e-12:
            best, best_step = inside / (n_left - step - 1), step + 1
    block = active.copy()
    for step in range(best_step):
        block[taken[step]] = False
    return block, best
