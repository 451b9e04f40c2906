"""Leader clustering of signatures, candidates by locality-sensitive hashing.

The twin is `stillwatch.sketch.twins.leaders`.
"""

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch._kernels_bits import Int, kernel, part
from stillwatch.sketch._kernels_hash import mix

__all__ = ["leaders"]

U64 = np.uint64
BANDS, ROWS = 8, 2


@part
def _band_slot(keys: NDArray[np.uint64], minhashes: NDArray[np.uint32], band: Int) -> Int:
    """Slot of one band of a signature in the hash table `keys`: its own, or the free one where it belongs."""
    pair = U64(minhashes[ROWS * band]) << U64(32) | U64(minhashes[ROWS * band + 1])
    key = max(mix(U64(band), pair), U64(1))
    slot = np.int64(key & U64(len(keys) - 1))
    while keys[slot] != key and keys[slot] != 0:
        slot = (slot + 1) & (len(keys) - 1)
    if keys[slot] == 0:
        keys[slot] = key
    return slot


@part
def _agreeing(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> Int:
    same = 0
    for lane in range(SIGNATURE_LENGTH):
        same += a[lane] == b[lane]
    return same


@kernel
def leaders(minhashes: NDArray[np.uint32], order: NDArray[np.int64], needed: Int) -> NDArray[np.int64]:
    """Leader of every signature: taken in `order`, each joins the one it agrees with most, in `needed` lanes.

    Of equals the earlier leader wins; who finds none becomes a leader. Seen are leaders that share one of 8 bands of 2.
    """
    n = len(order)
    n_slots = 64
    while n_slots < 2 * BANDS * n:
        n_slots *= 2
    keys, heads = np.zeros(n_slots, np.uint64), np.full(n_slots, -1, np.int32)
    following = np.empty((n, BANDS), np.int32)  # the leader entered before this one under the same band
    leader, slots = np.empty(n, np.int64), np.empty(BANDS, np.int64)
    rank = np.empty(n, np.int64)
    for place in range(n):
        me = order[place]
        rank[me] = place
        best, agreement = np.int64(-1), needed - 1
        for band in range(BANDS):
            slots[band] = _band_slot(keys, minhashes[me], band)
            other = heads[slots[band]]
            while other >= 0:
                same = _agreeing(minhashes[me], minhashes[other])
                if same > agreement or (same == agreement and best >= 0 and rank[other] < rank[best]):
                    best, agreement = np.int64(other), same
                other = following[other, band]
        leader[me] = me if best < 0 else best
        if best < 0:
            for band in range(BANDS):
                following[me, band] = heads[slots[band]]
                heads[slots[band]] = me
    return leader
