"""OTLP exports in both encodings: captured from four recorders, broken, cut off."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.fixtures.opened import FIXTURES, in_memory, opened, records_of, rejected_of, rows_of

from stillwatch.ingest.genai_aliases import ALIASES
from stillwatch.ingest.genai_signal import CONTENTS
from stillwatch.ingest.otlp_json import OtlpJson
from stillwatch.ingest.otlp_protobuf import OtlpProtobuf
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Reader, Record, Rejected

ENCODINGS: dict[str, Reader] = {"jsonl": OtlpJson(), "varint.pb": OtlpProtobuf()}
RECORDERS = ("latest-traces", "latest-logs", "older-traces", "older-logs", "openinference-traces", "traceloop-traces")
RAW = (FIXTURES / "otlp/litellm-older-traces.pb").read_bytes()
FIRST_TRACE_ID = ExportTraceServiceRequest.FromString(RAW).resource_spans[0].scope_spans[0].spans[0].trace_id
JSON_LINES = (FIXTURES / "otlp/latest-traces.jsonl").read_bytes().splitlines()
# Captured spans with contents; the older conventions keep those in log records.
WITH_CONTENTS = ("latest-traces", "latest-logs", "older-logs", "openinference-traces", "traceloop-traces")


@pytest.mark.parametrize("recorder", RECORDERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_captured(recorder: str, encoding: str) -> None:
    """Twelve calls and twelve HTTP spans around them give twelve rows, with the account the gateway put there."""
    source, reader = opened(f"otlp/{recorder}.{encoding}"), ENCODINGS[encoding]
    assert reader.recognises(source)
    records = records_of(reader, source)
    assert len(records) == len(rows_of(reader, source)) == 12
    assert {str(row["account_id"]) for row in records} >= {"acct-anvil", "acct-birch", "acct-delta", "acct-ember"}
    assert all(row["time"] and row["client_address"] for row in records)
    assert {row["operation"] for row in records} == {"chat"}
    assert all(set(row) <= set(EXCHANGE.names) for row in records)


@pytest.mark.parametrize("recorder", RECORDERS)
def test_both_encodings_agree(recorder: str) -> None:
    """JSON and protobuf of the same spans give the same columns; JSON writes whole numbers as text."""
    as_json = records_of(OtlpJson(), opened(f"otlp/{recorder}.jsonl"))
    as_protobuf = records_of(OtlpProtobuf(), opened(f"otlp/{recorder}.varint.pb"))
    key = "exchange_id"
    plain = [{k: v if k == "temperature" else str(v) for k, v in row.items()} for row in as_json]
    other = [{k: v if k == "temperature" else str(v) for k, v in row.items()} for row in as_protobuf]
    assert sorted(plain, key=lambda row: str(row[key])) == sorted(other, key=lambda row: str(row[key]))


@pytest.mark.parametrize("recorder", WITH_CONTENTS)
def test_contents(recorder: str) -> None:
    """Prompts, system prompts and turns are found under each convention's names."""
    rows = records_of(OtlpJson(), opened(f"otlp/{recorder}.jsonl"))
    tutor = "You are a patient maths tutor. Show every step."
    lesson = [row for row in rows if row["end_user_id"] == "pupil-9"]
    assert {row["prompt_text"] for row in lesson} == {"And 3 x 14?", "And 3 x 140?"}
    assert {row["turn_count"] for row in lesson} == {2, 3}
    assert {row["system_text"] for row in lesson} == {tutor}
    assert sum("step by step" in str(row["output_text"]) for row in rows) >= 9


def test_response_id_is_the_exchange() -> None:
    """A span, its log record and OpenInference's span of one answer carry one id, so duplicates are found."""
    recorders = ("latest-traces", "latest-logs", "older-traces", "openinference-traces", "traceloop-traces")
    ids = [{row["exchange_id"] for row in records_of(OtlpJson(), opened(f"otlp/{r}.jsonl"))} for r in recorders]
    assert all(one == ids[0] for one in ids)
    assert all(str(one).startswith("chatcmpl-") for one in ids[0])


@pytest.mark.parametrize("name", ["litellm-latest-traces.pb", "litellm-older-traces.pb"])
def test_litellm_spans(name: str) -> None:
    """Of a gateway's spans only the model calls are rows: not the proxy's, not the raw request's."""
    reader, source = OtlpProtobuf(), opened(f"otlp/{name}")
    export = ExportTraceServiceRequest.FromString((FIXTURES / "otlp" / name).read_bytes())
    spans = [span for r in export.resource_spans for s in r.scope_spans for span in s.spans]
    calls = [span for span in spans if span.name == "litellm_request" or span.name.startswith("chat ")]
    rows = rows_of(reader, source)
    assert 0 < len(rows) == len(calls) < len(spans)
    assert [spans[row.row - 1] in calls for row in rows] == [True] * len(rows)
    assert all(isinstance(row, Record) and len(str(row.fields["account_id"])) == 64 for row in rows)


def test_framings() -> None:
    """Raw, with protobuf's lengths and with four-byte lengths: the same rows."""
    rows = records_of(OtlpProtobuf(), opened("otlp/latest-traces.varint.pb"))
    assert records_of(OtlpProtobuf(), opened("otlp/latest-traces.4byte.pb")) == rows


def test_single_pretty_object() -> None:
    """One request printed over many lines is read as the line was."""
    pretty = records_of(OtlpJson(), opened("otlp/latest-traces-single.json"))
    assert pretty == records_of(OtlpJson(), in_memory(JSON_LINES[0]))


def test_alias_table_names_columns() -> None:
    """Every entry of the alias table is a column or one of the named contents, and no name occurs twice in one."""
    assert set(ALIASES) <= set(EXCHANGE.names) | CONTENTS
    assert all(len(set(names)) == len(names) for names in ALIASES.values())


@pytest.mark.parametrize("column", ["model", "input_tokens", "provider", "temperature"])
def test_every_alias_is_read(column: str) -> None:
    """Each name of a fact gives the column."""
    for name in ALIASES[column]:
        attributes = [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}]
        attributes.append({"key": name, "value": {"stringValue": "7"}})
        span = {"traceId": "a", "spanId": "b", "startTimeUnixNano": "1", "attributes": attributes}
        assert one_span(span)["fields"][column] == "7"


def one_span(span: object) -> dict[str, dict[str, object]]:
    """Fields of the only row of an export with one span."""
    export = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [span]}]}]}
    (fields,) = records_of(OtlpJson(), in_memory(orjson.dumps(export)))
    return {"fields": fields}


def test_langfuse_generation() -> None:
    """A generation as Langfuse's SDK marks it, without any GenAI name, is a model call; its plain span is not."""
    texts = {"type": "generation", "model.name": "m", "input": '[{"role": "user", "content": "Hi"}]', "output": "Ho"}
    attributes = [{"key": f"langfuse.observation.{k}", "value": {"stringValue": v}} for k, v in texts.items()]
    fields = one_span({"traceId": "a", "spanId": "b", "attributes": attributes})["fields"]
    assert (fields["model"], fields["prompt_text"], fields["output_text"]) == ("m", "Hi", "Ho")
    attributes[0] = {"key": "langfuse.observation.type", "value": {"stringValue": "span"}}
    export = {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": attributes}]}]}]}
    assert rows_of(OtlpJson(), in_memory(orjson.dumps(export))) == []


def test_spans_of_tools_and_agents_are_no_rows() -> None:
    """Only model calls are exchanges: other operations of the conventions are not."""
    for operation in ("execute_tool", "invoke_agent", "create_agent"):
        attributes = [{"key": "gen_ai.operation.name", "value": {"stringValue": operation}}]
        export = {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": attributes}]}]}]}
        assert rows_of(OtlpJson(), in_memory(orjson.dumps(export))) == []


@pytest.mark.parametrize(
    "export",
    [
        {"resourceSpans": 7},
        {"resourceSpans": [7]},
        {"resourceSpans": [{"scopeSpans": 7}]},
        {"resourceSpans": [{"scopeSpans": [7]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": 7}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [None]}]}]},
        {"other": []},
    ],
)
def test_wrong_types_are_told(export: object) -> None:
    """What has the wrong type where spans should be is one rejected row."""
    data = b'{"resourceSpans": []}\n' + orjson.dumps(export)
    assert len(rejected_of(OtlpJson(), in_memory(data))) == 1


def test_broken_json_line() -> None:
    """A broken line is one rejected row and the other exports stay."""
    whole = len(rows_of(OtlpJson(), opened("otlp/latest-traces.jsonl")))
    inside = len(rows_of(OtlpJson(), in_memory(JSON_LINES[1])))
    rows = rows_of(OtlpJson(), in_memory(b"\n".join([JSON_LINES[0], JSON_LINES[1][:-20], *JSON_LINES[2:]])))
    assert sum(isinstance(row, Record) for row in rows) == whole - inside
    assert [row.reason.split(":")[0] for row in rows if isinstance(row, Rejected)] == ["export 2"]


@given(st.integers(1, len(RAW) - 1))
def test_cut_off_protobuf(at: int) -> None:
    """A raw export cut anywhere gives the whole spans before the cut, then one rejected row."""
    every = rows_of(OtlpProtobuf(), in_memory(RAW))
    source = in_memory(RAW[:at])
    if not OtlpProtobuf().recognises(source):
        assert at <= RAW.index(FIRST_TRACE_ID)
        return
    rows = rows_of(OtlpProtobuf(), source)
    kept = [row for row in rows if isinstance(row, Record)]
    assert kept == every[: len(kept)]
    assert isinstance(rows[-1], Rejected)
    assert len(rows) == len(kept) + 1


@given(st.integers(0, len(RAW) - 1), st.binary(min_size=1, max_size=4))
def test_damaged_protobuf(at: int, damage: bytes) -> None:
    """Bytes overwritten anywhere never crash the reader, and never leave a file without any row."""
    data = RAW[:at] + damage + RAW[at + len(damage) :]
    source = in_memory(data)
    if OtlpProtobuf().recognises(source):
        assert rows_of(OtlpProtobuf(), source)


@given(st.binary(max_size=300), st.sampled_from([b"", RAW[:200], JSON_LINES[0][:200]]))
def test_any_bytes(data: bytes, before: bytes) -> None:
    """No bytes crash recognition or reading."""
    source = in_memory(before + data)
    for reader in (OtlpJson(), OtlpProtobuf()):
        reader.recognises(source)
        list(reader.read(source))


def test_older_events_of_many_spans() -> None:
    """Log events of an exchange are put together although exports split them."""
    rows = records_of(OtlpJson(), opened("otlp/older-logs.jsonl"))
    assert len({row["exchange_id"] for row in rows}) == 12
    assert all(":" in str(row["exchange_id"]) for row in rows)
    assert all(row["prompt_text"] for row in rows)


def test_a_request_whose_kind_is_known() -> None:
    """Where the path says what a request holds, spans are read that no head would be recognised by."""
    request = ExportTraceServiceRequest.FromString(RAW)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                span.ClearField("trace_id")
    source = in_memory(request.SerializeToString())
    assert not OtlpProtobuf().recognises(source)
    assert len(records_of(OtlpProtobuf(Span), source)) == len(records_of(OtlpProtobuf(), in_memory(RAW))) > 0
