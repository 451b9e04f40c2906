"""Requests and answers of the chat-completions and responses APIs, by column of the record.

Other programs log these shapes too: LiteLLM, Langfuse and OpenInference.
"""

from typing import Any

from stillwatch.ingest.messages import conversation, text_of

__all__ = [
    "answer_fields",
    "first",
    "listed",
    "mapping",
    "parameter_fields",
    "refusal",
    "request_fields",
    "usage_fields",
]

MAX_TOKENS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
EMPTY: tuple[object, ...] = (None, "", [], {})
REFUSALS = frozenset({"content_filter", "refusal", "safety", "prohibited_content", "blocklist"})


def mapping(value: object) -> dict[str, Any]:
    """Return `value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Return `value` when it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def first(fields: dict[str, Any], *names: str) -> object:
    """First value that is there; empty text, array and object count as absent, zero and false do not."""
    return next((value for n in names if (value := fields.get(n)) not in EMPTY), None)


def parameter_fields(parameters: dict[str, Any]) -> dict[str, object]:
    """Columns of a whole set of request parameters: what it does not name was not asked for.

    >>> parameter_fields({"n": 2, "reasoning": {"effort": "high"}})["reasoning_effort"]
    'high'
    """
    logprobs = first(parameters, "logprobs", "top_logprobs")
    count = parameters.get("n")
    return {
        "temperature": parameters.get("temperature"),
        "top_p": parameters.get("top_p"),
        "max_tokens": first(parameters, *MAX_TOKENS),
        "choice_count": 1 if count is None else count,
        "wants_logprobs": logprobs is not None and logprobs is not False,
        "reasoning_effort": first(parameters, "reasoning_effort") or mapping(parameters.get("reasoning")).get("effort"),
        "has_tools": first(parameters, "tools", "functions") is not None,
    }


def request_fields(body: dict[str, Any]) -> dict[str, object]:
    """Columns of a request body of either API."""
    messages = next((body[key] for key in ("messages", "input", "prompt") if body.get(key) is not None), None)
    talk = conversation(messages, body.get("instructions"))
    return {
        "model": body.get("model"),
        "end_user_id": first(body, "safety_identifier", "user"),
        "conversation_id": _conversation_id(body),
        **talk._asdict(),
        **parameter_fields(body),
    }


def _conversation_id(body: dict[str, Any]) -> object:
    named = body.get("conversation")
    return mapping(named).get("id") if isinstance(named, dict) else named


def answer_fields(body: dict[str, Any]) -> dict[str, object]:
    """Columns of an answer body of either API: the first choice, or the output items."""
    if "choices" in body or "output" not in body:
        return {"exchange_id": body.get("id"), "time": body.get("created"), **_choice(body), **_usage_of(body)}
    return {"exchange_id": body.get("id"), "time": body.get("created_at"), **_items(body), **_usage_of(body)}


def _choice(body: dict[str, Any]) -> dict[str, object]:
    choice = next((mapping(one) for one in listed(body.get("choices"))), {})
    message = mapping(choice.get("message"))
    declined = message.get("refusal") or mapping(message.get("provider_specific_fields")).get("refusal")
    text = text_of(message.get("content")) if message else text_of(choice.get("text"))
    reason = choice.get("finish_reason")
    return {
        "output_text": text if text is not None else text_of(declined),
        "finish_reason": reason,
        "refusal_category": refusal(reason, declined),
    }


def _items(body: dict[str, Any]) -> dict[str, object]:
    messages = [mapping(item) for item in listed(body["output"]) if mapping(item).get("type") == "message"]
    parts = [mapping(part) for message in messages for part in listed(message.get("content"))]
    declined = any(part.get("type") == "refusal" for part in parts)
    reason = mapping(body.get("incomplete_details")).get("reason") or body.get("status")
    return {
        "output_text": text_of(parts),
        "finish_reason": reason,
        "refusal_category": refusal(reason, declined),
    }


def refusal(reason: object, declined: object) -> str | None:
    """Category of a refusal: the reason the answer ended if it names one, ``refusal`` if the model declined, or None.

    >>> refusal("content_filter", None), refusal("stop", "I cannot."), refusal("stop", None)
    ('content_filter', 'refusal', None)
    """
    if isinstance(reason, str) and reason.lower() in REFUSALS:
        return reason.lower()
    return "refusal" if declined else None


def _usage_of(body: dict[str, Any]) -> dict[str, object]:
    return usage_fields(mapping(body.get("usage")))


def usage_fields(usage: dict[str, Any]) -> dict[str, object]:
    """Columns of a usage object of either API; both count cached tokens in the input and reasoning in the output."""
    asked = mapping(first(usage, "prompt_tokens_details", "input_tokens_details"))
    told = mapping(first(usage, "completion_tokens_details", "output_tokens_details"))
    return {
        "input_tokens": first(usage, "prompt_tokens", "input_tokens"),
        "output_tokens": first(usage, "completion_tokens", "output_tokens"),
        "reasoning_tokens": told.get("reasoning_tokens"),
        "cached_tokens": asked.get("cached_tokens"),
    }
