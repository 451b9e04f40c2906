"""Which contexts of a stream are new, compiled; a Python set is the twin."""

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["enter", "moved"]

Int: TypeAlias = Any
"""A machine integer inside kernels: numba infers its width, which no type checker follows."""

U64 = np.uint64
_EMPTY = U64(0)
_INSTEAD = U64(0x9E3779B97F4A7C15)
_TURN = U64(0xD6E8FEB86659FD93)


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _slot(table: NDArray[np.uint64], value: Int) -> Int:
    mask = table.shape[0] - 1
    at = np.int64((value * _TURN) >> U64(20)) & mask
    while table[at] not in (_EMPTY, value):
        at = (at + 1) & mask
    return at


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def enter(table: NDArray[np.uint64], contexts: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each context is new to the table, which it enters; the table has room for all."""
    found = np.zeros(contexts.shape[0], np.bool_)
    for i in range(contexts.shape[0]):
        value = contexts[i] if contexts[i] != _EMPTY else _INSTEAD
        at = _slot(table, value)
        if table[at] == _EMPTY:
            table[at] = value
            found[i] = True
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def moved(table: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """The same contexts in a table of another size."""
    larger = np.zeros(size, np.uint64)
    for i in range(table.shape[0]):
        if table[i] != _EMPTY:
            larger[_slot(larger, table[i])] = table[i]
    return larger
