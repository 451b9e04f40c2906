"""Many tags of one kind and epoch in one array, 32 bytes each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, Tag

__all__ = ["TAG_BYTES", "TagBlock"]

TAG_BYTES: Final = 32
"""Of the function's 64; tags of different values are equal with chance 2^-256."""


@dataclass(frozen=True, slots=True, eq=False)
class TagBlock:
    """Tags that can be compared with one another.

    values      uint8[n, 32], in the order of what was tagged; not sorted, repeats stay.
    Raises      InvalidInput for another shape or type.
    """

    kind: SignalKind
    epoch: int
    values: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Refuse what is no array of tags."""
        if self.values.dtype != np.uint8 or self.values.ndim != 2 or self.values.shape[1] != TAG_BYTES:
            message = f"tags must be uint8[n, {TAG_BYTES}], got {self.values.dtype}{list(self.values.shape)}"
            raise InvalidInput(message)

    def __len__(self) -> int:
        """Tags, repeats included."""
        return len(self.values)

    @classmethod
    def of_outputs(cls, kind: SignalKind, epoch: int, outputs: Sequence[bytes]) -> Self:
        """From values of the oblivious function, whose first 32 bytes are the tag."""
        joined = b"".join(output[:TAG_BYTES] for output in outputs)
        return cls(kind, epoch, np.frombuffer(joined, np.uint8).reshape(len(outputs), TAG_BYTES))

    def tags(self) -> tuple[Tag, ...]:
        """One object each, as indicators carry them."""
        return tuple(Tag(self.kind, self.epoch, row.tobytes().hex()) for row in self.values)
