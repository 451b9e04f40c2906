"""The endpoints over HTTP: what is taken, what is answered, what is refused."""

import gzip
import json
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from tests.service.collect.rows import exchange, n_aside, ndjson, options, stored
from tests.service.collect.served import Served, served
from tests.service.collect.test_intake import litellm

from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.settings import CollectSettings

PROTOBUF, JSON = "application/x-protobuf", "application/json"
BODY_BYTES = 200_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests; each sends other ids."""
    settings = CollectSettings(body_bytes=BODY_BYTES)
    chosen = options(settings=settings, bounds=Bounds(gather_s=0.0, segment_s=3600.0, rows=1000))
    with served(tmp_path_factory.mktemp("served"), chosen) as here:
        yield here


def span(i: int, **attributes: str) -> Span:
    """A span of a model call of now."""
    told = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "user.id": "acct"} | attributes
    pairs = [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in told.items()]
    start = int(float(exchange("")["time"]) * 1e9)
    return Span(trace_id=bytes([i] * 16), span_id=bytes([i] * 8), start_time_unix_nano=start, attributes=pairs)


def export(*spans: Span) -> bytes:
    """A request of spans."""
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])])
    data: bytes = request.SerializeToString()
    return data


def test_counts_add_up(server: Served) -> None:
    """New, repeated and broken lines are counted apart; the reasons name places and no text."""
    body = ndjson([exchange("c1"), exchange("c2"), exchange("c1")]) + b'{"exchange_id": "secret text", broken\n'
    answer = server.post("/v1/exchanges", body)
    told = answer.json()
    assert answer.status_code == 200
    assert (told["received"], told["accepted"], told["duplicate"], told["quarantined"]) == (4, 2, 1, 1)
    assert told["durable"]
    assert told["reasons"][0]["row"] == 4
    assert "secret" not in answer.text
    again = server.post("/v1/exchanges", body).json()
    assert (again["accepted"], again["duplicate"], again["quarantined"]) == (0, 3, 1)
    server.settled()
    assert [stored(server.folder).count(name) for name in ("c1", "c2")] == [1, 1]
    assert n_aside(server.folder) >= 2


def test_without_waiting(server: Served) -> None:
    """Who does not want to wait is told so by 202, and that duplicates were not looked for; it arrives all the same."""
    answer = server.post("/v1/exchanges?durable=no", ndjson([exchange("nowait")]))
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["durable"], answer.json()["final"]) == (1, False, False)
    server.settled()
    assert "nowait" in stored(server.folder)


def test_gzip(server: Served) -> None:
    """Compressed bodies are taken, of several members too."""
    first, second = (gzip.compress(ndjson([exchange(name)])) for name in ("z1", "z2"))
    answer = server.post("/v1/exchanges", first + second, Content_Encoding="gzip")
    assert answer.json()["accepted"] == 2


def test_litellm(server: Served) -> None:
    """LiteLLM's callback posts an array; it is taken and counted."""
    body = json.dumps([litellm(id="l1"), litellm(id="l2")]).encode()
    answer = server.post("/v1/litellm", body, Content_Type=JSON, X_Forwarded_For="6.6.6.6")
    assert answer.json()["accepted"] == 2


def test_forged_headers_are_no_address(server: Served) -> None:
    """What the sender's request says about addresses does not become anybody's address."""
    headers = {"X_Forwarded_For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X_Real_IP": "6.6.6.6"}
    server.post("/v1/exchanges", ndjson([exchange("forged")]), **headers)
    server.settled()
    assert b"6.6.6.6" not in b"".join(path.read_bytes() for path in server.folder.rglob("*.parquet"))


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_otlp_success(server: Served, kind: str) -> None:
    """A whole export is answered by an empty response, in the encoding it came in; so is an empty export."""
    if kind == PROTOBUF:
        bodies = [export(span(1)), b""]
    else:
        attributes = [
            {"key": key, "value": {"stringValue": value}}
            for key, value in {"gen_ai.operation.name": "chat", "user.id": "acct"}.items()
        ]
        nano = str(int(float(exchange("")["time"]) * 1e9))
        told = {"traceId": "ab" * 16, "spanId": "cd" * 8, "startTimeUnixNano": nano, "attributes": attributes}
        spans = {"resourceSpans": [{"scopeSpans": [{"spans": [told]}]}]}
        bodies = [json.dumps(spans).encode(), b'{"resourceSpans": []}']
    for body in bodies:
        answer = server.post("/v1/traces", body, Content_Type=kind)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.content == (b"" if kind == PROTOBUF else b"{}")
    server.settled()
    assert (f"{'01' * 16}:{'01' * 8}" if kind == PROTOBUF else f"{'ab' * 16}:{'cd' * 8}") in stored(server.folder)


def test_otlp_partial_success(server: Served) -> None:
    """Spans that could not be accepted are counted as rejected; spans that are no exchanges are not."""
    body = export(span(2), span(3, **{"user.id": ""}), span(4, **{"gen_ai.operation.name": "execute_tool"}))
    answer = server.post("/v1/traces", body, Content_Type=PROTOBUF)
    told = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, told.rejected_spans) == (200, 1)
    assert told.error_message == "record 2: account_id is missing"
    as_json = server.post("/v1/logs", b'{"resourceLogs": [{"scopeLogs": [5, {"logRecords": []}]}]}', Content_Type=JSON)
    assert as_json.status_code == 400


def test_otlp_logs_partial_success(server: Served) -> None:
    """Of logs the rejected records are counted, as text in JSON."""
    name = {"key": "event.name", "value": {"stringValue": "gen_ai.client.inference.operation.details"}}
    record = {"timeUnixNano": "1", "severityNumber": 9, "attributes": [name]}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    answer = server.post("/v1/logs", body, Content_Type=JSON)
    assert answer.json()["partialSuccess"]["rejectedLogRecords"] == "1"


def test_otlp_answers_are_readable_by_its_own_messages(server: Served) -> None:
    """An answer to logs in protobuf is the response of logs."""
    answer = server.post("/v1/logs", b"", Content_Type=PROTOBUF)
    assert ExportLogsServiceResponse.FromString(answer.content) == ExportLogsServiceResponse()


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_otlp_undecodable(server: Served, kind: str) -> None:
    """A body that cannot be decoded is answered 400 by a google.rpc.Status in its encoding."""
    answer = server.post("/v1/traces", b"\xff\xff secret", Content_Type=kind)
    assert (answer.status_code, answer.headers["content-type"]) == (400, kind)
    assert b"secret" not in answer.content
    if kind == JSON:
        assert answer.json()["code"] == 3
    else:
        assert answer.content[:3] == b"\x08\x03\x12"  # code INVALID_ARGUMENT, then the message


def test_other_types_of_content(server: Served) -> None:
    """OTLP is JSON or protobuf; a body is plain or gzip."""
    assert server.post("/v1/traces", b"", Content_Type="text/plain").status_code == 415
    assert server.post("/v1/exchanges", b"", Content_Encoding="br").status_code == 415
    assert server.post("/v1/exchanges", b"", Content_Encoding="gzip, gzip").status_code == 415


def test_who_may_not_write_is_not_read(server: Served) -> None:
    """Without the token nothing is taken."""
    answer = server.post("/v1/exchanges", ndjson([exchange("nobody")]), Authorization="Bearer other")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"error": "a valid token is needed"}
    told = server.post("/v1/traces", b"", Authorization="Bearer other", Content_Type="application/json")
    assert (told.status_code, told.json()["code"]) == (401, 16)
    server.settled()
    assert "nobody" not in stored(server.folder)


def test_other_methods(server: Served) -> None:
    """Exchanges are posted."""
    assert server.client.get("/v1/exchanges").status_code == 405


def test_too_large(server: Served) -> None:
    """A body above the limit is refused, whether it says its length or not, and nothing of it is kept."""
    body = ndjson([exchange("large", prompt_text="x" * 2 * BODY_BYTES)])

    def pieces() -> Iterator[bytes]:
        yield from (body[i : i + 1000] for i in range(0, len(body), 1000))

    for content in (body, pieces()):
        answer = server.client.post("/v1/exchanges", content=content)
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"
    server.settled()
    assert "large" not in stored(server.folder)


def test_too_many_rows(server: Served) -> None:
    """A body of very many tiny lines is refused: each would be a row put aside."""
    assert server.post("/v1/exchanges", b"{}\n" * 1001).status_code == 413


def test_a_bomb(server: Served) -> None:
    """A few bytes that inflate to very many are refused at the limit, however deeply they are packed."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < BODY_BYTES
    assert server.post("/v1/exchanges", bomb, Content_Encoding="gzip").status_code == 413
    many = gzip.compress(b"") * 5_000
    assert server.post("/v1/exchanges", many, Content_Encoding="gzip").status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"{}" * 100)[:-9], gzip.compress(b"{}") + b"tail"],
    ids=["none", "cut", "tail"],  # gzip writes the time into what it packs
)
def test_broken_gzip(server: Served, body: bytes) -> None:
    """What is no gzip, or is cut off, is refused."""
    assert server.post("/v1/exchanges", body, Content_Encoding="gzip").status_code == 400
