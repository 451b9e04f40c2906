"""Loops over tables of id hashes; the twin in plain Python stands in `stillwatch.service.collect.recent`."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.ingest._kernels import kernel

__all__ = ["mark_held"]

U64 = np.uint64


@kernel
def mark_held(table: NDArray[np.uint64], hashes: NDArray[np.uint64], held: NDArray[np.bool_]) -> None:
    """Mark the rows of `hashes` that a table of `add_hashes` holds; those marked before stay marked.

    The table must have a free slot left.
    """
    n_slots = U64(len(table))
    for row in range(len(hashes)):
        if held[row]:
            continue
        a, b = hashes[row, 0], hashes[row, 1]
        if a == U64(0) and b == U64(0):
            b = U64(1)
        slot = ((a >> U64(32)) * n_slots) >> U64(32)
        while True:
            x, y = table[slot, 0], table[slot, 1]
            if x == U64(0) and y == U64(0):
                break
            if x == a and y == b:
                held[row] = True
                break
            slot += U64(1)
            if slot == n_slots:
                slot = U64(0)
