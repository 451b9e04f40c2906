"""Text with choices in it: ``[Walk|Take] me through {q}``, decided once for a template or again for every prompt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.simulate.ids import mix

__all__ = [
    "Choice",
    "Field",
    "Keys",
    "Pattern",
    "decide",
    "draw_keys",
    "parse",
    "picked",
    "render",
    "scattered",
    "spun",
]

Keys: TypeAlias = NDArray[np.uint64]
_EMPTY: Final = pa.array([""])
_MARK: Final = re.compile(r"\{[a-z]\}|[\[\]|]")


@dataclass(frozen=True, slots=True)
class Field:
    """A place that a row fills."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, one of which is taken."""

    options: tuple["Pattern", ...]


Pattern: TypeAlias = tuple["str | Field | Choice", ...]


def parse(text: str) -> Pattern:
    """Read a pattern; brackets nest.

    >>> parse("a [b|c{q}]")
    ('a ', Choice(options=(('b',), ('c', Field(name='q')))))
    """
    tokens = [t for t in re.split(f"({_MARK.pattern})", text) if t]
    if tokens.count("[") == tokens.count("]"):
        pattern, end = _sequence(tokens, 0, inside=False)
        if end == len(tokens):
            return pattern
    msg = f"unbalanced brackets in a pattern of {len(text)} characters"
    raise ValueError(msg)


def _sequence(tokens: Sequence[str], at: int, *, inside: bool) -> tuple[Pattern, int]:
    nodes: list[str | Field | Choice] = []
    while at < len(tokens):
        piece = tokens[at]
        if piece == "]" or (inside and piece == "|"):
            break
        if piece == "[":
            options = []
            while tokens[at] != "]":
                option, at = _sequence(tokens, at + 1, inside=True)
                options.append(option)
            nodes.append(Choice(tuple(options)))
        else:
            nodes.append(Field(piece[1]) if _MARK.fullmatch(piece) and piece[0] == "{" else piece)
        at += 1
    return tuple(nodes), at


def picked(values: pa.Array, rows: NDArray[np.int64]) -> pa.Array:
    """Values at some rows; the rows are wrapped as they lie, as converting them costs more than taking a few."""
    at = np.ascontiguousarray(rows, np.int64)
    return values.take(pa.Array.from_buffers(pa.int64(), len(at), [None, pa.py_buffer(at)]))


def decide(pattern: Pattern, rng: np.random.Generator, kept: float) -> Pattern:
    """Decide its choices.

    kept    Share of the choices that stay open, for each prompt to decide again.
    """
    nodes: list[str | Field | Choice] = []
    for node in pattern:
        if not isinstance(node, Choice):
            nodes.append(node)
        elif rng.random() < kept:
            nodes.append(Choice(tuple(decide(o, rng, kept) for o in node.options)))
        else:
            nodes.extend(decide(node.options[rng.integers(len(node.options))], rng, kept))
    return tuple(nodes)


def draw_keys(numbers: NDArray[np.int64] | Keys, salt: int) -> Keys:
    """Random words that depend on nothing but the numbers and the salt."""
    with np.errstate(over="ignore"):
        return mix(numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt % 2**63))


def scattered(parts: Sequence[pa.Array], rows: Sequence[NDArray[np.int64]]) -> pa.Array:
    """Put parts back where their rows were."""
    order = np.concatenate(rows)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return picked(pa.concat_arrays(parts), back)


def render(pattern: Pattern, keys: Keys, fields: Mapping[str, pa.Array], salt: int = 1) -> pa.Array:
    """One text a key; equal keys make equal choices."""
    n = len(keys)
    pieces: list[pa.Array | pa.Scalar] = [picked(_EMPTY, np.zeros(n, np.int64))]
    for place, node in enumerate(pattern):
        if isinstance(node, str):
            pieces.append(_scalar(node))
        elif isinstance(node, Field):
            pieces.append(fields[node.name])
        else:
            pieces.append(_chosen(node, keys, fields, salt * 37 + place))
    return pc.binary_join_element_wise(*pieces, "") if n else pa.array([], pa.string())


@lru_cache(maxsize=1 << 16)
def _scalar(text: str) -> pa.Scalar:
    """Kept, as pyarrow looks for pandas whenever it makes one."""
    return pa.scalar(text)


@lru_cache(maxsize=4096)
def _constants(node: Choice) -> pa.Array:
    return pa.array(["".join(map(str, o)) for o in node.options])


def _chosen(node: Choice, keys: Keys, fields: Mapping[str, pa.Array], salt: int) -> pa.Array:
    pick = (draw_keys(keys, salt) % np.uint64(len(node.options))).astype(np.int64)
    if all(isinstance(part, str) for option in node.options for part in option):
        return picked(_constants(node), pick)
    rows = [np.flatnonzero(pick == i) for i in range(len(node.options))]
    parts = []
    for option, at in zip(node.options, rows, strict=True):
        mine = {name: picked(column, at) for name, column in fields.items()}
        parts.append(render(option, keys[at], mine, salt * 41))
    return scattered(parts, rows)


def spun(patterns: Sequence[Pattern], keys: Keys, fields: Mapping[str, pa.Array], salt: int = 1) -> pa.Array:
    """Like `render`, each key choosing its pattern too."""
    return _chosen(Choice(tuple(patterns)), keys, fields, salt)
