"""Bytes that a function or a summary holds: what a cluster would have to send along with it."""

from collections.abc import Iterator
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["held_bytes"]

_MOST_OBJECTS = 1_000_000
_STAYS = ("numba", "duckdb", "threading", "_thread", "benchmarks", "stillwatch.model.progress", "stillwatch.engine")
"""Modules whose objects never travel: compiled kernels, locks, progress, engines and where data sets lie."""


def held_bytes(root: object) -> int:
    """Bytes of all arrays, tables and strings that can be reached from `root`, each once.

    Goes through closures, bound methods, containers and attributes; looks at a million objects at most.

    >>> numbers = np.zeros(10)
    >>> held_bytes({"a": numbers, "b": (numbers[:], b"xy")})
    84
    """
    seen: set[object] = set()
    waiting: list[object] = [root]
    alive: list[object] = []  # ids are those of living objects only
    total = 0
    while waiting and len(seen) < _MOST_OBJECTS:
        value = waiting.pop()
        key = _key(value)
        if key in seen:
            continue
        seen.add(key)
        alive.append(value)
        size = _own_bytes(value)
        total += size or 0
        if size is None:
            waiting.extend(_parts(value))
    return total


def _key(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.__array_interface__["data"][0], value.nbytes
    return id(value)


def _own_bytes(value: object) -> int | None:
    """Size of a leaf; None for what has parts."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.nbytes
    if isinstance(value, pa.Table | pa.RecordBatch | pa.Array | pa.ChunkedArray):
        return int(value.nbytes)
    if isinstance(value, str | bytes):
        return len(value)
    if value is None or isinstance(value, bool | int | float | np.generic | type | ModuleType):
        return 0
    return 0 if type(value).__module__.startswith(_STAYS) else None


def _parts(value: Any) -> Iterator[object]:  # noqa: ANN401 - anything at all
    if isinstance(value, FunctionType):
        yield from (cell.cell_contents for cell in value.__closure__ or () if _is_full(cell))
        yield from value.__defaults__ or ()
    elif isinstance(value, MethodType):
        yield value.__self__
    elif isinstance(value, partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, np.ndarray):
        yield from value.ravel().tolist()
    else:
        yield from getattr(value, "__dict__", {}).values()
        names = (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()))
        yield from (getattr(value, name) for name in names if hasattr(value, name))


def _is_full(cell: Any) -> bool:  # noqa: ANN401 - types.CellType
    try:
        cell.cell_contents  # noqa: B018 - raises when the cell is empty
    except ValueError:
        return False
    return True
