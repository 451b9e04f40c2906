"""From the bytes of a body to a parcel, through the readers of logs."""

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pyarrow as pa
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.intake import Intake as RowsOfSource
from stillwatch.ingest.litellm import LiteLlm
from stillwatch.ingest.native_ndjson import NativeNdjson
from stillwatch.ingest.options import Content, Limits
from stillwatch.ingest.otlp_json import OtlpJson
from stillwatch.ingest.otlp_protobuf import OtlpProtobuf
from stillwatch.ingest.quarantine import Quarantine
from stillwatch.ingest.validate import Validator
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.quarantine import QUARANTINE
from stillwatch.model.reader import Columns, Reader, Record, Rejected, Source
from stillwatch.service.collect.clock import Clock
from stillwatch.service.collect.parcel import Parcel
from stillwatch.service.collect.refusal import Refusal

__all__ = ["BodyFormat", "Intake", "IntakeRules"]

_HEAD_BYTES: Final = 64 * 1024
_ID_COLUMNS: Final = ("account_id", "organisation_id", "end_user_id", "session_id", "conversation_id")
_RULES_S: Final = 60.0
_DAY: Final = timedelta(days=1)
_NEVER_SPOOLED: Final = Path("never")


class BodyFormat(StrEnum):
    """What a body may be; its path and type say which."""

    NATIVE = "native"
    LITELLM = "litellm"
    TRACES = "otlp-traces"
    TRACES_JSON = "otlp-traces-json"
    LOGS = "otlp-logs"
    LOGS_JSON = "otlp-logs-json"


_READERS: Final[dict[BodyFormat, Reader]] = {
    BodyFormat.NATIVE: NativeNdjson(),
    BodyFormat.LITELLM: LiteLlm(),
    BodyFormat.TRACES: OtlpProtobuf(Span),
    BodyFormat.TRACES_JSON: OtlpJson(),
    BodyFormat.LOGS: OtlpProtobuf(LogRecord),
    BodyFormat.LOGS_JSON: OtlpJson(),
}


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What is taken.

    salt        Key of the hashes that take the place of secrets: the installation's.
    keep_days   An exchange from before is put aside: it would be removed at once.
    ahead_s     As is one from so far in the future.
    rows        Of one body.
    """

    salt: bytes
    content: Content = Content.FULL
    keep_days: int = 30
    ahead_s: float = 3600.0
    rows: int = 50_000


class Intake:
    """Reads bodies; used by several threads."""

    def __init__(self, rules: IntakeRules, clock: Clock | None = None) -> None:
        self._rules = rules
        self._clock = clock or Clock()
        self._concealer = Concealer(rules.salt)
        self._lock = threading.Lock()
        self._validator: tuple[float, Validator] | None = None

    def read(self, body: bytes, kind: BodyFormat) -> Parcel:
        """Every row of a body, accepted or aside.

        Raises  Refusal 400 when there is nothing in it that can be read, 413 when it has too many rows.
        """
        reader = _Counted(_READERS[kind], self._rules.rows)
        source = Source(f"POST {kind}", lambda: io.BytesIO(body), body[:_HEAD_BYTES])
        # Twice the rows: a row of the reader is one row, and the damage of a container is one more.
        aside = Quarantine(_NEVER_SPOOLED, 2 * self._rules.rows + 2)
        batches = list(RowsOfSource(source, reader, self._checks(), aside).batches())
        reader.check_any()
        rows = pa.Table.from_batches(batches, EXCHANGE).combine_chunks().to_batches()
        batch = rows[0] if rows else pa.RecordBatch.from_pylist([], EXCHANGE)
        put_aside = aside.table().combine_chunks().to_batches()
        return Parcel(self._concealed(batch), put_aside[0] if put_aside else _NOTHING_ASIDE)

    def _concealed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not batch.num_rows:
            return batch
        return self._concealer.texts(self._concealer.columns(batch, _ID_COLUMNS), self._rules.content)

    def _checks(self) -> Validator:
        """Checks with the times of this minute."""
        steady = time.monotonic()
        with self._lock:
            if self._validator is None or steady - self._validator[0] > _RULES_S:
                self._validator = (steady, Validator(EXCHANGE, self._limits()))
            return self._validator[1]

    def _limits(self) -> Limits:
        now = self._clock.now()
        latest = datetime.fromtimestamp(now.latest, UTC) + timedelta(seconds=self._rules.ahead_s)
        earliest = datetime.fromtimestamp(now.earliest, UTC) - self._rules.keep_days * _DAY
        return Limits(now=latest - _DAY, earliest=earliest)


_NOTHING_ASIDE: Final = pa.RecordBatch.from_pylist([], QUARANTINE)


class _Counted:
    """A reader that counts what it gives and stops at too much."""

    def __init__(self, reader: Reader, most: int) -> None:
        self.name, self.unit = reader.name, reader.unit
        self._reader, self._most = reader, most
        self._n_rows = self._n_records = 0
        self._first: Rejected | None = None

    def recognises(self, source: Source, /) -> bool:
        """Always: the path says what a body is."""
        return bool(source.name)

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Every row.

        Raises  Refusal 413.
        """
        for item in self._reader.read(source):
            self._n_rows += 1
            if isinstance(item, Rejected):
                self._first = self._first or item
            else:
                self._n_records += 1
            if self._n_rows > self._most:
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body must have {self._most:,} rows at most")
            yield item

    def check_any(self) -> None:
        """Tell a body that is damaged or something else from one with some bad rows.

        Raises  Refusal 400.
        """
        if self._first is not None and not self._n_records:
            place = f"{self.unit} {self._first.row}"
            raise Refusal(HTTPStatus.BAD_REQUEST, f"nothing in the body can be read: {place}: {self._first.reason}")
