"""A model's ``tokenizer.json``, read by the library that wrote it (extra `trace`)."""

import hashlib
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import MissingData, UnreadableSource

__all__ = ["TokenizerFile"]

_MOST_BYTES: Final = 1 << 28
_PIECE: Final = 1 << 18


class TokenizerFile:
    """Tokenizer of a file; its hash is that of the file's bytes.

    Texts are encoded in pieces of a quarter of a megabyte, cut at white space, so that a file without line ends does
    not fill the memory. A cut can change the ids around it, which costs a few contexts and convicts nobody.
    """

    def __init__(self, tokenizer: Any, name: str, sha256: str) -> None:  # noqa: ANN401 - the library has no types
        self._tokenizer = tokenizer
        self.name: Final = name
        self.sha256: Final = sha256

    @classmethod
    def open(cls, path: Path) -> Self:
        """Tokenizer of a file.

        Raises      MissingData when there is no file; UnreadableSource when it is no tokenizer.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except FileNotFoundError as error:
            message = f"there is no tokenizer {path}: give the model's tokenizer.json"
            raise MissingData(message) from error
        except OSError as error:
            message = f"cannot read the tokenizer {path}: {type(error).__name__}"
            raise UnreadableSource(message) from error
        if len(data) > _MOST_BYTES:
            message = f"{path} is larger than a tokenizer can be, {_MOST_BYTES >> 20} MiB"
            raise UnreadableSource(message)
        from tokenizers import Tokenizer  # noqa: PLC0415 - only here is the library needed

        try:
            tokenizer = Tokenizer.from_str(data.decode("utf-8"))
        except Exception as error:
            message = f"{path} is no tokenizer.json that the library reads: {type(error).__name__}"
            raise UnreadableSource(message) from error
        return cls(tokenizer, path.name, hashlib.sha256(data).hexdigest())

    @property
    def vocabulary_size(self) -> int:
        """Ids are 0 to this minus 1, added tokens included."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def encode(self, text: str) -> NDArray[np.int64]:
        """Ids of a text, without marks of begin and end."""
        ids = [self._tokenizer.encode(piece, add_special_tokens=False).ids for piece in _pieces(text)]
        return np.array([one for piece in ids for one in piece], np.int64)

    def decode(self, tokens: NDArray[np.int64]) -> str:
        """Text of ids."""
        return str(self._tokenizer.decode(tokens.tolist(), skip_special_tokens=False))


def _pieces(text: str) -> list[str]:
    """The text in parts, each cut before white space where there is any near.

    >>> [len(piece) for piece in _pieces("a" * 300_000)]
    [262144, 37856]
    """
    found, start = [], 0
    while len(text) - start > _PIECE:
        cut = max(text.rfind(" ", start + 1, start + _PIECE), text.rfind("\n", start + 1, start + _PIECE))
        stop = cut if cut > start + _PIECE // 2 else start + _PIECE
        found.append(text[start:stop])
        start = stop
    return [*found, text[start:]]
