"""The side of a back-search that asks with fewer values: counts first, learns which only when that was allowed."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.oprf.group import inverses, random_element, random_scalar
from stillwatch.share.psi.masking import ascending, marks_of, masked_rows, masked_values
from stillwatch.share.psi.messages import LARGEST, ROUNDED_TO, Form, Message, read_message, write_message
from stillwatch.stats.lookup import among

__all__ = ["Asker"]


class Asker:
    """One search, under a key of its own: two searches for the same values have nothing in common.

    values      Distinct ones count; at most 262,144.
    secret      Key of a search that goes on; None draws one.
    Raises      InvalidInput for too many values.
    """

    def __init__(self, kind: SignalKind, epoch: int, values: Sequence[str], secret: bytes | None = None) -> None:
        self._values = list(dict.fromkeys(values))
        if not 0 < len(self._values) <= LARGEST[Form.REQUEST]:
            message = f"an asker must have 1 to {LARGEST[Form.REQUEST]} values, got {len(self._values)}"
            raise InvalidInput(message)
        self.kind, self.epoch = kind, epoch
        self._secret = secret or random_scalar()
        self._counted: NDArray[np.uint8] | None = None

    @property
    def values(self) -> list[str]:
        """Distinct values, in the order of the request."""
        return list(self._values)

    @property
    def secret(self) -> bytes:
        """Key of the search, for whoever keeps it until the search is over."""
        return self._secret

    def resume(self, answer: bytes) -> None:
        """Take up a search that was counted before.

        answer      The counted one.
        Raises      FailedProof if it is none.
        """
        self._counted = self._rows(answer, Form.COUNTED)

    @cached_property
    def request(self) -> bytes:
        """Values under the asker's key, random elements after them.

        Raises      InvalidInput for a value that is none of its kind.
        """
        rows = masked_values(self.kind, self.epoch, self._values, self._secret)
        more = b"".join(random_element() for _ in range(-len(rows) % ROUNDED_TO))
        rows = np.concatenate([rows, np.frombuffer(more, np.uint8).reshape(-1, rows.shape[1])])
        return write_message(Message(Form.REQUEST, self.kind, self.epoch, rows))

    def count(self, setup: bytes, answer: bytes) -> int:
        """How many of the values the holder has.

        Against m of the holder, any of n values is counted wrongly with chance n m / 2^64: 5e-9 for 100,000 and a
        million.

        Raises      FailedProof if set-up or answer are none.
        """
        rows = self._rows(answer, Form.COUNTED)
        held = self._held(setup, rows)
        self._counted = rows
        return int(held.sum())

    def reveal(self, setup: bytes, answer: bytes) -> list[str]:
        """Values that the holder has, in the asker's order.

        answer      The revealed one; it must hold what was counted, in another order.
        Raises      FailedProof if it does not; InvalidInput if nothing was counted before.
        """
        if self._counted is None:
            message = "a search is counted before it is revealed"
            raise InvalidInput(message)
        rows = self._rows(answer, Form.REVEALED)
        if not np.array_equal(ascending(rows), self._counted):
            message = "the holder revealed another search than the one that was counted"
            raise FailedProof(message)
        held = self._held(setup, rows[: len(self._values)])
        return [value for value, is_held in zip(self._values, held, strict=True) if is_held]

    def _rows(self, answer: bytes, form: Form) -> NDArray[np.uint8]:
        """Rows of an answer to this request."""
        try:
            rows = read_message(answer, form, self.kind, self.epoch).rows
        except InvalidInput as wrong:
            message = f"the holder sent no answer: {wrong}"
            raise FailedProof(message) from wrong
        if len(rows) != -(-len(self._values) // ROUNDED_TO) * ROUNDED_TO:
            message = f"the holder answered with {len(rows)} rows, which is not what was asked"
            raise FailedProof(message)
        return rows

    def _held(self, setup: bytes, rows: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which rows are marked in the set-up, once the asker's key is taken off."""
        try:
            marks = read_message(setup, Form.SETUP, self.kind, self.epoch).rows
            bare = marks_of(masked_rows(rows, inverses([self._secret])[0]))
        except InvalidInput as wrong:
            message = f"the holder sent no set-up or no elements: {wrong}"
            raise FailedProof(message) from wrong
        return among(np.sort(marks.reshape(-1).view(">u8").astype(np.uint64)), bare)
