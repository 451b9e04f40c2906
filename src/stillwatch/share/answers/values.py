"""What a member's own tags stand for, in clear and in memory only: which of its values an indicator's tags matched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.tags.block import TagBlock

__all__ = ["CARRIED", "Named", "Values"]

CARRIED: Final = (SignalKind.ADDRESS, SignalKind.NETWORK, SignalKind.TLS, SignalKind.BAND)
"""Kinds whose value a single request carries; mail domains and means of payment are known of its account."""
_FIRST_WORD: Final = 16


class Named(NamedTuple):
    """Values of one kind in the order of the first eight bytes of their tags.

    More bytes are not needed: only tags that have hit the index whole are asked for.
    """

    words: NDArray[np.uint64]
    texts: pa.StringArray

    @classmethod
    def of(cls, block: TagBlock, texts: list[str]) -> Self:
        """Values in the order of their tags."""
        words = np.ascontiguousarray(block.values[:, :8]).view(">u8")[:, 0].astype(np.uint64)
        order = np.argsort(words, kind="stable")
        return cls(words[order], pa.array(texts, pa.string()).take(pa.array(order)))


@dataclass(frozen=True, slots=True)
class Values:
    """Values by their tags, and accounts by their family.

    named       By kind, those of `CARRIED`.
    accounts    Number of a family -> hashes of its accounts.
    """

    named: Mapping[SignalKind, Named]
    accounts: Callable[[int], NDArray[np.uint64]]

    def text(self, tag: Tag) -> str | None:
        """The value of a tag that has hit the index; None when it is of another kind or of no value here."""
        known = self.named.get(tag.kind)
        if known is None or not len(known.words):
            return None
        word = np.uint64(int(tag.value[:_FIRST_WORD], 16))
        at = min(int(np.searchsorted(known.words, word)), len(known.words) - 1)
        found: str | None = known.texts[at].as_py() if known.words[at] == word else None
        return found
