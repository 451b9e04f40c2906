"""Sentences of the second hand: a grammar in data files, drawn in Arrow, many rows at a time."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["Grammar", "Ints", "about", "blocks", "fill", "foreign", "gather", "grammar", "n_topics", "topic_name"]

Ints = NDArray[np.int64]
Texts = pa.Array | pa.ChunkedArray

BLOCK_ROWS: Final = 200_000
"""Rows whose texts are joined at once: one Arrow string array must stay under 2 GiB."""

_SLOT: Final = re.compile(r"\{(\w+)\}")
_BRACES: Final = str.maketrans("⟦⟧", "{}")
_DEPTH: Final = 6


def _read(name: str) -> str:
    return (files(__package__) / "data" / name).read_text("utf-8")


@cache
def _world() -> tuple[pa.Array, pa.Array, Ints, Ints]:
    """Topics, all their terms, and where each topic's terms start and how many there are."""
    lines = [line.partition(": ") for line in _read("world.txt").splitlines() if line and not line.startswith("#")]
    terms = [rest.split(", ") for _, _, rest in lines]
    count = np.array([len(t) for t in terms], np.int64)
    flat = [term for group in terms for term in group]
    return pa.array([name for name, _, _ in lines]), pa.array(flat), np.cumsum(count) - count, count


def n_topics() -> int:
    """How many topics the world has."""
    return len(_world()[0])


def topic_name(topic: int) -> str:
    """Name of one topic."""
    return str(_world()[0][topic].as_py())


def about(rng: np.random.Generator, topic: Ints) -> dict[str, pa.Array]:
    """Slots that belong together: each row's topic and three different terms of it."""
    names, terms, start, count = _world()
    first = rng.integers(0, count[topic])
    return {
        "topic": names.take(pa.array(topic)),
        "term": terms.take(pa.array(start[topic] + first)),
        "term2": terms.take(pa.array(start[topic] + (first + 1) % count[topic])),
        "term3": terms.take(pa.array(start[topic] + (first + 2) % count[topic])),
    }


class Grammar:
    """Named lists of productions; ``{name}`` in one stands for another list or for what the caller gives."""

    def __init__(self, rules: Mapping[str, Sequence[str]]) -> None:
        self._rules = rules

    @property
    def names(self) -> list[str]:
        """Names of all lists."""
        return list(self._rules)

    def __getitem__(self, name: str) -> list[str]:
        """Productions of one list."""
        return list(self._rules[name])

    def draw(self, rng: np.random.Generator, name: str, n: int, given: Mapping[str, pa.Array]) -> pa.Array:
        """One production of `name` a row, filled in.

        given   Arrays of n rows; they go before rules of the same name.

        >>> Grammar({"s": ["{a} b"], "a": ["x"]}).draw(np.random.default_rng(0), "s", 2, {}).to_pylist()
        ['x b', 'x b']
        """
        return self.render(rng, self._rules[name], rng.integers(0, len(self._rules[name]), n), given)

    def render(
        self, rng: np.random.Generator, productions: Sequence[str], code: Ints, given: Mapping[str, pa.Array]
    ) -> pa.Array:
        """The production of each row's code, filled in."""
        return self._render(rng, productions, code, given, 0)

    def _render(
        self,
        rng: np.random.Generator,
        productions: Sequence[str],
        code: Ints,
        given: Mapping[str, pa.Array],
        depth: int,
    ) -> pa.Array:
        if depth > _DEPTH:
            msg = "the grammar calls itself"
            raise RecursionError(msg)
        if not any("{" in p for p in productions):
            return pa.array(list(productions)).take(pa.array(code))
        order = np.argsort(code, kind="stable")
        bounds = np.searchsorted(code[order], np.arange(len(productions) + 1))
        parts = []
        for place, production in enumerate(productions):
            rows = order[bounds[place] : bounds[place + 1]]
            if len(rows):
                parts.append(self._fill(rng, production, rows, given, depth))
        back = np.empty(len(code), np.int64)
        back[order] = np.arange(len(code))
        return gather(parts, back)

    def _fill(
        self, rng: np.random.Generator, production: str, rows: Ints, given: Mapping[str, pa.Array], depth: int
    ) -> pa.Array:
        pieces = _SLOT.split(production)
        at = pa.array(rows)
        columns: list[Any] = []
        for place, piece in enumerate(pieces):
            if place % 2 == 0:
                columns.append(pa.scalar(piece.translate(_BRACES)))
            elif piece in given:
                columns.append(given[piece].take(at))
            else:
                columns.append(self._slot(rng, piece, rows, given, depth))
        return fill(columns, len(rows))

    def _slot(
        self, rng: np.random.Generator, name: str, rows: Ints, given: Mapping[str, pa.Array], depth: int
    ) -> pa.Array:
        values = _numbers().get(name)
        if values is not None:
            return values.take(pa.array(rng.integers(0, len(values), len(rows))))
        rules = self._rules[name]
        if not any("{" in rule for rule in rules):
            return pa.array(list(rules)).take(pa.array(rng.integers(0, len(rules), len(rows))))
        inner = {key: value.take(pa.array(rows)) for key, value in given.items()}
        return self._render(rng, rules, rng.integers(0, len(rules), len(rows)), inner, depth + 1)


def fill(columns: Sequence[Any], n: int) -> pa.Array:
    """Columns and constant texts joined, row by row."""
    if not any(isinstance(c, pa.Array) for c in columns):
        return pa.repeat("".join(c.as_py() for c in columns), n)
    return pc.binary_join_element_wise(*columns, "")


def gather(parts: Sequence[pa.Array], at: Ints) -> pa.Array:
    """Rows `at` of the parts laid end to end, as one array."""
    whole = pa.concat_arrays([p.cast(pa.string()) for p in parts]) if parts else pa.array([], pa.string())
    return whole.take(pa.array(at))


def blocks(n: int) -> list[slice]:
    """Slices of at most BLOCK_ROWS rows that cover n."""
    return [slice(i, min(n, i + BLOCK_ROWS)) for i in range(0, n, BLOCK_ROWS)]


@cache
def _numbers() -> dict[str, pa.Array]:
    span = {"k": range(2, 8), "n": range(3, 60), "m": range(5, 97), "big": range(101, 4000), "year": range(1820, 2026)}
    span["large"] = range(5_000, 90_000)
    return {name: pa.array([str(v) for v in values]) for name, values in span.items()}


@cache
def grammar(side: str) -> Grammar:
    """The grammar of a side: attack or innocent."""
    return Grammar({**tomllib.loads(_read("leaves.toml")), **tomllib.loads(_read(f"{side}.toml"))})


@cache
def foreign() -> dict[str, Grammar]:
    """Grammars of other languages, by code: question and wrap, of topics and aspects of their own."""
    rules = tomllib.loads(_read("languages.toml"))
    return {code: Grammar({**lists, "topic2": lists["topic"]}) for code, lists in rules.items()}
