"""Token ids of any text without a model's tokenizer: what a null study needs, since its probability is over keys."""

import re
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["VOCABULARY", "WORDS", "WordTokenizer"]

VOCABULARY: Final = 50_000
_PIECE: Final = re.compile(r" ?[^\W_]{1,8}|[^\w\s]|_|\s")


class WordTokenizer:
    """Pieces of words as hashes; repeats of the text are repeats of the tokens, and there is no way back.

    >>> WORDS.encode("one two one").tolist() == WORDS.encode("one two one").tolist()
    True
    >>> len(WORDS.encode("one, two"))
    3
    """

    name = "word pieces, hashed"
    sha256 = "0" * 64
    vocabulary_size = VOCABULARY

    def encode(self, text: str) -> NDArray[np.int64]:
        """Ids of a text."""
        found = [zlib.crc32(piece.encode("utf-8", "surrogatepass")) % VOCABULARY for piece in _PIECE.findall(text)]
        return np.array(found, np.int64)


WORDS: Final = WordTokenizer()
