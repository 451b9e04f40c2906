"""Traffic as the pages say to send it: lines by hand, and an exporter of OpenTelemetry with the settings shown."""

import gzip
import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.house.test_docs import blocks, commands
from tests.service.running import Running, running, settings_in

from stillwatch.service.access.issued import Scope

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service for all of them."""
    with running(settings_in(tmp_path_factory.mktemp("traffic"))) as found:
        yield found


def test_lines_by_hand(service: Running) -> None:
    """The command of the page, with a token for collecting alone, puts an exchange on the disk."""
    page = (HOW_TO / "gateways.md").read_text()
    block = next(b for b in blocks(page) if "/v1/exchanges" in b.body)
    script = commands(block.body).replace("http://127.0.0.1:8470", service.url)
    script = script.replace("2026-11-27T12:00:00Z", datetime.now(UTC).isoformat())
    assert service.url in script
    environment = {"TOKEN": service.issue("sender", Scope.COLLECT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", script], env=environment, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert (told["received"], told["accepted"], told["durable"]) == (1, 1, True)


def test_an_exporter(service: Running) -> None:
    """What an SDK makes of the page's variables is taken: endpoint, encoding, compression, header."""
    page = (HOW_TO / "litellm-and-opentelemetry.md").read_text()
    block = next(b for b in blocks(page) if "OTEL_EXPORTER_OTLP_ENDPOINT" in b.body)
    told = dict(line.split("=", 1) for line in block.body.splitlines())
    assert (told["OTEL_EXPORTER_OTLP_PROTOCOL"], told["OTEL_EXPORTER_OTLP_COMPRESSION"]) == ("http/protobuf", "gzip")
    name, _, value = told["OTEL_EXPORTER_OTLP_HEADERS"].partition("=")
    headers = {
        name: value.replace("TOKEN", service.issue("exporter", Scope.COLLECT)),
        "content-type": "application/x-protobuf",
        "content-encoding": "gzip",
    }
    before = service.service.journal.written.n_accepted
    url = told["OTEL_EXPORTER_OTLP_ENDPOINT"].replace("http://127.0.0.1:8470", service.url) + "/v1/traces"
    answer = httpx.post(url, content=gzip.compress(_spans()), headers=headers, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    assert service.service.journal.written.n_accepted == before + 1


def _spans() -> bytes:
    """An export of one call of a model."""
    export = ExportTraceServiceRequest()
    span = export.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.start_time_unix_nano = b"t" * 16, b"s" * 8, time.time_ns()
    for key, text in (("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m"), ("account.id", "acme")):
        attribute = span.attributes.add()
        attribute.key, attribute.value.string_value = key, text
    data: bytes = export.SerializeToString()
    return data
