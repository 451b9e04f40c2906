"""stillwatch's own NDJSON: one exchange a line, keys are the column names of the record."""

from collections.abc import Iterator

from stillwatch.ingest.lines import JsonLine, json_lines, sample_objects
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["NativeNdjson"]

KEYS = ("exchange_id", "time", "account_id")


class NativeNdjson:
    """Reads lines of JSON with the canonical column names; other keys are ignored."""

    name = "ndjson"
    unit = "line"

    def recognises(self, source: Source, /) -> bool:
        """True when one of the first lines has an exchange id and a time or an account."""
        return any(KEYS[0] in o and (KEYS[1] in o or KEYS[2] in o) for o in sample_objects(source))

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every line that is not blank."""
        with source.open() as stream:
            for line in json_lines(stream):
                yield Record(line.row, line.fields) if isinstance(line, JsonLine) else line
