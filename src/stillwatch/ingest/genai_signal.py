"""One span or log record of tracing, however it was encoded, as a row of the record, or as no row at all.

What is a row: a span of a model call (chat, text completion, embedding; OpenInference kinds LLM and EMBEDDING), and a
``gen_ai.client.inference.operation.details`` log record. What is none: every other span and record. Tool and agent
spans, HTTP spans and the like are neither kept nor quarantined: they are not exchanges that could not be read, so they
are outside the count of rows read, as blank lines are.

The exchange id is the provider's response id, so that a span, its log record and the gateway's own log of one exchange
are duplicates of each other; without one it is ``trace id:span id``.
"""

import re
from typing import Any, NamedTuple

import orjson

from stillwatch.ingest.addresses import client_address
from stillwatch.ingest.genai_aliases import ALIASES, EMBEDDING, PARAMETERS, TEXT_GENERATION, operation_name
from stillwatch.ingest.identities import key_identity
from stillwatch.ingest.messages import Conversation, conversation, text_of
from stillwatch.ingest.openai_fields import EMPTY, mapping, refusal

__all__ = ["INFERENCE_EVENT", "Signal", "is_exchange", "signal_fields"]

INFERENCE_EVENT = "gen_ai.client.inference.operation.details"
CONTENTS = frozenset({"messages", "system", "answers", "tools"})
COLUMNS = tuple(column for column in ALIASES if column not in CONTENTS)
NAMES: dict[str, list[tuple[str, int]]] = {}
for _column, _names in ALIASES.items():
    for _rank, _name in enumerate(_names):
        NAMES.setdefault(_name, []).append((_column, _rank))
NO_RANK = 1_000
TOOL_PREFIXES = tuple(f"{name}." for name in ALIASES["tools"])
KEY_NAMES = frozenset({"metadata.user_api_key_hash"})
# gen_ai.prompt.0.content, llm.input_messages.0.message.content, ...message.contents.1.message_content.text
INDEXED = re.compile(
    r"(?P<list>gen_ai\.prompt|gen_ai\.completion|llm\.input_messages|llm\.output_messages|llm\.prompts)"
    r"\.(?P<place>\d{1,6})\.(?:message\.|prompt\.)?(?P<rest>.+)",
    re.ASCII,
)
PART_TEXT = re.compile(r"contents\.\d+\.message_content\.text", re.ASCII)
STATUS = re.compile(r"[1-5]\d\d", re.ASCII)


class Signal(NamedTuple):
    """A span or a log record.

    attributes   Its attributes, then those of its span events of the older conventions; values as plain Python.
    resource     Attributes of what sent it.
    time         Start of the span or time of the record, as encoded.
    name         Name of the event of a log record; "" for a span.
    body         Body of a log record.
    """

    attributes: dict[str, Any]
    resource: dict[str, Any]
    time: object
    trace_id: str
    span_id: str
    name: str = ""
    body: object = None


def is_exchange(signal: Signal) -> bool:
    """Say whether a signal is a row: see the top of the module."""
    if signal.name:
        return signal.name == INFERENCE_EVENT
    operation = operation_name(_first(signal, "operation"))
    if operation is None:
        return _first(signal, "model") is not None and _first(signal, "provider") is not None
    return operation in TEXT_GENERATION or operation in EMBEDDING


def _first(signal: Signal, column: str) -> object:
    """Value of one column only, for telling rows from the rest quickly."""
    values = (attributes.get(name) for attributes in (signal.attributes, signal.resource) for name in ALIASES[column])
    return next((value for value in values if value not in EMPTY), None)


def _found(signal: Signal) -> dict[str, object]:
    """Values by column or content: of the names that are there the one that stands first in the alias table."""
    found: dict[str, object] = {}
    for attributes in (signal.resource, signal.attributes):
        ranks: dict[str, int] = {}
        for name in NAMES.keys() & attributes.keys():
            value = attributes[name]
            if value in EMPTY:
                continue
            for column, rank in NAMES[name]:
                if rank < ranks.get(column, NO_RANK):
                    ranks[column] = rank
                    found[column] = key_identity(value) if name in KEY_NAMES else value
    return found


def signal_fields(signal: Signal) -> dict[str, object]:
    """Columns of a signal that is a row."""
    found = _found(signal)
    parameters = _parameters(signal)
    fields: dict[str, object] = {column: found.get(column, parameters.get(column)) for column in COLUMNS}
    reason = _reason(fields["finish_reason"])
    return fields | {
        **_talk(signal, found)._asdict(),
        "exchange_id": fields["exchange_id"] or _id_in_output(signal) or f"{signal.trace_id}:{signal.span_id}",
        "time": signal.time,
        "operation": operation_name(fields["operation"]) or "chat",
        "output_text": _answer(signal, found),
        "finish_reason": reason,
        "refusal_category": refusal(reason, None),
        "has_tools": True if "tools" in found or _has_tools(signal) else parameters.get("has_tools"),
        "status_code": _status(fields["status_code"]),
        "client_address": client_address(fields["client_address"]),
    }


def _id_in_output(signal: Signal) -> object:
    """Response id that OpenInference keeps inside the recorded answer only."""
    return mapping(_decoded(signal.attributes.get("output.value"))).get("id")


def _decoded(value: object) -> object:
    """Structure of an attribute: conventions allow it as JSON text wherever attributes cannot be structured."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _parameters(signal: Signal) -> dict[str, object]:
    texts = (signal.attributes.get(name) for name in PARAMETERS)
    given = next((found for text in texts if (found := mapping(_decoded(text)))), {})
    names = {"n": "choice_count", "top_logprobs": "wants_logprobs", "logprobs": "wants_logprobs"}
    names |= {"max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens", "model": "model"}
    names |= {name: name for name in ("temperature", "top_p", "max_tokens", "reasoning_effort")}
    fields = {column: given[name] for name, column in names.items() if given.get(name) is not None}
    if "wants_logprobs" in fields:
        fields["wants_logprobs"] = fields["wants_logprobs"] is not False
    return fields | ({"has_tools": True} if given.get("tools") else {})


def _reason(value: object) -> object:
    """First of the finish reasons, which come as an array, as JSON text of one, or as one text."""
    decoded = _decoded(value)
    return (decoded[0] if decoded else None) if isinstance(decoded, list) else decoded


def _status(value: object) -> object:
    """HTTP status; error types are class names as often as numbers."""
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if STATUS.fullmatch(text) else None


def _talk(signal: Signal, found: dict[str, object]) -> Conversation:
    messages = _decoded(found.get("messages")) or _indexed(signal, "gen_ai.prompt", "llm.input_messages")
    messages = messages or _indexed(signal, "llm.prompts")
    if not messages:
        messages = _decoded(signal.attributes.get("input.value"))
    return conversation(messages, _decoded(found.get("system")))


def _answer(signal: Signal, found: dict[str, object]) -> str | None:
    answers = _decoded(found.get("answers")) or _indexed(signal, "gen_ai.completion", "llm.output_messages")
    first = answers[0] if isinstance(answers, list) and answers else answers
    return text_of(mapping(first).get("message") or first)


def _indexed(signal: Signal, *lists: str) -> list[dict[str, object]]:
    """Messages that are spread over attributes with the place of each in the name."""
    found: dict[int, dict[str, object]] = {}
    for name, value in signal.attributes.items():
        match = INDEXED.fullmatch(name)
        if match is None or match["list"] not in lists:
            continue
        message = found.setdefault(int(match["place"]), {})
        if PART_TEXT.fullmatch(match["rest"]):
            message.setdefault("parts", []).append({"text": value})  # type: ignore[attr-defined]
        elif match["rest"] in ("role", "content", "text"):
            message[match["rest"]] = _decoded(value) if match["rest"] == "content" else value
    return [found[place] for place in sorted(found)]


def _has_tools(signal: Signal) -> bool:
    """Whether attributes spread over many names tell of tools."""
    return any(name.startswith(TOOL_PREFIXES) for name in signal.attributes)
