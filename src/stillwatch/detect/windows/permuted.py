"""Statistics of a sample and of the same pool marked at random: many columns of labels, a block at a time."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.windows.asked import Asked
from stillwatch.model.progress import Progress
from stillwatch.stats.two_sample import Excesses, excess_tables, random_labels, scan_sets

__all__ = ["BLOCK", "permuted_statistics"]

BLOCK = 128
"""Columns at a time: a row of labels is then two cache lines."""


def permuted_statistics(
    asked: Asked, given: NDArray[np.uint8], permutations: int, seed: int, on_progress: Progress
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Statistics of the given labels, then of random ones that mark as many rows.

    given       uint8[rows, columns].
    Returns     float32[statistics, columns + permutations], and the part of each statistic among those there are.
    """
    n_rows, n_marked = len(given), int(given[:, 0].sum())
    excesses = excess_tables(asked.sets.sizes, n_marked, n_rows)
    blocks = list(_blocks(given, permutations, seed))
    done, found = 0, []
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(blocks))) as pool:
        # In order, and no more at once than threads: a block of labels of a large pool is some megabytes.
        for values in pool.map(lambda block: _scanned(asked, excesses, n_marked, block), blocks):
            found.append(values)
            done += values.shape[-1]
            on_progress("mark other texts", done, permutations + given.shape[1])
    return _informative(np.concatenate(found, axis=-1), asked)


def _blocks(given: NDArray[np.uint8], permutations: int, seed: int) -> Iterator[tuple[NDArray[np.uint8] | int, int]]:
    """Labels that are given, then the seeds of those to draw, each with its number of columns."""
    for first in range(0, given.shape[1], BLOCK):
        columns = np.ascontiguousarray(given[:, first : first + BLOCK])
        yield columns, columns.shape[1]
    for number, first in enumerate(range(0, permutations, BLOCK)):
        yield seed * 1_000_003 + number, min(BLOCK, permutations - first)


def _scanned(
    asked: Asked, excesses: Excesses, n_marked: int, block: tuple[NDArray[np.uint8] | int, int]
) -> NDArray[np.float32]:
    source, columns = block
    n_rows = len(asked.strings.offsets) - 1
    labels = source if isinstance(source, np.ndarray) else random_labels(n_rows, n_marked, columns, source)
    return scan_sets(asked.sets, labels, excesses, len(asked.part))


def _informative(values: NDArray[np.float32], asked: Asked) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Statistics that are not one and the same under all labels."""
    strata, levels, columns = values.shape
    flat, part = values.reshape(strata * levels, columns), np.repeat(asked.part, levels)
    kept = flat.max(axis=1) > flat.min(axis=1)
    return flat[kept], part[kept]
