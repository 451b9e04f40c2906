"""OTLP/JSON exports of traces and logs: one request a file, or one a line as the collector's file exporter writes.

What of it is a row is told in `genai_signal`. Rows are counted by span and log record from the start of the file, all
kinds; a line that is broken counts as one.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from stillwatch.ingest.genai_events import EVENT_ROLES, EventGroups
from stillwatch.ingest.genai_signal import Signal, is_exchange, signal_fields
from stillwatch.ingest.json_values import json_objects
from stillwatch.ingest.lines import JsonLine
from stillwatch.ingest.openai_fields import listed, mapping
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["OtlpJson"]

KEYS = (b'"resourceSpans"', b'"resourceLogs"', b'"resource_spans"', b'"resource_logs"')
DEPTH_MOST = 16


class _Kind(NamedTuple):
    """Names of the three levels of an export, in both spellings that exporters use."""

    resources: tuple[str, str]
    scopes: tuple[str, str]
    items: tuple[str, str]


KINDS = (
    _Kind(("resourceSpans", "resource_spans"), ("scopeSpans", "scope_spans"), ("spans", "spans")),
    _Kind(("resourceLogs", "resource_logs"), ("scopeLogs", "scope_logs"), ("logRecords", "log_records")),
)


class OtlpJson:
    """Reads ExportTraceServiceRequest and ExportLogsServiceRequest in JSON."""

    name = "otlp-json"
    unit = "record"

    def recognises(self, source: Source, /) -> bool:
        """True when the head is JSON and names resource spans or logs."""
        return source.head.lstrip(b"\xef\xbb\xbf \t\r\n[")[:1] == b"{" and any(key in source.head for key in KEYS)

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every model call, and every piece that could not be read."""
        groups, row = EventGroups(), 0
        for export in json_objects(source):
            for item in _items(export):
                row += 1
                yield from _rows(row, item, groups)
        yield from groups.rest()


def _rows(row: int, item: Signal | str, groups: EventGroups) -> Iterator[Record | Rejected]:
    if isinstance(item, str):
        yield Rejected(row, None, item)
    elif item.name in EVENT_ROLES:
        yield from groups.add(row, item)
    elif is_exchange(item):
        yield Record(row, signal_fields(item))


def _items(export: JsonLine | Rejected) -> Iterator[Signal | str]:
    """Spans and log records of one export; a text says what could not be read."""
    if isinstance(export, Rejected):
        yield f"export {export.row}: {export.reason}"
        return
    known = False
    for kind in KINDS:
        for resource in _level(export.fields, kind.resources):
            known = True
            yield from _of_resource(resource, kind)
    if not known and not any(name in export.fields for kind in KINDS for name in kind.resources):
        yield f"export {export.row}: neither resourceSpans nor resourceLogs"


def _of_resource(resource: object, kind: _Kind) -> Iterator[Signal | str]:
    if not isinstance(resource, dict):
        yield f"entry of {kind.resources[0]} is no object"
        return
    shared = _attributes(mapping(resource.get("resource")).get("attributes"))
    for scope in _level(resource, kind.scopes):
        if not isinstance(scope, dict):
            yield f"entry of {kind.scopes[0]} is no object"
            continue
        for item in _level(scope, kind.items):
            yield _signal(item, shared) if isinstance(item, dict) else f"entry of {kind.items[0]} is no object"


def _level(fields: dict[str, Any], names: tuple[str, str]) -> Iterable[object]:
    value = next((fields[name] for name in names if name in fields), None)
    if value is None:
        return ()
    return value if isinstance(value, list) else (None,)


def _signal(item: dict[str, Any], shared: dict[str, Any]) -> Signal:
    attributes = _attributes(item.get("attributes"))
    for event in listed(item.get("events")):
        attributes = _attributes(mapping(event).get("attributes")) | attributes
    is_log = "body" in item or "observedTimeUnixNano" in item or "severityNumber" in item
    name = item.get("eventName") or attributes.get("event.name") or attributes.get("event_name") or "log"
    times = (item.get("timeUnixNano"), item.get("observedTimeUnixNano")) if is_log else (item.get("startTimeUnixNano"),)
    return Signal(
        attributes=attributes,
        resource=shared,
        time=next((time for time in times if time not in (None, 0, "0")), None),
        trace_id=str(item.get("traceId") or ""),
        span_id=str(item.get("spanId") or ""),
        name=str(name) if is_log else "",
        body=_value(item.get("body")),
    )


def _attributes(value: object) -> dict[str, Any]:
    pairs = [mapping(pair) for pair in listed(value)]
    return {str(pair.get("key")): _value(pair.get("value")) for pair in pairs}


def _value(value: object, depth: int = DEPTH_MOST) -> Any:  # noqa: ANN401 - an attribute holds anything
    """AnyValue as plain Python; numbers of 64 bits come as text and stay so."""
    kind, inner = next(iter(mapping(value).items()), (None, None))
    if kind == "arrayValue" and depth:
        return [_value(one, depth - 1) for one in listed(mapping(inner).get("values"))]
    if kind == "kvlistValue" and depth:
        pairs = [mapping(pair) for pair in listed(mapping(inner).get("values"))]
        return {str(pair.get("key")): _value(pair.get("value"), depth - 1) for pair in pairs}
    return inner if kind in ("stringValue", "intValue", "doubleValue", "boolValue") else None
