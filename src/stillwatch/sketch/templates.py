"""Templates: segments that are one text but for their edges, put together around the most frequent of them."""

from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch._kernels_cluster import BANDS, bands_of, leaders
from stillwatch.sketch.signatures import SignatureBook
from stillwatch.stats.codes import in_order
from stillwatch.stats.lookup import among, positions

__all__ = ["THRESHOLD", "Templates", "cluster"]

THRESHOLD = 0.6
"""Estimated Jaccard similarity of 4-grams from which on two segments are one text."""


class Templates(NamedTuple):
    """Which template a signature belongs to.

    signature    Known signatures, ascending, uint64[n].
    template     The leader's signature, which names the template, uint64[n].
    """

    signature: NDArray[np.uint64]
    template: NDArray[np.uint64]

    def lookup(self, signatures: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Template of each signature, of any shape; 0 for 0 and for a signature not known.

        >>> templates = Templates(np.array([3, 5], np.uint64), np.array([5, 5], np.uint64))
        >>> templates.lookup(np.array([0, 3, 4, 5], np.uint64))
        array([0, 5, 0, 5], dtype=uint64)
        """
        if not len(self.signature):
            return np.zeros_like(signatures)
        place = positions(self.signature, signatures.ravel()).reshape(signatures.shape)
        return np.where(place >= 0, self.template[place], np.uint64(0))


def cluster(book: SignatureBook, threshold: float = THRESHOLD, known: SignatureBook | None = None) -> Templates:
    """Leader clustering at an estimated Jaccard similarity of 4-grams.

    The most frequent signature leads first, of equals the smaller one; later ones join the most similar leader at or
    above `threshold`. Nothing joins a follower, so that a popular sentence cannot chain templates together.

    book         Signatures and their counts; the order of batches does not matter.
    threshold    In (0, 1]; 16 MinHashes estimate it to about 0.12.
    known        Leaders of earlier days: they lead before all others, so that a template keeps its name.
    Raises       InvalidInput if the threshold is out of range.

    >>> cluster(SignatureBook.empty()).template.tolist()
    []
    """
    if not 0 < threshold <= 1:
        problem = f"threshold must be in (0, 1], got {threshold}"
        raise InvalidInput(problem)
    earlier = (known or SignatureBook.empty()).signatures.signature
    table = (book if known is None else known.merge(book)).signatures
    order = np.lexsort((table.signature, -table.rows, ~among(earlier, table.signature)))
    leader = _leaders(table.minhashes, order, ceil(threshold * SIGNATURE_LENGTH - 1e-9))
    return Templates(table.signature, table.signature[leader])


def _leaders(minhashes: NDArray[np.uint32], order: NDArray[np.int64], needed: int) -> NDArray[np.int64]:
    """Leader of every signature, with room made for all signatures that share a band."""
    n = len(minhashes)
    places, digests = np.empty((n, BANDS), np.int64), np.empty((n, BANDS), np.uint8)
    for band in range(BANDS):
        pairs, digests[:, band] = bands_of(minhashes, band)
        codes, _ = in_order(pairs)
        sizes = np.bincount(codes)
        places[:, band] = (band * n + np.cumsum(sizes) - sizes)[codes]
    return np.asarray(leaders(minhashes, digests.view(np.uint64).ravel(), places, order, needed), np.int64)
