"""Innocent texts of several kinds: what lies on every machine with Python, what is made to be hard, real prompts."""

import itertools
import json
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.trace_nulls.tokens import VOCABULARY, WORDS

__all__ = ["KINDS", "kinds_of", "windows"]

Tokens = NDArray[np.int64]
_MOST_BYTES: Final = 6_000_000


def windows(texts: Iterator[str], n_tokens: int, most: int) -> list[Tokens]:
    """Texts cut into pieces of `n_tokens`; what is left over at an end is passed over.

    most        Pieces to stop at.
    """
    found: list[Tokens] = []
    for text in texts:
        tokens = WORDS.encode(text)
        found += [tokens[at : at + n_tokens] for at in range(0, len(tokens) - n_tokens + 1, n_tokens)]
        if len(found) >= most:
            return found[:most]
    return found


def _sources() -> Iterator[str]:
    """Program text: the standard library, in order of name."""
    read = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        read += len(text)
        yield text
        if read > _MOST_BYTES:
            return


def _prose() -> Iterator[str]:
    """English prose: the reference manual of Python that its own help prints."""
    from pydoc_data import topics  # noqa: PLC0415 - half a megabyte that only this needs

    yield from topics.topics.values()


def _boilerplate() -> Iterator[str]:
    """One licence, over and over, with another name each time: contexts that repeat within and across texts."""
    licence = (
        "Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal in the "
        "software without restriction, subject to the following conditions: the above notice and this permission "
        "notice shall be included in all copies or substantial portions of the software. "
    )
    yield from (f"Copyright {2000 + i % 25} Author Number {i}. " + licence * 8 for i in itertools.count())


def _records() -> Iterator[str]:
    """Log lines as JSON: the same keys in the same order with numbers between."""
    rng = np.random.default_rng(5)
    while True:
        rows = rng.integers(0, 10_000, (40, 3)).tolist()
        yield "\n".join(json.dumps({"request": a, "latency_ms": b, "status": 200, "bytes": c}) for a, b, c in rows)


def _numbers() -> Iterator[str]:
    """A multiplication table: few tokens, every context many times."""
    for first in itertools.count(2):
        yield "\n".join(f"{first % 97} x {second} = {first % 97 * second}" for second in range(1, 60))


def _other_model() -> Iterator[str]:
    """Text of a model that never saw a key: a table of three words made from the prose, drawn from."""
    words = " ".join(_prose()).split()
    after: dict[tuple[str, str], list[str]] = {}
    for a, b, c in zip(words, words[1:], words[2:], strict=False):
        after.setdefault((a, b), []).append(c)
    starts, rng = list(after), np.random.default_rng(6)
    while True:
        pair = starts[int(rng.integers(len(starts)))]
        text = list(pair)
        while len(text) < 400 and pair in after:
            drawn = after[pair][int(rng.integers(len(after[pair])))]
            text.append(drawn)
            pair = pair[1], drawn
        yield " ".join(text)


def _random() -> Iterator[str]:
    """Tokens without any order, of very unequal frequency."""
    rng = np.random.default_rng(8)
    while True:
        yield " ".join(f"w{i}" for i in np.minimum(rng.zipf(1.3, 2000), VOCABULARY))


KINDS: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "program text": _sources,
    "manual, English": _prose,
    "licence, repeated": _boilerplate,
    "JSON records": _records,
    "tables of numbers": _numbers,
    "another model's text": _other_model,
    "words without order": _random,
}
_ROLES: Final = {
    "real prompts, English": "language = 'en'",
    "real prompts, many languages": "language = 'mul'",
    "real prompts, Chinese": "language = 'zh'",
}


def kinds_of(corpora: Path | None) -> dict[str, Callable[[], Iterator[str]]]:
    """Kinds by name, each a function that gives its texts; real prompts only where there is a folder of them."""
    return {**KINDS, **({name: _prompts(corpora, where) for name, where in _ROLES.items()} if corpora else {})}


def _prompts(corpora: Path, where: str) -> Callable[[], Iterator[str]]:
    def texts() -> Iterator[str]:
        import duckdb  # noqa: PLC0415 - only where there are corpora

        query = f"SELECT text FROM read_parquet(?) WHERE {where} ORDER BY hash(text)"  # noqa: S608 - from the table above
        with duckdb.connect() as connection:
            found = connection.execute(query, [str(corpora / "prompts.parquet")])
            pieces = iter(lambda: found.fetchmany(2000), [])
            for rows in pieces:
                yield " ".join(row[0] for row in rows)

    return texts
