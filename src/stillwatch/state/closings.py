"""Which exchanges a state has counted, period by period, so that a watch counts each once whatever happens to it.

::

    DIR/closing-000012.parquet          a period that the state has counted: hashes of its exchanges
    DIR/closing-000013.open.parquet     one that is being counted; there is one at most

A closing is written before the state is advanced and confirmed after it. Whoever finds an open one after a crash looks
at the state: if it says it was made from just this input, the closing is confirmed, else it never happened.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.errors import IncompatibleVersion, UnreadableSource
from stillwatch.model.column import Column, schema_of

__all__ = ["CLOSINGS_VERSION", "REMEMBERED", "Closing", "Closings", "known_hashes"]

CLOSINGS_VERSION: Final = 1
REMEMBERED: Final = 8
"""Closings that are kept: an exchange that comes again within so many periods is known; an older one is too late."""
_KEY: Final = b"stillwatch-closing"

COUNTED: pa.Schema = schema_of(
    "counted", (Column("exchange", pa.uint64(), "Hash of a counted exchange id.", required=True),)
)


@dataclass(frozen=True)
class Closing:
    """One period, and the exchanges that were counted at its end: those from before it that nothing had counted.

    number      1 for the first.
    start_us, end_us    The period, microseconds since 1970, from start to below end.
    digest      Of the input that the state was advanced by; None when there was no exchange.
    exchange    Hashes of the ids, ascending.
    spent       Log files, by their mark, that hold nothing from `end_us` on: all they hold is counted.
    """

    number: int
    start_us: int
    end_us: int
    digest: str | None
    exchange: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    spent: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Everything but the hashes, which are there by their checksum."""
        return {
            "format_version": CLOSINGS_VERSION,
            "number": self.number,
            "start_us": self.start_us,
            "end_us": self.end_us,
            "digest": self.digest,
            "spent": list(self.spent),
            "sha256": _checksum(self.exchange),
        }

    @classmethod
    def of(cls, facts: Mapping[str, Any], exchange: NDArray[np.uint64]) -> Self:
        """From what `facts` gave."""
        number, start_us, end_us, digest = (facts[name] for name in ("number", "start_us", "end_us", "digest"))
        return cls(number, start_us, end_us, digest, exchange, tuple(facts["spent"]))


class Closings:
    """Folder of closings; whoever uses it holds the lock of the state beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def settle(self, digest: str | None) -> None:
        """Confirm or drop what a killed watch left open.

        digest  Digest of the input that made the current state, None when there is no state.
        Raises  UnreadableSource when a file is damaged or cannot be written.
        """
        if not self.path.is_dir():
            return
        for path in self.path.glob("*.partial"):
            path.unlink()
        for path in sorted(self.path.glob("*.open.parquet")):
            closing = _read(path)
            if closing.digest is None or closing.digest != digest:
                path.unlink()
            else:
                self.confirm(closing)

    def names(self) -> list[str]:
        """Names of all files, open and confirmed."""
        return sorted(path.name for path in self.path.iterdir()) if self.path.is_dir() else []

    def all(self) -> list[Closing]:
        """Confirmed closings that are remembered, the oldest first.

        Raises  UnreadableSource when one is damaged; IncompatibleVersion when it is of another version.
        """
        found = [_read(path) for path in sorted(self.path.glob("closing-*[0-9].parquet"))]
        if any(one.number + 1 != other.number for one, other in pairwise(found)):
            msg = f"a closing in {self.path} is missing; restore the folder from a copy, or start anew with another"
            raise UnreadableSource(msg)
        return found

    def open(self, closing: Closing) -> None:
        """Write down what the state is about to count."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self._open(closing), closing)
        except OSError as wrong:
            raise self._unwritable(wrong) from wrong

    def confirm(self, closing: Closing) -> None:
        """The state has counted it. The oldest closing is forgotten when there are more than `REMEMBERED`."""
        try:
            self._open(closing).rename(self.path / _name(closing))
            _sync(self.path)
            for path in sorted(self.path.glob("closing-*[0-9].parquet"))[:-REMEMBERED]:
                path.unlink()
        except OSError as wrong:
            raise self._unwritable(wrong) from wrong

    def _open(self, closing: Closing) -> Path:
        return self.path / _name(closing).replace(".parquet", ".open.parquet")

    def _unwritable(self, wrong: OSError) -> UnreadableSource:
        msg = f"a closing cannot be written to {self.path}: {wrong.strerror or type(wrong).__name__}"
        return UnreadableSource(msg)


def _name(closing: Closing) -> str:
    return f"closing-{closing.number:06}.parquet"


def _checksum(exchange: NDArray[np.uint64]) -> str:
    return hashlib.sha256(exchange.astype("<u8").tobytes()).hexdigest()


def _write(path: Path, closing: Closing) -> None:
    schema = COUNTED.with_metadata({_KEY: json.dumps(closing.facts()).encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.table([closing.exchange], schema=schema),
        sink,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
    )
    partial = path.with_name(path.name + ".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(sink.getvalue())
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    _sync(path.parent)


def _read(path: Path) -> Closing:
    again = "restore the folder from a copy, or start anew with another"
    try:
        table = pq.ParquetFile(path).read()
        facts = json.loads(table.schema.metadata[_KEY])
        exchange, version = table["exchange"].to_numpy(), facts["format_version"]
        closing = Closing.of(facts, exchange) if version == CLOSINGS_VERSION else None
        is_whole = facts["sha256"] == _checksum(exchange)
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as wrong:
        msg = f"{path} is damaged ({type(wrong).__name__}); {again}"
        raise UnreadableSource(msg) from wrong
    if closing is None:
        msg = f"{path} is of format {version!r}, this version reads {CLOSINGS_VERSION}; {again}"
        raise IncompatibleVersion(msg)
    if not is_whole:
        msg = f"{path} is damaged: its checksum differs; {again}"
        raise UnreadableSource(msg)
    return closing


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def known_hashes(closings: Sequence[Closing]) -> NDArray[np.uint64]:
    """Hashes of all exchanges of some closings, ascending."""
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *(closing.exchange for closing in closings)]))
