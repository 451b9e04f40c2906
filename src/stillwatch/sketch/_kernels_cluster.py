"""Leader clustering of signatures, candidates by locality-sensitive hashing.

The twin is `stillwatch.sketch.twins.leaders`.
"""

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch._kernels_bits import Int, count_ones, kernel, part
from stillwatch.sketch._kernels_hash import mix

__all__ = ["BANDS", "ROWS", "bands_of", "leaders"]

U64 = np.uint64
BANDS, ROWS = 8, 2
_LOW_BITS, _HIGH_BITS = U64(0x7F7F7F7F7F7F7F7F), U64(0x8080808080808080)


@part
def _agreeing(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> Int:
    same = 0
    for lane in range(SIGNATURE_LENGTH):
        same += a[lane] == b[lane]
    return same


@part
def _equal_bytes(a: Int, b: Int) -> Int:
    """How many of eight bytes two words have in common."""
    differing = a ^ b
    return count_ones(~(((differing & _LOW_BITS) + _LOW_BITS) | differing) & _HIGH_BITS)


@kernel
def bands_of(minhashes: NDArray[np.uint32], band: Int) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """One band of every signature, and a byte of its hash."""
    n = len(minhashes)
    pairs, digests = np.empty(n, np.uint64), np.empty(n, np.uint8)
    for i in range(n):
        pairs[i] = U64(minhashes[i, ROWS * band]) << U64(32) | U64(minhashes[i, ROWS * band + 1])
        digests[i] = np.uint8(mix(U64(band), pairs[i]) >> U64(56))
    return pairs, digests


@kernel
def leaders(
    minhashes: NDArray[np.uint32],
    digests: NDArray[np.uint64],
    places: NDArray[np.int64],
    order: NDArray[np.int64],
    needed: Int,
) -> NDArray[np.int64]:
    """Leader of every signature: taken in `order`, each joins the one it agrees with most, in `needed` lanes.

    Of equals the earlier leader wins; who finds none becomes a leader. Seen are leaders that share one of 8 bands of 2.
    Two signatures that agree in so many lanes share some number of bands at least, so a digest of all bands beside
    each leader's number passes over most without a look at their lanes.

    digests     A byte of every band, as one word a signature.
    places      Where the leaders of a signature's bands are listed, with room for all who share it. Shape (n, 8).
    """
    n = len(order)
    n_bands = max(np.int64(1), BANDS - (SIGNATURE_LENGTH - needed))
    listed, listed_digest = np.empty(n * BANDS, np.int32), np.empty(n * BANDS, np.uint64)
    n_listed = np.zeros(n * BANDS, np.int32)
    leader, rank = np.empty(n, np.int64), np.empty(n, np.int64)
    for place in range(n):
        me = order[place]
        rank[me] = place
        best, agreement = np.int64(-1), needed - 1
        for band in range(BANDS):
            start = places[me, band]
            for at in range(start, start + n_listed[start]):
                if _equal_bytes(listed_digest[at], digests[me]) < n_bands:
                    continue
                other = np.int64(listed[at])
                same = _agreeing(minhashes[me], minhashes[other])
                if same > agreement or (same == agreement and best >= 0 and rank[other] < rank[best]):
                    best, agreement = other, same
        leader[me] = me if best < 0 else best
        if best < 0:
            for band in range(BANDS):
                start = places[me, band]
                listed[start + n_listed[start]], listed_digest[start + n_listed[start]] = me, digests[me]
                n_listed[start] += 1
    return leader
