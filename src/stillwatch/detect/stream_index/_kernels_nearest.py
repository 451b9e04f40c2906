"""Hot loops of finding the most similar leader; the twin is in `tests/detect/stream_index/test_nearest.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch._kernels_bits import Int

__all__ = ["BANDS", "closest", "templates_of"]

BANDS = SIGNATURE_LENGTH // 2
"""Pairs of lanes: of two signatures that agree in ten lanes of sixteen, two pairs at least agree whole."""


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def _first(keys: NDArray[np.uint64], key: Int) -> Int:
    """First row of ascending keys that is not smaller."""
    low, high = 0, keys.shape[0]
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def closest(
    wanted: NDArray[np.uint32],
    minhashes: NDArray[np.uint32],
    pairs: NDArray[np.uint64],
    rows: NDArray[np.int32],
    needed: int,
) -> int:
    """Row of the leader that agrees in most lanes, the first of equals; -1 when none agrees in `needed`.

    wanted  MinHashes of one signature.
    pairs   Of each band the pairs of all leaders, ascending.
    rows    Of each band the leaders in that order.
    """
    best, found = needed - 1, -1
    for band in range(pairs.shape[0]):
        pair = np.uint64(wanted[2 * band]) << np.uint64(32) | np.uint64(wanted[2 * band + 1])
        at = _first(pairs[band], pair)
        while at < pairs.shape[1] and pairs[band, at] == pair:
            row = rows[band, at]
            same = 0
            for lane in range(wanted.shape[0]):
                same += wanted[lane] == minhashes[row, lane]
            if same > best or (same == best and 0 <= row < found):
                best, found = same, row
            at += 1
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def templates_of(
    met: tuple[NDArray[np.uint64], NDArray[np.uint32]],
    known: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    leaders: tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint64], NDArray[np.int32]],
    needed: int,
    templates: NDArray[np.uint64],
) -> None:
    """Put templates in place of the signatures of one prompt.

    met         Signatures that the prompt has, and their MinHashes.
    known       Signatures whose template is known, ascending, and these.
    leaders     Signatures that lead, and the last three of `closest`.
    """
    for i in range(templates.shape[0]):
        signature = templates[i]
        at = _first(known[0], signature)
        if signature == 0:
            continue
        if at < known[0].shape[0] and known[0][at] == signature:
            templates[i] = known[1][at]
            continue
        for entry in range(met[0].shape[0]):
            if met[0][entry] == signature:
                row = closest(met[1][entry], leaders[1], leaders[2], leaders[3], needed)
                if row >= 0:
                    templates[i] = leaders[0][row]
                break
