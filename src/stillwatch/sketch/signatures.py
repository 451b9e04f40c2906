"""The book of signatures: which pieces of templates were met, how often, and where to look at one."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import SIGNATURE_LENGTH

__all__ = ["SignatureBook", "Signatures"]


class Signatures(NamedTuple):
    """Distinct signatures in ascending order, column by column.

    signature    Hash of the 16 MinHashes, uint64[n].
    minhashes    The MinHashes, uint32[n, 16].
    rows         Exchanges with this signature, int64[n].
    exchange     Hash of the example's exchange, the smallest there is, uint64[n].
    span         First and past-the-end byte of the segment in the example's prompt, int32[n, 2].
    """

    signature: NDArray[np.uint64]
    minhashes: NDArray[np.uint32]
    rows: NDArray[np.int64]
    exchange: NDArray[np.uint64]
    span: NDArray[np.int32]


class SignatureBook:
    """Signatures of many batches. Merging is commutative and cheap: parts are put together when they are read.

    >>> SignatureBook.empty().merge(SignatureBook.empty()).signatures.rows.tolist()
    []
    """

    def __init__(self, parts: tuple[Signatures, ...]) -> None:
        self._parts = parts

    @classmethod
    def empty(cls) -> Self:
        """No signature."""
        return cls(())

    @classmethod
    def of_kernel(cls, book: tuple[NDArray[np.generic], ...]) -> Self:
        """From what the segment kernel fills: slots, their number, and the columns with room to spare."""
        _slots, size, *columns = book
        return cls((_sorted(Signatures(*(column[: size[0]].copy() for column in columns))),))  # type: ignore[arg-type]

    @property
    def signatures(self) -> Signatures:
        """All signatures as one table."""
        if len(self._parts) != 1:
            self._parts = (_together(self._parts),)
        return self._parts[0]

    def to_bytes(self) -> bytes:
        """Columns one after the other, little-endian; books that are equal give equal bytes."""
        return b"".join(np.ascontiguousarray(column).tobytes() for column in self.signatures)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises    InvalidInput if the length does not fit.

        >>> SignatureBook.from_bytes(SignatureBook.empty().to_bytes()) == SignatureBook.empty()
        True
        """
        n, rest = divmod(len(data), _ROW_BYTES)
        if rest:
            problem = f"a book must have a multiple of {_ROW_BYTES} bytes, got {len(data)}"
            raise InvalidInput(problem)
        columns, at = [], 0
        for empty in _nothing():
            shape = (n, *empty.shape[1:])
            columns.append(np.frombuffer(data, empty.dtype, int(np.prod(shape)), at).reshape(shape))
            at += columns[-1].nbytes
        return cls((Signatures(*columns),))

    def merge(self, other: Self) -> Self:
        """Both books as one."""
        parts = self._parts + other._parts
        sizes = [len(part.signature) for part in parts]
        if len(parts) > 2 and sum(sizes) > 2 * max(sizes):
            return type(self)((_together(parts),))
        return type(self)(parts)

    def __len__(self) -> int:
        """Distinct signatures."""
        return len(self.signatures.signature)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same signatures, counts and examples."""
        if not isinstance(other, SignatureBook):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]


_ROW_BYTES = 8 + 4 * SIGNATURE_LENGTH + 8 + 8 + 8


def _sorted(table: Signatures) -> Signatures:
    order = np.argsort(table.signature)
    return _pick(table, order)


def _pick(table: Signatures, rows: NDArray[np.int64]) -> Signatures:
    signature, minhashes, counts, exchange, span = table
    return Signatures(signature[rows], minhashes[rows], counts[rows], exchange[rows], span[rows])


def _together(parts: tuple[Signatures, ...]) -> Signatures:
    if not parts:
        return _nothing()
    table = Signatures(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.lexsort((table.span[:, 1], table.span[:, 0], table.exchange, table.signature))
    signature = table.signature[order]
    first = np.flatnonzero(np.diff(signature, prepend=~signature[:1]) != 0)
    rows = np.add.reduceat(table.rows[order], first) if len(first) else table.rows
    return _pick(table, order[first])._replace(rows=rows)


def _nothing() -> Signatures:
    return Signatures(
        np.empty(0, np.uint64),
        np.empty((0, SIGNATURE_LENGTH), np.uint32),
        np.empty(0, np.int64),
        np.empty(0, np.uint64),
        np.empty((0, 2), np.int32),
    )
