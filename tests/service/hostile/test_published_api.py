"""The running service held against its published description by a fuzzer: every answer is one that is described."""

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.service.hostile.front import Front

from stillwatch.service.openapi import document


@schemathesis.serializer("application/x-ndjson", "application/x-protobuf")  # type: ignore[untyped-decorator]
def as_it_is(_context: Any, value: Any) -> bytes:
    """Bytes or a text, as a body; of anything else its JSON."""
    if isinstance(value, bytes):
        return value
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value, default=str).encode()


SCHEMA = schemathesis.openapi.from_dict(document())
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TRIES = settings(max_examples=12, suppress_health_check=list(HealthCheck))
FAULTS = ("/v1/envoy", "/v1/nginx")
"""What is wrong with a call is a fault of the gateway's settings there, by contract 500: then the gateway serves."""


@SCHEMA.parametrize()  # type: ignore[untyped-decorator]
@TRIES
def test_with_a_token(shared: Front, case: Any) -> None:
    """Whatever the description allows or forbids is answered as it says."""
    headers = {"x-stillwatch-token": shared.home.token, "x-stillwatch-account": "acct-1"}
    case.call_and_validate(base_url=f"http://127.0.0.1:{shared.port}", headers=headers, checks=CHECKS)


@SCHEMA.parametrize()  # type: ignore[untyped-decorator]
@TRIES
def test_without_a_token(shared: Front, case: Any) -> None:
    """So is whatever is sent by somebody who may do nothing, and it does nothing."""
    checks = CHECKS[case.operation.path in FAULTS :]
    headers = {"x-stillwatch-token": "nobody"}
    answer = case.call_and_validate(base_url=f"http://127.0.0.1:{shared.port}", headers=headers, checks=checks)
    is_open = "security" in document()["paths"][case.operation.path][case.operation.method]
    assert is_open or answer.status_code >= 400
