"""What turns text into the token ids that marks are made of."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tokenizer"]


class Tokenizer(Protocol):
    """Text to ids and back. A mark is found only with the tokenizer that made it, which its hash tells.

    name             As reports call it.
    sha256           Of all that decides the ids: hexadecimal, 64 characters.
    vocabulary_size  Ids are 0 to this minus 1.
    """

    name: str
    sha256: str
    vocabulary_size: int

    def encode(self, text: str, /) -> NDArray[np.int64]:
        """Ids of a text, without marks of begin and end."""
        ...

    def decode(self, tokens: NDArray[np.int64], /) -> str:
        """Text of ids."""
        ...
