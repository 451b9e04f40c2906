"""Bodies of the APIs that customers call."""

import pytest
from hypothesis import given
from tests.act.gateways.made import documents

from stillwatch.act.gateways.body import body_columns, body_object, request_of_body
from stillwatch.ingest import anthropic
from stillwatch.model.decision import Request

CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
    ],
    "temperature": 0.5,
    "n": 4,
    "tools": [{}],
    "user": "u",
}
RESPONSES = {"model": "m", "instructions": "Be brief.", "input": "Hi", "reasoning": {"effort": "high"}}
MESSAGES = {
    "model": "m",
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [{"role": "user", "content": "Hi"}],
    "thinking": {"type": "enabled"},
    "max_tokens": 9,
    "metadata": {"user_id": "u"},
}


@pytest.mark.parametrize(
    ("body", "path", "more"),
    [
        (CHAT, "/v1/chat/completions", {"temperature": 0.5, "choice_count": 4, "has_tools": True, "end_user_id": "u"}),
        (RESPONSES, "/v1/responses", {"reasoning_effort": "high", "choice_count": 1, "has_tools": False}),
        (MESSAGES, "/v1/messages", {"reasoning_effort": "enabled", "max_tokens": 9, "provider": "anthropic"}),
    ],
    ids=["chat", "responses", "messages"],
)
def test_apis(body: dict[str, object], path: str, more: dict[str, object]) -> None:
    """The three APIs say the same in their own ways."""
    request = request_of_body(body, "a", path)
    common = {"operation": "chat", "model": "m", "system_text": "Be brief.", "prompt_text": "Hi", "turn_count": 1}
    assert {name: getattr(request, name) for name in common | more} == common | more


def test_plain_text() -> None:
    """Plain text is a bare prompt, whatever bytes are in it."""
    request = request_of_body(body_object(b"Hi \xff", "Text/Plain"), "a")
    assert (request.prompt_text, request.turn_count) == ("Hi \ufffd", 1)


@pytest.mark.parametrize("data", [b"", b'{"model": "m', b"[1]", b"\xff", b"[" * 5000])
def test_what_tells_nothing(data: bytes) -> None:
    """A body that is cut off, of another kind or none says nothing, and does not say that there were no tools."""
    assert request_of_body(body_object(data), "a") == Request(account_id="a")


def test_request_and_log_are_read_alike() -> None:
    """A decision sees the columns that the log of the same exchange has."""
    columns = body_columns(MESSAGES)
    assert {name: columns[name] for name in anthropic.request_fields(MESSAGES)} == anthropic.request_fields(MESSAGES)


@given(documents)
def test_any_body(body: dict[str, object]) -> None:
    """No body of any types gets in the way of a request."""
    assert request_of_body(body, "a", "/v1/messages").account_id == "a"
