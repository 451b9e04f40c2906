"""Calls and decisions to test with."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from stillwatch.act.gateways.endpoint import Decide, Endpoint
from stillwatch.model.decision import Action, Decision, GatewayAnswer, GatewayCall, Request

__all__ = ["NOW", "bodies", "call", "decided", "decisions", "documents", "served"]

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def decided(action: Action = Action.OBSERVE, **more: Any) -> Decision:
    """A decision."""
    told: dict[str, Any] = {
        "action": action,
        "decision_id": "d-1",
        "request_id": "r-1",
        "reason": "Too many requests of one kind.",
        "policy_version": "v-1",
        "decided_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "evidence_id": "campaign-1",
        "rule": "rule-1",
        "appeal_url": "https://provider.example/appeals/x",
    }
    return Decision(**(told | more))


def call(path: str, body: object = b"", method: str = "POST", **headers: str) -> GatewayCall:
    """A call; a body that is no bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return GatewayCall(method, path, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def served(
    endpoint: Endpoint, asked: GatewayCall, decide: Callable[[Request], Decision] = lambda _: decided()
) -> tuple[GatewayAnswer, list[Request]]:
    """The answer to a call, and what was decided about."""
    requests: list[Request] = []

    async def deciding(request: Request) -> Decision:
        requests.append(request)
        return decide(request)

    typed: Decide = deciding
    return asyncio.run(endpoint.serve(asked, typed)), requests


texts = st.text(max_size=40)
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
times = st.datetimes(datetime(2016, 1, 1), datetime(2090, 1, 1), timezones=zones)  # noqa: DTZ001 - zones are given
decisions = st.builds(
    Decision,
    action=st.sampled_from(Action),
    decision_id=texts,
    request_id=texts,
    reason=st.text(max_size=200),
    policy_version=texts,
    decided_at=times,
    expires_at=times,
    rule=st.none() | texts,
    evidence_id=st.none() | texts,
    rate_per_minute=st.none() | st.floats(0, 1e9),
    retry_after_s=st.none() | st.integers(0, 10**9),
    appeal_url=st.none() | texts,
)
"""Any decision; texts are any text that UTF-8 can hold."""

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda one: st.lists(one, max_size=4) | st.dictionaries(texts, one, max_size=4), max_leaves=12
)
NAMES = (
    *("account_id", "body", "path", "messages", "input", "prompt", "system", "thinking", "metadata", "role", "content"),
    *("request", "http", "headers", "consumer", "username", "var", "remote_addr", "client_ip", "time", "user", "n"),
    *("subject", "resource", "action", "context", "properties", "type", "id", "name", "evaluations", "options"),
    *("input_type", "request_data", "request_headers", "structured_messages", "texts", "user_api_key_hash", "tools"),
    *("evaluations_semantic", "temperature", "turn_count", "client_address", "parsed_body", "instructions", "text"),
)
words = st.sampled_from(
    ["request", "response", "user", "system", "model", "execute_all", "a", "192.0.2.1", "tool_result"]
)
known = st.recursive(
    scalars | words,
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.sampled_from(NAMES), one, max_size=6),
    max_leaves=20,
)
documents = st.dictionaries(st.sampled_from(NAMES), known, max_size=8)
"""Objects whose names mean something, with values that do not."""


def _nested(depth: int, kind: str) -> bytes:
    opening, closing = {"list": (b"[", b"]"), "object": (b'{"input":', b"}")}[kind]
    return opening * depth + b"1" + closing * depth


bodies = (
    st.binary(max_size=200)
    | (values | documents).map(lambda value: json.dumps(value).encode())
    | st.builds(_nested, st.integers(1, 3000), st.sampled_from(["list", "object"]))
    | st.integers(1, 200_000).map(lambda n: b'{"account_id": "' + b"a" * n + b'"}')
    | documents.map(lambda value: json.dumps(value).encode()[:-3])
)
"""What may come as a body: noise, JSON of any form, deep, long, cut off."""
