"""Template of a segment, whether the scan met it or not."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

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
    def _columns(self) -> NDArray[np.uint32]:
        return np.ascontiguousarray(self.minhashes.T)

    def templates(self, book: SignatureBook) -> Templates:
        """Templates of the segments of some exchanges."""
        met = book.signatures
        template = self.known.lookup(met.signature)
        for row in np.flatnonzero(template == 0):
            template[row] = self._of_unknown(met.minhashes[row], met.signature[row])
        return Templates(met.signature, template)

    def _of_unknown(self, minhashes: NDArray[np.uint32], signature: np.uint64) -> np.uint64:
        """The most similar leader, or the segment itself where none is similar enough."""
        if not len(self.leader):
            return signature
        equal = (self._columns == minhashes[:, None]).sum(axis=0, dtype=np.uint8)
        best = int(equal.argmax())
        return self.leader[best] if equal[best] >= _NEEDED else signature
