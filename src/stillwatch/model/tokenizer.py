"""What turns text into the token ids that marks are made of."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tokenizer"]


class Tokenizer(Protocol):
    """Text to ids and back. A mark is found only with the tokenizer that made it, which its hash tells."""

    @property
    def name(self) -> str:
        """As reports call it."""
        ...

    @property
    def sha256(self) -> str:
        """Of all that decides the ids: hexadecimal, 64 characters."""
        ...

    @property
    def vocabulary_size(self) -> int:
        """Ids are 0 to this minus 1."""
        ...

    def encode(self, text: str, /) -> NDArray[np.int64]:
        """Ids of a text, without marks of begin and end."""
        ...

    def decode(self, tokens: NDArray[np.int64], /) -> str:
        """Text of ids."""
        ...
