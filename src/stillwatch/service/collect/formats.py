"""What a body may be, and which reader of logs reads it."""

from enum import StrEnum
from typing import Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stillwatch.ingest.litellm import LiteLlm
from stillwatch.ingest.native_ndjson import NativeNdjson
from stillwatch.ingest.otlp_json import OtlpJson
from stillwatch.ingest.otlp_protobuf import OtlpProtobuf
from stillwatch.model.reader import Reader

__all__ = ["READERS", "BodyFormat"]


class BodyFormat(StrEnum):
    """What a body may be; its path and type say which."""

    NATIVE = "native"
    LITELLM = "litellm"
    TRACES = "otlp-traces"
    TRACES_JSON = "otlp-traces-json"
    LOGS = "otlp-logs"
    LOGS_JSON = "otlp-logs-json"


READERS: Final[dict[BodyFormat, Reader]] = {
    BodyFormat.NATIVE: NativeNdjson(),
    BodyFormat.LITELLM: LiteLlm(),
    BodyFormat.TRACES: OtlpProtobuf(Span),
    BodyFormat.TRACES_JSON: OtlpJson(),
    BodyFormat.LOGS: OtlpProtobuf(LogRecord),
    BodyFormat.LOGS_JSON: OtlpJson(),
}
