"""Anthropic's own shapes: message-batch results joined to their requests, and request-response pairs of messages.

A batch's rows are the lines of its results; the requests (lines, or the body of the create call) are looked up, see
`join`, and have no rows of their own, except when there are no results beside them. Messages carry no time: that of a
pair stands beside it, that of a batch is the ``created_at`` of the batch object when its file lies beside the results.
Who pays: see `pairs`. Anthropic counts cached tokens apart from the input; they are added here.
"""

from collections.abc import Iterator
from typing import Any

from stillwatch.ingest.join import Found, neighbours, requests_for
from stillwatch.ingest.lines import JsonLine, first_objects, json_lines
from stillwatch.ingest.messages import conversation, text_of
from stillwatch.ingest.openai_fields import first, listed, mapping, parameter_fields, refusal
from stillwatch.ingest.pairs import envelope_fields, read_pairs
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["Anthropic", "request_fields"]

CACHED = ("cache_read_input_tokens", "cache_creation_input_tokens")


def is_requests(source: Source) -> bool:
    """Whether a source holds the requests of a batch."""
    lines = first_objects(source.head)
    return any("custom_id" in line and "params" in line for line in lines) or (
        source.head.lstrip().startswith(b'{"requests"') and b'"custom_id"' in source.head and b'"params"' in source.head
    )


def is_results(source: Source) -> bool:
    """Whether a source holds the results of a batch."""
    return any("custom_id" in line and "result" in line for line in first_objects(source.head))


def is_batch(source: Source) -> bool:
    """Whether a source is a batch object."""
    return any(line.get("type") == "message_batch" for line in first_objects(source.head, 1))


class Anthropic:
    """Reads message-batch results and request-response pairs."""

    name = "anthropic"
    unit = "line"

    def recognises(self, source: Source, /) -> bool:
        """True for batch requests, results, a batch object, and lines of pairs with a message as the answer."""
        pairs = any(_is_ours(line) for line in first_objects(source.head))
        return pairs or is_requests(source) or is_results(source) or is_batch(source)

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every answer, and every request when none in the folder is answered."""
        if is_results(source):
            yield from _read_results(source)
        elif is_requests(source):
            yield from _read_requests(source)
        else:
            yield from read_pairs(source, _pair)


def _is_ours(line: dict[str, Any]) -> bool:
    response = mapping(line.get("response"))
    return isinstance(line.get("request"), dict) and (response.get("type") == "message" or "stop_reason" in response)


def _read_requests(source: Source) -> Iterator[Record | Rejected]:
    answered = next(neighbours(source, is_results), None) is not None
    reason = "batch request without results in its folder"
    with source.open() as stream:
        for line in json_lines(stream):
            if isinstance(line, Rejected):
                yield line
            elif not answered:
                for _ in listed(line.fields.get("requests")) or [line]:
                    yield Rejected(line.row, None, reason)


def _read_results(source: Source) -> Iterator[Record | Rejected]:
    found, created = requests_for(source, is_requests), _created(source)
    try:
        with source.open() as stream:
            for line in json_lines(stream):
                yield _result(line, found, created) if isinstance(line, JsonLine) else line
    finally:
        if found.requests is not None:
            found.requests.close()


def _created(source: Source) -> object:
    """Time of the batch whose results these are: the one named in the file name, or the only one in the folder."""
    batches = [line for other in neighbours(source, is_batch) for line in first_objects(other.head, 1)]
    named = [batch for batch in batches if isinstance(batch.get("id"), str) and str(batch["id"]) in source.name]
    chosen = named or (batches if len(batches) == 1 else [])
    return chosen[0].get("created_at") if chosen else None


def _result(line: JsonLine, found: Found, created: object) -> Record | Rejected:
    result = mapping(line.fields.get("result"))
    message = mapping(result.get("message"))
    known = message.get("id") if isinstance(message.get("id"), str) else None
    if result.get("type") != "succeeded":
        kind = result.get("type")
        return Rejected(line.row, None, f"no answer: {kind if isinstance(kind, str) else 'unknown result'}")
    request = found.requests.get(line.fields.get("custom_id")) if found.requests else None
    if request is None:
        reason = found.reason or "no request with this custom id in the request file"
        return Rejected(line.row, "custom_id", reason, known)
    asked = mapping(request.get("params"))
    fields = {"time": created} | _exchange(asked, message) | envelope_fields(request, asked)
    return Record(line.row, fields | {"status_code": 200})


def _pair(line: JsonLine) -> Record | Rejected | None:
    """Columns of a pair; None for a batch object, which tells of a batch and is no exchange."""
    request, response = line.fields.get("request"), line.fields.get("response")
    if line.fields.get("type") == "message_batch" and request is None:
        return None
    if not isinstance(request, dict) or not isinstance(response, dict):
        missing = "request" if not isinstance(request, dict) else "response"
        return Rejected(line.row, missing, f"{missing} is no object")
    return Record(line.row, _exchange(request, response) | envelope_fields(line.fields, request))


def request_fields(request: dict[str, Any]) -> dict[str, object]:
    """Columns of a request body.

    >>> request_fields({"thinking": {"type": "enabled"}})["reasoning_effort"]
    'enabled'
    """
    thinking = mapping(request.get("thinking")).get("type")
    effort = mapping(request.get("output_config")).get("effort")
    return {
        "operation": "chat",
        "provider": "anthropic",
        "model": request.get("model"),
        **conversation(request.get("messages"), request.get("system"))._asdict(),
        **parameter_fields(request),
        "reasoning_effort": effort or (thinking if thinking != "disabled" else None),
    }


def _exchange(request: dict[str, Any], message: dict[str, Any]) -> dict[str, object]:
    return {
        "exchange_id": message.get("id"),
        **request_fields(request),
        "model": request.get("model") or message.get("model"),
        **_answer(message),
        **_usage(mapping(message.get("usage"))),
    }


def _answer(message: dict[str, Any]) -> dict[str, object]:
    texts = [part for part in listed(message.get("content")) if mapping(part).get("type") == "text"]
    reason = message.get("stop_reason")
    category = mapping(message.get("stop_details")).get("category")
    return {
        "output_text": text_of(texts),
        "finish_reason": reason,
        "refusal_category": category or refusal(reason, None),
    }


def _usage(usage: dict[str, Any]) -> dict[str, object]:
    counts = [usage.get("input_tokens"), *(usage.get(name) for name in CACHED)]
    whole = [count for count in counts if isinstance(count, int)]
    return {
        "input_tokens": sum(whole) if isinstance(counts[0], int) else counts[0],
        "output_tokens": usage.get("output_tokens"),
        "cached_tokens": first(usage, CACHED[0]),
        "reasoning_tokens": mapping(usage.get("output_tokens_details")).get("thinking_tokens"),
    }
