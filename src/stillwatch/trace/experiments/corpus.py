"""Public text that every machine has, and words of it as tokens: Python's own library, which ships with Python."""

import hashlib
import re
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput

__all__ = ["Words", "library_texts"]

_PIECES: Final = re.compile(r"\n *| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s")


def library_texts(characters: int) -> Iterator[str]:
    """Sources of Python's library in the order of their names, until so many characters are given.

    >>> 1000 <= sum(len(text) for text in library_texts(1000))
    True
    """
    left = characters
    folder = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(folder.rglob("*.py")):
        if left <= 0:
            return
        if "site-packages" in path.parts or "dist-packages" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")[: max(left, 0)]
        left -= len(text)
        yield text


class Words:
    """A tokenizer (`model.tokenizer.Tokenizer`) of frequent pieces of text, with bytes for everything else.

    texts               What the pieces are counted in.
    vocabulary_size     Ids 0 to 255 are bytes, the rest the most frequent pieces; above 256.
    Raises              InvalidInput for a vocabulary that leaves no piece.

    >>> words = Words(["the cat and the dog and the sea"], 260)
    >>> words.decode(words.encode("the dog and the Ä"))
    'the dog and the Ä'
    """

    def __init__(self, texts: Iterable[str], vocabulary_size: int) -> None:
        if vocabulary_size <= 256:
            message = f"vocabulary_size must be above 256, got {vocabulary_size}"
            raise InvalidInput(message)
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(_PIECES.findall(text))
        frequent = sorted(counts.items(), key=lambda item: (-item[1] * (len(item[0].encode()) - 1), item[0]))
        self._pieces = [piece for piece, _ in islice(frequent, vocabulary_size - 256)]
        self._ids = {piece: 256 + i for i, piece in enumerate(self._pieces)}
        self.name = "words"
        self.vocabulary_size = vocabulary_size
        self.sha256 = hashlib.sha256("\0".join([_PIECES.pattern, *self._pieces]).encode()).hexdigest()

    def encode(self, text: str) -> NDArray[np.int64]:
        """Ids of a text."""
        ids: list[int] = []
        for piece in _PIECES.findall(text):
            known = self._ids.get(piece)
            if known is None:
                ids += piece.encode()
            else:
                ids.append(known)
        return np.array(ids, np.int64)

    def decode(self, tokens: NDArray[np.int64]) -> str:
        """Text of ids; bytes that are no text come out as replacement characters."""
        raw = b"".join(
            bytes([token]) if token < 256 else self._pieces[token - 256].encode() for token in tokens.tolist()
        )
        return raw.decode(errors="replace")
