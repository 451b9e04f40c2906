"""Records of a suspect data set: Parquet, JSON lines or text, streamed; what cannot be read is told with its place."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import UnreadableSource
from stillwatch.ingest.lines import first_objects, json_lines
from stillwatch.ingest.sources import File, source_of
from stillwatch.ingest.streams import Damage
from stillwatch.model.reader import Rejected, Source

__all__ = ["TEXT_FIELDS", "Quarantined", "Record", "Tally", "records_of"]

TEXT_FIELDS: Final = ("output_text", "output", "completion", "response", "answer", "text", "content")
"""Where a record's text is looked for when nobody says, in this order; else the assistant's part of ``messages``."""
_ID_FIELDS: Final = ("id", "record_id", "exchange_id", "uid")
_CHUNK: Final = 1 << 20
_ROWS: Final = 512


class Record(NamedTuple):
    """One text of the suspect. `name` is the file and its id or row there."""

    name: str
    text: str


class Quarantined(NamedTuple):
    """What could not be read: where and why, never what it holds."""

    file: str
    row: int
    reason: str


class Tally:
    """What became of the records: every one is counted once.

    >>> tally = Tally()
    >>> tally.read += 1
    >>> tally.quarantine(Quarantined("a.jsonl", 7, "no text"))
    >>> tally.read, tally.n_quarantined, tally.reasons.most_common()
    (1, 1, [('no text', 1)])
    """

    def __init__(self, most_kept: int = 1000) -> None:
        self.read = 0
        self.too_short = 0
        self.n_quarantined = 0
        self.reasons: Counter[str] = Counter()
        self.kept: list[Quarantined] = []
        self._most_kept = most_kept

    def quarantine(self, one: Quarantined) -> None:
        """Count one that could not be read, and keep its place while there are few."""
        self.n_quarantined += 1
        self.reasons[one.reason.partition(" at ")[0]] += 1
        if len(self.kept) < self._most_kept:
            self.kept.append(one)


def records_of(
    files: Iterable[File],
    tally: Tally,
    text_field: str | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Iterator[Record]:
    """Texts of all files, in order. The format is told by the content; a text file is cut into records of a megabyte.

    tally       Counts every record read, and what could not be.
    text_field  Field or column with the text; None looks for the usual names.
    on_bytes    Called with the bytes of all files that are done with.
    Raises      UnreadableSource when a Parquet file has no such column, or is damaged.
    """
    before = 0
    for file in files:

        def tell(position: int, before: int = before) -> None:
            on_bytes(before + position)

        source = source_of(file, tell)
        if source.head.startswith(b"PAR1"):
            found = _parquet(file, tally, text_field)
        elif first_objects(source.head):
            found = _json(source, tally, text_field)
        else:
            found = _plain(source, tally)
        for record in found:
            tally.read += 1
            yield record
        before += file.size_bytes
        on_bytes(before)


def _parquet(file: File, tally: Tally, text_field: str | None) -> Iterator[Record]:
    try:
        opened = pq.ParquetFile(file.path)
        names = opened.schema_arrow.names
        wanted = text_field or next((name for name in TEXT_FIELDS if name in names), None)
        if wanted is None or wanted not in names:
            message = f"{file.name} has no column {wanted or ' or '.join(TEXT_FIELDS)}; name the one with the texts"
            raise UnreadableSource(message)
        ids = next((name for name in _ID_FIELDS if name in names), None)
        row = 0
        for batch in opened.iter_batches(_ROWS, columns=[wanted, *([ids] if ids else [])]):
            for values in batch.to_pylist():
                row += 1
                yield from _checked(file.name, row, values.get(ids) if ids else None, values[wanted], tally)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, UnreadableSource):
            raise
        message = f"cannot read {file.name}: {type(error).__name__}"
        raise UnreadableSource(message) from error


def _json(source: Source, tally: Tally, text_field: str | None) -> Iterator[Record]:
    row = 0
    try:
        with source.open() as stream:
            for line in json_lines(stream):
                row = line.row
                if isinstance(line, Rejected):
                    tally.read += 1
                    tally.quarantine(Quarantined(source.name, row, line.reason))
                    continue
                given = next((line.fields[name] for name in _ID_FIELDS if name in line.fields), None)
                yield from _checked(source.name, row, given, _text_of(line.fields, text_field), tally)
    except Damage as damage:
        _damaged(source, row + 1, damage, tally)


def _text_of(fields: Mapping[str, object], text_field: str | None) -> object:
    if text_field is not None:
        return fields.get(text_field)
    for name in TEXT_FIELDS:
        if isinstance(fields.get(name), str):
            return fields[name]
    messages = fields.get("messages") or fields.get("conversations")
    said = [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []
    answers = [one.get("content", one.get("value")) for one in said if _is_answer(one)]
    return "\n".join(answer for answer in answers if isinstance(answer, str)) or None


def _is_answer(message: Mapping[str, object]) -> bool:
    return message.get("role", message.get("from")) in {"assistant", "gpt", "model"}


def _checked(file: str, row: int, given: object, text: object, tally: Tally) -> Iterator[Record]:
    if isinstance(text, str):
        name = f"{file}:{given if isinstance(given, str | int) else row}"
        yield Record(name[:400], text)
        return
    tally.read += 1
    tally.quarantine(Quarantined(file, row, "no text" if text is None else "text is no string"))


def _plain(source: Source, tally: Tally) -> Iterator[Record]:
    """Megabytes of a text file, cut at line ends where there are any; those that are no UTF-8 are put aside."""
    row, rest, at = 0, b"", 0
    try:
        with source.open() as stream:
            while data := stream.read(_CHUNK):
                rest += data
                cut = rest.rfind(b"\n") + 1
                if not cut and len(rest) < 2 * _CHUNK:
                    continue
                piece, rest = (rest[:cut], rest[cut:]) if cut else (rest, b"")
                row += 1
                yield from _decoded(source.name, row, at, piece, tally)
                at += len(piece)
    except Damage as damage:
        _damaged(source, row + 1, damage, tally)
    if rest:
        yield from _decoded(source.name, row + 1, at, rest, tally)


def _decoded(file: str, row: int, at: int, piece: bytes, tally: Tally) -> Iterator[Record]:
    with suppress(UnicodeDecodeError):
        yield Record(f"{file}:{row}", piece.decode("utf-8"))
        return
    tally.read += 1
    tally.quarantine(Quarantined(file, row, f"no UTF-8 at byte {_first_bad(piece) + at}"))


def _first_bad(piece: bytes) -> int:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _damaged(source: Source, row: int, damage: Damage, tally: Tally) -> None:
    tally.read += 1
    tally.quarantine(Quarantined(source.name, row, f"{damage} at record {row}"))
