"""The body that a customer sends to a model, as far as a decision looks at it."""

from typing import Any, Final

import orjson

from stillwatch.act.gateways.told import request_told
from stillwatch.ingest import anthropic
from stillwatch.ingest.openai_fields import mapping, request_fields
from stillwatch.model.decision import Request

__all__ = ["body_columns", "body_object", "operation_of", "request_of_body"]

_ANTHROPIC: Final = ("system", "thinking", "anthropic_version", "output_config")
_ASKS: Final = frozenset({"messages", "input", "prompt"})
"""A body with one of these is a request, also when its sender calls it plain text."""
_OPERATIONS: Final = {
    "/chat/completions": "chat",
    "/responses": "chat",
    "/messages": "chat",
    "/completions": "text_completion",
    "/embeddings": "embeddings",
}


def request_of_body(body: dict[str, Any], account_id: str, path: str = "") -> Request:
    """Request of a customer's body to chat completions, responses, messages or a bare prompt.

    path        That the customer called; it names the operation.
    Raises      InvalidInput when the account is no id; a body says what it likes.

    >>> body = {"model": "m", "system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}], "top_k": 3}
    >>> request = request_of_body(body, "a", "/v1/messages")
    >>> request.operation, request.system_text, request.prompt_text, request.turn_count
    ('chat', 'Be brief.', 'Hi', 1)
    """
    return request_told({**body_columns(body, path), "account_id": account_id}, strict=False)


def body_columns(body: dict[str, Any], path: str = "") -> dict[str, object]:
    """Columns of a body of any of these forms, not checked; nothing of an empty one, for it does not say."""
    operation: dict[str, object] = {"operation": operation_of(path)} if path else {}
    if not body:
        return operation
    if any(name in body for name in _ANTHROPIC):
        named = mapping(body.get("metadata")).get("user_id")
        return {**anthropic.request_fields(body), "end_user_id": named, **operation}
    return {**request_fields(body), **operation}


def operation_of(path: str) -> str | None:
    """Operation that a path of a model's API stands for.

    >>> operation_of("/openai/v1/chat/completions?beta=1"), operation_of("/v1/files")
    ('chat', None)
    """
    plain = path.partition("?")[0].rstrip("/")
    return next((name for end, name in _OPERATIONS.items() if plain.endswith(end)), None)


def body_object(data: bytes, content_type: str = "") -> dict[str, Any]:
    r"""A body's object; plain text is a bare prompt, and what is cut off or something else tells nothing.

    >>> body_object(b'{"model": "m"}'), body_object(b'{"model": '), body_object(b"Hi", "text/plain; charset=utf-8")
    ({'model': 'm'}, {}, {'prompt': 'Hi'})
    """
    try:
        found = mapping(orjson.loads(data))
    except orjson.JSONDecodeError:
        found = {}
    is_plain = content_type.partition(";")[0].strip().lower() == "text/plain"
    return {"prompt": data.decode(errors="replace")} if is_plain and not _ASKS & found.keys() else found
