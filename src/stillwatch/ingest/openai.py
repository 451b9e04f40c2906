"""OpenAI's own shapes: batch output joined to batch input, and request-response pairs of chat completions or responses.

A batch's rows are the lines of its output (and error) file; the input file is looked up, see `join`, and has no rows of
its own, except when there is no output in its folder: then each request is quarantined as not answered. A pair is
a line ``{"request": ..., "response": ...}`` with what the recorder knows beside them. Who pays: see `pairs`.
The time of a batch row is when the answer was created, in whole seconds: OpenAI records no other.
"""

from collections.abc import Iterator
from typing import Any

from stillwatch.ingest.join import Found, neighbours, requests_for
from stillwatch.ingest.lines import JsonLine, first_objects, json_lines
from stillwatch.ingest.openai_fields import answer_fields, mapping, request_fields
from stillwatch.ingest.pairs import envelope_fields, read_pairs
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["OpenAi"]

ANSWER_OBJECTS = ("chat.completion", "response", "text_completion", "list")
OPERATIONS = {"list": "embeddings", "text_completion": "text_completion"}


def _any_of(source: Source, *keys: str) -> bool:
    """Whether one of the first lines has these keys, or seems to when not even the first line is whole."""
    if b"\n" not in source.head and source.head.lstrip().startswith(b"{"):
        return all(b'"%s"' % key.encode() in source.head for key in keys)
    return any(all(key in line for key in keys) for line in first_objects(source.head))


def is_input(source: Source) -> bool:
    """Whether a source is a batch input file."""
    return _any_of(source, "custom_id", "method", "url", "body")


def is_output(source: Source) -> bool:
    """Whether a source is a batch output or error file."""
    return _any_of(source, "custom_id", "response", "error")


class OpenAi:
    """Reads batch pairs and request-response pairs."""

    name = "openai"
    unit = "line"

    def recognises(self, source: Source, /) -> bool:
        """True for batch input, batch output, a batch object, and lines of pairs with an answer of OpenAI's kind."""
        return is_input(source) or is_output(source) or any(map(_is_ours, first_objects(source.head)))

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every answer, and every request when none in the folder is answered."""
        if is_output(source):
            yield from _read_output(source)
        elif is_input(source):
            yield from _read_input(source)
        else:
            yield from read_pairs(source, _pair)


def _is_ours(line: dict[str, Any]) -> bool:
    if line.get("object") == "batch":
        return True
    response = line.get("response")
    if not isinstance(line.get("request"), dict) or not isinstance(response, dict):
        return False
    return response.get("object") in ANSWER_OBJECTS or "choices" in response or "output" in response


def _read_input(source: Source) -> Iterator[Record | Rejected]:
    answered = next(neighbours(source, is_output), None) is not None
    with source.open() as stream:
        for line in json_lines(stream):
            if isinstance(line, Rejected):
                yield line
            elif not answered:
                yield Rejected(line.row, None, "batch request without an output file in its folder")


def _read_output(source: Source) -> Iterator[Record | Rejected]:
    found = requests_for(source, is_input)
    try:
        with source.open() as stream:
            for line in json_lines(stream):
                yield _answer(line, found) if isinstance(line, JsonLine) else line
    finally:
        if found.requests is not None:
            found.requests.close()


def _answer(line: JsonLine, found: Found) -> Record | Rejected:
    response = mapping(line.fields.get("response"))
    body = mapping(response.get("body"))
    known = body.get("id") if isinstance(body.get("id"), str) else None
    if not response:
        code = mapping(line.fields.get("error")).get("code")
        return Rejected(line.row, None, f"no answer: {code if isinstance(code, str) else 'unknown error'}")
    request = found.requests.get(line.fields.get("custom_id")) if found.requests else None
    if request is None:
        reason = found.reason or "no request with this custom id in the request file"
        return Rejected(line.row, "custom_id", reason, known)
    asked = mapping(request.get("body"))
    fields = _exchange(asked, body) | envelope_fields(request, asked) | {"status_code": response.get("status_code")}
    fields["exchange_id"] = fields["exchange_id"] or line.fields.get("id")
    return Record(line.row, fields)


def _pair(line: JsonLine) -> Record | Rejected | None:
    """Columns of a pair; None for a batch object, which tells of a batch and is no exchange."""
    request, response = line.fields.get("request"), line.fields.get("response")
    if line.fields.get("object") == "batch" and request is None:
        return None
    if not isinstance(request, dict) or not isinstance(response, dict):
        missing = "request" if not isinstance(request, dict) else "response"
        return Rejected(line.row, missing, f"{missing} is no object")
    return Record(line.row, _exchange(request, response) | envelope_fields(line.fields, request))


def _exchange(request: dict[str, Any], response: dict[str, Any]) -> dict[str, object]:
    kind = response.get("object")
    fields = request_fields(request) | answer_fields(response)
    fields["model"] = fields["model"] or response.get("model")
    return fields | {
        "provider": "openai",
        "operation": OPERATIONS.get(kind, "chat") if isinstance(kind, str) else "chat",
        "status_code": None if "error" not in response else mapping(response.get("error")).get("status"),
    }
