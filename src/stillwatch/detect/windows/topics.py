"""Sets of texts that lie near one another, and of texts that are unlike all others, by the pieces they share."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, diags

from stillwatch.detect.windows.sets import TextSets, sets_of_masks

__all__ = ["Vectors", "neighbour_sets", "novelty_sets", "rarity", "vectors_of"]

Vectors = NDArray[np.float32]
"""float32[rows, RANK], of length one; two texts are as alike as their scalar product."""

RANK, SPARE, ROUNDS = 48, 8, 2
CENTRES, AT_ONCE = 2000, 250
SIZES = (8, 32, 128, 512)
MOST_MEMBERS = 128 * 1024
"""Members of all neighbourhoods of one size."""

NEAR = (6, 40)
"""How many neighbours say how alone a text is; the nearest is itself."""

GROWTH = 1.6
"""Each tail of novelty is that much larger than the one before."""


class Nearness(NamedTuple):
    """Neighbourhoods of some texts, and how alone every text is.

    balls    The SIZES[-1] nearest rows of each centre, nearest first, int32[centres, most].
    alone    Minus the mean likeness to the nearest centres, float64[rows, len(NEAR)].
    """

    balls: NDArray[np.int32]
    alone: NDArray[np.float64]


def vectors_of(pieces: TextSets, n_rows: int, rng: np.random.Generator) -> Vectors:
    """Texts in the main directions of their pieces, rare pieces weighing more (latent semantic analysis).

    References  Deerwester et al. (1990), J. Am. Soc. Inf. Sci. 41, 391-407; Halko, Martinsson and Tropp (2011),
                SIAM Rev. 53, 217-288, algorithms 4.4 and 5.1.
    """
    table = _weighted(pieces, n_rows)
    basis = table @ rng.standard_normal((table.shape[1], RANK + SPARE)).astype(np.float32)
    for _ in range(ROUNDS):
        basis = table @ (table.T @ np.linalg.qr(basis)[0])
    basis = np.linalg.qr(basis)[0]
    left, strength, _ = np.linalg.svd((table.T @ basis).T, full_matrices=False)
    rows = (basis @ left[:, :RANK]) * strength[:RANK]
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def _weighted(pieces: TextSets, n_rows: int) -> csr_matrix:
    sizes = pieces.sizes
    weight = np.where(sizes <= n_rows // 2, np.log(n_rows / np.maximum(sizes, 1)), 0.0).astype(np.float32)
    shape = (n_rows, len(sizes))
    table = csc_matrix((np.repeat(weight, sizes), pieces.rows, pieces.starts), shape=shape).tocsr()
    length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return csr_matrix(diags((1 / np.where(length > 0, length, 1)).astype(np.float32)) @ table)


def nearness(vectors: Vectors, rng: np.random.Generator) -> Nearness:
    """Neighbourhoods of up to CENTRES random rows, found by comparing each with all."""
    n_rows = len(vectors)
    centres = vectors[rng.permutation(n_rows)[:CENTRES]]
    most = min(SIZES[-1], n_rows - 1)
    # Equal texts would come in order of their rows without it.
    noise = rng.random(n_rows, np.float32) * np.float32(1e-6)
    balls = [_nearest(centres[i : i + AT_ONCE] @ vectors.T + noise, most) for i in range(0, len(centres), AT_ONCE)]
    alone = [_alone(vectors[i : i + AT_ONCE] @ centres.T) for i in range(0, n_rows, AT_ONCE)]
    return Nearness(np.concatenate(balls).astype(np.int32), np.concatenate(alone))


def _nearest(likeness: NDArray[np.float32], most: int) -> NDArray[np.int64]:
    picked = np.argpartition(likeness, -most, axis=1)[:, -most:]
    order = np.argsort(np.take_along_axis(likeness, picked, 1), axis=1)[:, ::-1]
    return np.take_along_axis(picked, order, 1)


def _alone(likeness: NDArray[np.float32]) -> NDArray[np.float64]:
    most = min(NEAR[-1], likeness.shape[1])
    top = np.sort(np.partition(likeness, -most, axis=1)[:, -most:], axis=1)[:, ::-1]
    return -np.stack([top[:, 1:k].mean(axis=1) for k in NEAR], axis=1).astype(np.float64)


def neighbour_sets(found: Nearness) -> list[TextSets]:
    """Neighbourhoods of each size, one kind a size; fewer centres where neighbourhoods are large and overlap."""
    fitting = [size for size in SIZES if size <= found.balls.shape[1]]
    return [sets_of_masks(found.balls[: MOST_MEMBERS // size, :size]) for size in fitting]


def rarity(everything: TextSets, n_rows: int) -> NDArray[np.float64]:
    """Mean rarity of a text's pieces in nats, and the share of pieces that at most two texts have; float64[rows, 2]."""
    sizes = everything.sizes
    member = np.repeat(np.arange(len(sizes)), sizes)
    count = np.maximum(np.bincount(everything.rows, minlength=n_rows), 1)
    nats = np.bincount(everything.rows, weights=np.log(n_rows / sizes)[member], minlength=n_rows)
    rare = np.bincount(everything.rows, weights=(sizes <= 2).astype(np.float64)[member], minlength=n_rows)
    return np.stack([nats / count, rare / count], axis=1)


def novelty_sets(measures: NDArray[np.float64], rng: np.random.Generator) -> TextSets:
    """The most and the least unusual texts by each measure, in tails that grow to half of all texts.

    measures   float64[rows, measures].
    """
    return sets_of_masks(_tails(measures + rng.random(measures.shape) * 1e-9))


def _tails(measures: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    n_rows = len(measures)
    for values in measures.T:
        order = np.argsort(values)
        size = float(SIZES[0])
        while size <= n_rows / 2:
            yield order[-int(size) :]
            yield order[: int(size)]
            size *= GROWTH
