"""Template of a segment, whether the scan met it or not.

A leader that is similar enough agrees in ten of sixteen MinHashes, so at least two of the eight pairs that these fall
into agree whole: only leaders that share a pair are compared, and the answer is that of comparing all.
"""

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.stream_index._kernels_nearest import BANDS, closest, templates_of
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch.signatures import SignatureBook
from stillwatch.sketch.templates import THRESHOLD, Templates
from stillwatch.stats.lookup import positions

__all__ = ["Nearest"]

_NEEDED: Final = ceil(THRESHOLD * SIGNATURE_LENGTH - 1e-9)


@dataclass(frozen=True)
class Nearest:
    """Segments that were met have their template by name; others that of the leader they are most like.

    known       All segments of the scan, and their templates.
    leader      Signatures that lead a template, ascending.
    minhashes   Theirs, uint32[n, 16].
    """

    known: Templates
    leader: NDArray[np.uint64]
    minhashes: NDArray[np.uint32]

    @classmethod
    def of(cls, book: SignatureBook, templates: Templates) -> Self:
        """From what a scan has clustered."""
        met, leader = book.signatures, np.unique(templates.template)
        at = positions(met.signature, leader)
        return cls(templates, leader[at >= 0], met.minhashes[at[at >= 0]])

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Of each band the pairs of all leaders, ascending, and the leaders in that order."""
        halves = self.minhashes.astype(np.uint64).reshape(len(self.leader), BANDS, 2)
        pairs = (halves[:, :, 0] << np.uint64(32) | halves[:, :, 1]).T
        order = np.argsort(pairs, axis=1, kind="stable")
        return np.ascontiguousarray(np.take_along_axis(pairs, order, 1)), order.astype(np.int32)

    def templates(self, book: SignatureBook) -> Templates:
        """Templates of the segments of some exchanges."""
        met = book.signatures
        template = self.known.lookup(met.signature)
        for row in np.flatnonzero(template == 0):
            template[row] = self.of_unknown(met.minhashes[row], met.signature[row])
        return Templates(met.signature, template)

    def replace(self, templates: NDArray[np.uint64], met: tuple[NDArray[np.uint64], NDArray[np.uint32]]) -> None:
        """Put templates in place of the signatures of one prompt.

        met     Its signatures and their MinHashes.
        """
        templates_of(met, tuple(self.known), (self.leader, self.minhashes, *self._pairs), _NEEDED, templates)

    def of_unknown(self, minhashes: NDArray[np.uint32], signature: np.uint64) -> np.uint64:
        """The most similar leader, or the segment itself where none is similar enough.

        minhashes   Of one segment that is not among the known, uint32[16].
        """
        row = int(closest(minhashes, self.minhashes, *self._pairs, _NEEDED))
        return self.leader[row] if row >= 0 else signature
