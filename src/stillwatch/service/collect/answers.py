"""What senders are answered: our own JSON, or OTLP's messages in the encoding in which they asked."""

from http import HTTPStatus
from typing import Final, Protocol

import orjson
import pyarrow as pa
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.responses import Response

from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.parcel import Outcome
from stillwatch.service.collect.refusal import Refusal

__all__ = ["Answers", "answers_of"]

_JSON: Final = "application/json"
_PROTOBUF: Final = "application/x-protobuf"
_MOST_REASONS: Final = 5
# google.rpc.Code of a status.
_CODES: Final = {400: 3, 401: 16, 403: 7, 408: 4, 413: 3, 415: 3, 429: 8, 503: 14}


class Answers(Protocol):
    """One dialect."""

    def taken(self, aside: pa.RecordBatch, outcome: Outcome, /) -> Response:
        """The answer when a body was taken.

        aside   What of it was put aside.
        """
        ...

    def refused(self, refusal: Refusal, /) -> Response:
        """The answer when it was not."""
        ...


def answers_of(kind: BodyFormat) -> Answers:
    """Dialect of a format.

    >>> type(answers_of(BodyFormat.LITELLM)).__name__
    'OwnAnswers'
    """
    if kind in (BodyFormat.NATIVE, BodyFormat.LITELLM):
        return OwnAnswers()
    is_json = kind in (BodyFormat.TRACES_JSON, BodyFormat.LOGS_JSON)
    return OtlpAnswers(is_traces=kind in (BodyFormat.TRACES, BodyFormat.TRACES_JSON), is_json=is_json)


class OwnAnswers:
    """Counts that add up, and why the first rows were put aside."""

    def taken(self, aside: pa.RecordBatch, outcome: Outcome) -> Response:
        """200 when it is on the disk, 202 when it is only in memory."""
        told: dict[str, object] = {
            "received": outcome.n_received,
            "accepted": outcome.n_accepted,
            "duplicate": outcome.n_duplicate,
            "quarantined": outcome.n_quarantined,
            "durable": outcome.is_durable,
            "final": outcome.is_final,
        }
        if outcome.n_quarantined:
            told["reasons"] = _reasons(aside)
        status = HTTPStatus.OK if outcome.is_durable else HTTPStatus.ACCEPTED
        return Response(orjson.dumps(told), status, media_type=_JSON)

    def refused(self, refusal: Refusal) -> Response:
        """What was wrong."""
        told = {"error": refusal.reason}
        return Response(orjson.dumps(told), refusal.status, _headers(refusal), _JSON)


class OtlpAnswers:
    """Export responses with their partial success, and google.rpc.Status for what was refused.

    References  OTLP 1.5, "OTLP/HTTP Response".
    """

    def __init__(self, *, is_traces: bool, is_json: bool) -> None:
        self._is_traces, self._is_json = is_traces, is_json

    def taken(self, aside: pa.RecordBatch, outcome: Outcome) -> Response:
        """200, as OTLP knows no other; rows put aside are rejected, and duplicates of what is there are not."""
        n = outcome.n_quarantined
        reasons = "; ".join(f"record {told['row']}: {told['reason']}" for told in _reasons(aside)) if n else ""
        if self._is_json:
            return Response(orjson.dumps(self._partial(n, reasons)), media_type=_JSON)
        response = ExportTraceServiceResponse() if self._is_traces else ExportLogsServiceResponse()
        if n and isinstance(response, ExportTraceServiceResponse):
            response.partial_success.rejected_spans = n
            response.partial_success.error_message = reasons
        elif n:
            response.partial_success.rejected_log_records = n
            response.partial_success.error_message = reasons
        return Response(response.SerializeToString(), media_type=_PROTOBUF)

    def _partial(self, n: int, reasons: str) -> dict[str, object]:
        if not n:
            return {}
        rejected = "rejectedSpans" if self._is_traces else "rejectedLogRecords"
        return {"partialSuccess": {rejected: str(n), "errorMessage": reasons}}  # 64-bit numbers are text in JSON

    def refused(self, refusal: Refusal) -> Response:
        """A Status."""
        code = _CODES.get(refusal.status, 2)
        if self._is_json:
            told = orjson.dumps({"code": code, "message": refusal.reason})
            return Response(told, refusal.status, _headers(refusal), _JSON)
        return Response(_status(code, refusal.reason), refusal.status, _headers(refusal), _PROTOBUF)


def _status(code: int, message: str) -> bytes:
    r"""google.rpc.Status: field 1 is a number, field 2 a text.

    >>> _status(3, "no")
    b'\x08\x03\x12\x02no'
    """
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(n: int) -> bytes:
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes([*out, n])


def _reasons(aside: pa.RecordBatch) -> list[dict[str, object]]:
    """Places and reasons of the first rows put aside; a reason holds no text of the row."""
    return aside.slice(0, _MOST_REASONS).select(["row", "unit", "field", "reason"]).to_pylist()  # type: ignore[no-any-return]


def _headers(refusal: Refusal) -> dict[str, str]:
    """The rest of a refused body is not read, so the connection ends."""
    later = {} if refusal.retry_after_s is None else {"Retry-After": str(refusal.retry_after_s)}
    return {"Connection": "close", **later}
