"""Several bodies read as if they were one source, and taken apart again: each row is known by its body."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from stillwatch.ingest.quarantine import Quarantine
from stillwatch.ingest.streams import Damage
from stillwatch.model.quarantine import QUARANTINE
from stillwatch.model.reader import Columns, Record, Rejected, Source
from stillwatch.service.collect.formats import READERS, BodyFormat
from stillwatch.service.collect.refusal import Refusal

__all__ = ["NOTHING_ASIDE", "Bodies", "Body", "put_aside"]

_HEAD_BYTES: Final = 64 * 1024
_NEVER_SPOOLED: Final = Path("never")
_Faulty = dict[str, Any]
"""A row of `QUARANTINE`."""
NOTHING_ASIDE: Final = pa.RecordBatch.from_pylist([], QUARANTINE)


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes that one sender has sent, inflated."""

    data: bytes = field(repr=False)
    kind: BodyFormat

    @property
    def name(self) -> str:
        """What it is called as a source."""
        return f"POST {self.kind}"

    def source(self) -> Source:
        """For its reader."""
        return Source(self.name, lambda: io.BytesIO(self.data), self.data[:_HEAD_BYTES])


class _Place(NamedTuple):
    """Where a row was read; `is_record` unless its reader rejected it."""

    body: int
    row: int
    unit: str
    is_record: bool


class Bodies:
    """A reader of bodies, one behind the other; rows are numbered through, and `places` tells whose they are.

    most        Rows of one body.
    refusals    Bodies that are refused whole, by number: too many rows, or nothing that can be read.
    """

    name = "bodies"
    unit = "row"

    def __init__(self, bodies: Sequence[Body], most: int) -> None:
        self.places: list[_Place] = []
        self.refusals: dict[int, Refusal] = {}
        self._bodies, self._most = bodies, most

    def recognises(self, source: Source, /) -> bool:
        """Always: the path says what a body is."""
        return bool(source.name)

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:  # noqa: ARG002 - they are known
        """Every row; a body that breaks off ends there, and those behind it are read."""
        for i, body in enumerate(self._bodies):
            try:
                yield from self._one(i, body)
            except Damage as damage:
                yield self._placed(i, Rejected(damage.offset, None, damage.reason), "byte")

    def _one(self, i: int, body: Body) -> Iterator[Record | Rejected | Columns]:
        reader, first, n_records = READERS[body.kind], None, 0
        for n_rows, item in enumerate(reader.read(body.source()), 1):
            if n_rows > self._most:
                reason = f"a body must have {self._most:,} rows at most"
                self.refusals[i] = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)
                return
            if isinstance(item, Rejected):
                first = first or item
            else:
                n_records += 1
            yield self._placed(i, item, reader.unit)
        if first is not None and not n_records:
            reason = f"nothing in the body can be read: {reader.unit} {first.row}: {first.reason}"
            self.refusals[i] = Refusal(HTTPStatus.BAD_REQUEST, reason)

    def _placed(self, i: int, item: Record | Rejected | Columns, unit: str) -> Record | Rejected:
        """The item under the next number."""
        if isinstance(item, Columns):
            message = "a reader of bodies yields rows, not columns"
            raise TypeError(message)
        self.places.append(_Place(i, item.row, unit, isinstance(item, Record)))
        return item._replace(row=len(self.places) - 1)

    def n_accepted(self, faulty: Sequence[_Faulty]) -> list[int]:
        """Rows of each body that passed the checks.

        faulty  What was put aside of all of them, under the numbers.
        """
        counts = [0] * len(self._bodies)
        for place in self.places:
            counts[place.body] += place.is_record
        for told in faulty:
            place = self.places[told["row"]]
            counts[place.body] -= place.is_record
        return counts

    def aside(self, faulty: Sequence[_Faulty]) -> list[pa.RecordBatch]:
        """What was put aside of each body, with the places in it, in their order; damage at the end."""
        rows: list[list[tuple[_Place, _Faulty]]] = [[] for _ in self._bodies]
        for told in faulty:
            place = self.places[told["row"]]
            rows[place.body].append((place, told))
        return [self._aside_of(body, found) for body, found in zip(self._bodies, rows, strict=True)]

    def _aside_of(self, body: Body, found: list[tuple[_Place, _Faulty]]) -> pa.RecordBatch:
        if not found:
            return NOTHING_ASIDE
        kept = Quarantine(_NEVER_SPOOLED, len(found) + 1)
        for place, told in sorted(found, key=lambda one: (one[0].unit == "byte", one[0].row)):
            kept.add(
                body.name,
                place.row,
                place.unit,
                reason=told["reason"],
                field=told["field"],
                exchange_id=told["exchange_id"],
            )
        return kept.table().combine_chunks().to_batches()[0]


def put_aside(bodies: Sequence[Body], most: int) -> Quarantine:
    """A quarantine that holds whatever so many bodies can give it in memory.

    Twice the rows: a row of the reader is one row, and the damage of a container is one more.
    """
    return Quarantine(_NEVER_SPOOLED, len(bodies) * (2 * most + 2))
