"""OTLP/protobuf exports of traces and logs: one raw request, or requests with their length in front.

Lengths are protobuf's own (varint) or four bytes, big-endian, as the collector's file exporter writes. Requests are
walked field by field, so that a file that is cut off, or holds a broken span, gives every span that is whole. What is a
row is told in `genai_signal`; rows are counted by span and log record, all kinds.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, BinaryIO, NamedTuple

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stillwatch.ingest.genai_events import EVENT_ROLES, EventGroups
from stillwatch.ingest.genai_signal import Signal, is_exchange, signal_fields
from stillwatch.ingest.lines import LINE_BYTES
from stillwatch.ingest.wire import LENGTH_DELIMITED, CutOffError, Field, fields, read_exactly, read_varint
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["OtlpProtobuf"]

Kind = type[Span] | type[LogRecord]

RESOURCE_TAG = 0x0A
SPAN_START = b"\x0a\x10"
LOG_STARTS = (0x09, 0x10, 0x1A, 0x2A, 0x32, 0x38, 0x45, 0x4A, 0x52, 0x59, 0x62)
DEPTH_MOST = 16


class _Framing(Enum):
    """How requests follow one another."""

    RAW = "raw"
    VARINT = "varint"
    FOUR_BYTES = "four bytes"


class _Payload(NamedTuple):
    """Bytes of one export and how many its length promises."""

    data: bytes
    size: int

    @property
    def whole(self) -> bool:
        """Whether the file holds all of it."""
        return len(self.data) == self.size


class OtlpProtobuf:
    """Reads ExportTraceServiceRequest and ExportLogsServiceRequest in protobuf.

    kind    Every source is one raw request of these records, as its path says when it comes over HTTP; None finds out.
    """

    name = "otlp-protobuf"
    unit = "record"

    def __init__(self, kind: Kind | None = None) -> None:
        self._layout = None if kind is None else (_Framing.RAW, kind)

    def recognises(self, source: Source, /) -> bool:
        """True when the head walks down to a span or a log record under one of the framings."""
        return _layout(source.head) is not None

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every model call, and every piece that could not be read."""
        layout = self._layout or _layout(source.head)
        if layout is None:
            return
        framing, kind = layout
        groups, row = EventGroups(), 0
        with source.open() as stream:
            for item in _items(stream, framing, kind):
                row += 1
                if isinstance(item, str):
                    yield Rejected(row, None, item)
                elif item.name in EVENT_ROLES:
                    yield from groups.add(row, item)
                elif is_exchange(item):
                    yield Record(row, signal_fields(item))
        yield from groups.rest()


def _layout(head: bytes) -> tuple[_Framing, Kind] | None:
    starts = {_Framing.RAW: 0, _Framing.FOUR_BYTES: 4}
    length = next((place for place, byte in enumerate(head[:10]) if byte < 0x80), None)
    if length is not None:
        starts[_Framing.VARINT] = length + 1
    for framing, start in starts.items():
        kind = _kind(head[start:])
        if kind is not None:
            return framing, kind
    return None


def _kind(head: bytes) -> Kind | None:
    """What the first record of a request is, looking no further than the head."""
    if head[:1] != bytes([RESOURCE_TAG]):
        return None
    item = bytes(_inside(_inside(_inside(memoryview(head), 1), 2), 2))
    if item[:2] == SPAN_START:
        return Span
    return LogRecord if item and item[0] in LOG_STARTS else None


def _inside(view: memoryview, number: int) -> memoryview:
    """Bytes of the first field `number` that holds a message, as far as the head goes."""
    found = (field.data for field in fields(view) if field.number == number and field.kind == LENGTH_DELIMITED)
    return next(found, memoryview(b""))


def _items(stream: BinaryIO, framing: _Framing, kind: Kind) -> Iterator[Signal | str]:
    for number, payload in enumerate(_payloads(stream, framing), 1):
        if isinstance(payload, str):
            yield payload
            continue
        broken: list[str] = []
        view = memoryview(payload.data)
        yield from (_of_resource if framing is _Framing.RAW else _of_request)(view, kind, broken)
        if not payload.whole:
            yield f"file ends within export {number}: {len(payload.data):,} of {payload.size:,} bytes"
        elif broken:
            yield f"export {number}: {broken[0]}"


def _payloads(stream: BinaryIO, framing: _Framing) -> Iterator[_Payload | str]:
    """Each ResourceSpans of a raw request, or each request of a stream; a text says why the rest cannot be read."""
    while True:
        try:
            size = _next_size(stream, framing)
        except CutOffError as error:
            yield f"the rest of the file is no OTLP: {error}"
            return
        if size is None:
            return
        if size > LINE_BYTES:
            yield f"export of {size:,} bytes, allowed {LINE_BYTES:,}; the rest of the file was not read"
            return
        payload = _Payload(read_exactly(stream, size), size)
        yield payload
        if not payload.whole:
            return


def _next_size(stream: BinaryIO, framing: _Framing) -> int | None:
    if framing is _Framing.FOUR_BYTES:
        prefix = read_exactly(stream, 4)
        if 0 < len(prefix) < 4:
            message = "length is cut off"
            raise CutOffError(message)
        return int.from_bytes(prefix, "big") if prefix else None
    if framing is _Framing.RAW:
        tag = stream.read(1)
        if not tag:
            return None
        if tag[0] != RESOURCE_TAG:
            message = f"byte {tag[0]:#04x} where a resource begins"
            raise CutOffError(message)
        size = read_varint(stream)
        if size is None:
            message = "length is cut off"
            raise CutOffError(message)
        return size
    return read_varint(stream)


def _of_request(view: memoryview, kind: Kind, broken: list[str]) -> Iterator[Signal | str]:
    for resource in _messages(view, 1, broken):
        yield from _of_resource(resource.data, kind, broken)


def _of_resource(view: memoryview, kind: Kind, broken: list[str]) -> Iterator[Signal | str]:
    """Records of one ResourceSpans or ResourceLogs; a resource that cannot be read leaves them without its marks."""
    shared: dict[str, Any] = {}
    for resource in _messages(view, 1, broken):
        try:
            shared = _attributes(Resource.FromString(bytes(resource.data)).attributes)
        except DecodeError:
            broken.append("resource cannot be decoded")
        break
    for scope in _messages(view, 2, []):
        if not scope.whole:
            broken.append("scope is cut off")
        for item in _messages(scope.data, 2, broken):
            if item.whole:
                yield _signal(item.data, kind, shared)


def _messages(view: memoryview, number: int, broken: list[str]) -> Iterator[Field]:
    for field in fields(view):
        if not field.whole:
            broken.append(f"field {field.number} is cut off or broken")
        if field.number == number and field.kind == LENGTH_DELIMITED:
            yield field


def _signal(data: memoryview, kind: Kind, shared: dict[str, Any]) -> Signal | str:
    try:
        item = kind.FromString(bytes(data))
    except DecodeError:
        return f"{kind.DESCRIPTOR.name} cannot be decoded"
    return _of_span(item, shared) if isinstance(item, Span) else _of_log(item, shared)


def _of_span(span: Span, shared: dict[str, Any]) -> Signal:
    attributes: dict[str, Any] = {}
    for event in span.events:
        attributes = _attributes(event.attributes) | attributes
    return Signal(
        attributes=attributes | _attributes(span.attributes),
        resource=shared,
        time=span.start_time_unix_nano or None,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
    )


def _of_log(record: LogRecord, shared: dict[str, Any]) -> Signal:
    attributes = _attributes(record.attributes)
    name = record.event_name or attributes.get("event.name") or attributes.get("event_name") or "log"
    return Signal(
        attributes=attributes,
        resource=shared,
        time=record.time_unix_nano or record.observed_time_unix_nano or None,
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
        name=str(name),
        body=_value(record.body),
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue, depth: int = DEPTH_MOST) -> Any:  # noqa: ANN401 - an attribute holds anything
    kind = value.WhichOneof("value")
    if kind == "array_value" and depth:
        return [_value(one, depth - 1) for one in value.array_value.values]
    if kind == "kvlist_value" and depth:
        return {pair.key: _value(pair.value, depth - 1) for pair in value.kvlist_value.values}
    return getattr(value, kind) if kind in ("string_value", "int_value", "double_value", "bool_value") else None
