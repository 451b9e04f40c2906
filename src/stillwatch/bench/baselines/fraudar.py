"""FRAUDAR: accounts and objects that make up an unusually dense block, camouflage notwithstanding."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.baselines._actions import ADDRESS, CLIENT, OPENING, PROMPT, actions_of
from stillwatch.bench.baselines._columns import codes, distinct_pairs
from stillwatch.bench.baselines._kernels_peel import peel
from stillwatch.model.baseline import Setting, Traffic

__all__ = ["Block", "Edges", "Fraudar", "column_weights", "densest_blocks"]

_C: Final = 5.0
"""The constant of the column weights that the paper uses in all its experiments."""


class Edges(NamedTuple):
    """Distinct edges from accounts (rows) to objects (columns)."""

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    n_rows: int
    n_columns: int


class Block(NamedTuple):
    """A dense block: which rows and columns it holds, and its density g = f / (rows + columns)."""

    rows: NDArray[np.bool_]
    columns: NDArray[np.bool_]
    density: float


class Fraudar:
    """Density of the densest block that holds the account.

    f(S) sums the weights of edges inside S and g(S) = f(S) / |S|; an edge to an object with d edges weighs
    1 / log(d + c), c = 5, which makes camouflage on popular objects useless. Algorithm 1 takes away the node of least
    weight, by a priority tree in O(E log V), and keeps the best set on the way, at least half as dense as the densest.
    As in the authors' code, further blocks are found after the edges inside the last one are taken out.
    """

    name = "fraudar"
    title = "dense blocks of accounts and objects (FRAUDAR)"
    source = "Hooi, Song, Beutel, Shah, Shin, Faloutsos (2016), FRAUDAR, KDD, 895-904, algorithm 1 and section 4"

    def settings(self) -> tuple[Setting, ...]:
        """Kinds of objects, as for SynchroTrap; how many blocks are taken out."""
        everything = ADDRESS | OPENING | PROMPT | CLIENT
        kinds = (everything, ADDRESS, OPENING, PROMPT, ADDRESS | OPENING, ADDRESS | OPENING | CLIENT)
        return tuple({"objects": objects, "blocks": n} for objects in kinds for n in (10, 40))

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Density of the densest block with the account, and its weight in it to break ties; 0 when in none."""
        actions = actions_of(traffic, int(setting["objects"]))
        row, target, _ = distinct_pairs(actions.account, actions.target)
        edges = _without_private(Edges(row, target, len(traffic.account_id), int(target.max(initial=-1)) + 1))
        score = np.zeros(edges.n_rows)
        weight = column_weights(edges)[edges.column]
        for block in densest_blocks(edges, int(setting["blocks"])):
            inside = block.rows[edges.row] & block.columns[edges.column]
            own = np.bincount(edges.row[inside], weights=weight[inside], minlength=edges.n_rows)
            order = 1e-6 * own / max(float(own.max(initial=0)), 1e-12)
            score = np.maximum(score, np.where(block.rows, block.density + order, 0.0))
        return score


def _without_private(edges: Edges) -> Edges:
    """Edges to objects that two rows share.

    The objects of a single heavy row would be the densest block of all, at nearly 1 / log 6, and tie it to nobody.
    """
    degree = np.bincount(edges.column, minlength=edges.n_columns)
    shared = degree[edges.column] > 1
    column = codes(edges.column[shared].astype(np.uint64) + np.uint64(1))
    return Edges(edges.row[shared], column, edges.n_rows, int(column.max(initial=-1)) + 1)


def column_weights(edges: Edges) -> NDArray[np.float64]:
    """Weight 1 / log(d + 5) of an edge to each column with d edges; section 4.3 of the paper.

    >>> ends = np.arange(2)
    >>> column_weights(Edges(ends, np.zeros(2, int), 2, 1)).round(4).tolist()
    [0.5139]
    """
    degree = np.bincount(edges.column, minlength=edges.n_columns)
    return np.asarray(1.0 / np.log(degree + _C))


def densest_blocks(edges: Edges, n_blocks: int) -> list[Block]:
    """Up to `n_blocks` blocks, each found after the edges inside the ones before it are taken out."""
    blocks: list[Block] = []
    left = edges
    while len(blocks) < n_blocks and len(left.row):
        block = _densest(left)
        outside = ~(block.rows[left.row] & block.columns[left.column])
        if outside.all():
            break
        blocks.append(block)
        left = Edges(left.row[outside], left.column[outside], left.n_rows, left.n_columns)
    return blocks


def _densest(edges: Edges) -> Block:
    weight = column_weights(edges)[edges.column]
    n_nodes = edges.n_rows + edges.n_columns
    ends = np.concatenate([edges.row, edges.column + edges.n_rows])
    others = np.concatenate([edges.column + edges.n_rows, edges.row])
    order = np.argsort(ends, kind="stable")
    degree = np.bincount(ends, minlength=n_nodes)
    first = np.concatenate([[0], np.cumsum(degree)])
    nodes, density = peel(first, others[order], np.tile(weight, 2)[order], degree > 0)
    return Block(nodes[: edges.n_rows], nodes[edges.n_rows :], float(density))
