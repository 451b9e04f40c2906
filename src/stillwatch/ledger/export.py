"""A ledger as a file of JSON lines that anybody can verify: entries with the root after each, and every signed head."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import Connection, select

from stillwatch.errors import UnreadableSource
from stillwatch.ledger.tables import ENTRIES, HEADS
from stillwatch.signing.canonical import parse
from stillwatch.signing.refused import Refused

__all__ = ["export", "heads_in", "lines_of"]

_MOST_LINE_BYTES: Final = 4096
_BATCH: Final = 10_000


def export(connection: Connection, path: Path) -> int:
    """Write the ledger, whole or not at all; how many entries.

    A line is an entry with its root or ``{"head": ...}``, which stands behind the entry that it ends with.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            count = _write(connection, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()
    return count


def _write(connection: Connection, file: TextIO) -> int:
    heads = connection.execute(select(HEADS).order_by(HEADS.c.size)).yield_per(_BATCH)
    head = next(heads, None)
    count = 0
    while head is not None and head.size == 0:
        file.write(_line({"head": head.head}))
        head = next(heads, None)
    for row in connection.execute(select(ENTRIES).order_by(ENTRIES.c.index)).mappings().yield_per(_BATCH):
        file.write(_line({**row, "root": row["root"].hex()}))
        count += 1
        if head is not None and head.size == count:
            file.write(_line({"head": head.head}))
            head = next(heads, None)
    return count


def _line(told: Mapping[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"), sort_keys=True) + "\n"


def lines_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Lines of a file of JSON lines with their numbers, from 1 on.

    Raises      UnreadableSource when it cannot be opened or a line is no JSON object.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_MOST_LINE_BYTES + 1), b""), 1):
                yield number, _parsed(path, number, line)
    except OSError as error:
        if isinstance(error, UnreadableSource):
            raise
        message = f"cannot read {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    if len(line) > _MOST_LINE_BYTES:
        message = f"a line must have at most {_MOST_LINE_BYTES} bytes ({path}:{number})"
        raise UnreadableSource(message)
    try:
        return parse(line)
    except Refused as error:
        message = f"a line must be a JSON object, this one is {error.reason.value} ({path}:{number})"
        raise UnreadableSource(message) from error


def heads_in(path: Path) -> list[dict[str, Any]]:
    """Heads of a file: heads, one a line, or an exported ledger.

    Raises      UnreadableSource when it cannot be read or has no head.
    """
    found = []
    for _, told in lines_of(path):
        inner = told.get("head", told)
        if isinstance(inner, dict) and "commitment" not in inner:
            found.append(inner)
    if not found:
        message = f"{path} holds no head"
        raise UnreadableSource(message)
    return found
