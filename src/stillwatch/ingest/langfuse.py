"""Langfuse's observation export: JSON array, lines, CSV, or the pages its API gives.

Rows are observations of type GENERATION and EMBEDDING; spans, events and the other types are no exchanges and no rows,
as in `genai_signal`. Langfuse knows one identity, ``userId``, the user of whoever runs it: that is the account, unless
``metadata`` names one. The end user stays null then.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from stillwatch.ingest.delimited import csv_header, csv_records
from stillwatch.ingest.json_values import json_objects
from stillwatch.ingest.lines import JsonLine
from stillwatch.ingest.messages import conversation, text_of
from stillwatch.ingest.openai_fields import answer_fields, first, listed, mapping, parameter_fields, refusal
from stillwatch.ingest.pairs import envelope_fields
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["Langfuse"]

MARKS = ("traceId", "startTime", "type")
MODEL_CALLS = {"GENERATION": "chat", "EMBEDDING": "embeddings"}
STRUCTURED = ("input", "output", "metadata", "modelParameters", "usageDetails", "costDetails", "usage")
INPUT = ("input", "prompt_tokens", "inputUsage", "promptTokens")
OUTPUT = ("output", "completion_tokens", "outputUsage", "completionTokens")
CACHED = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "prompt_tokens_details.cached_tokens")
REASONING = ("output_reasoning_tokens", "output_reasoning", "completion_tokens_details.reasoning_tokens")


class Langfuse:
    """Reads exported observations."""

    name = "langfuse"
    unit = "record"

    def recognises(self, source: Source, /) -> bool:
        """True when the columns, or the keys at the head, are those of observations."""
        if source.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
            return all(b'"%s"' % mark.encode() in source.head for mark in (*MARKS, "parentObservationId"))
        return {*MARKS, "id", "input", "output"} <= set(csv_header(source))

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every model call."""
        for item in _observations(source):
            if isinstance(item, Rejected):
                yield item
            elif _is_call(item.fields):
                yield Record(item.row, observation_fields(_structured(item.fields)))


def _observations(source: Source) -> Iterator[JsonLine | Rejected]:
    start = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start not in (b"[", b"{"):
        for record in csv_records(source):
            yield record if isinstance(record, Rejected) else JsonLine(record.row, record.fields)
        return
    for item in json_objects(source):
        page = listed(item.fields.get("data")) if isinstance(item, JsonLine) else []
        yield from (_of_page(item.row, one) for one in page) if page else (item,)


def _of_page(row: int, item: object) -> JsonLine | Rejected:
    return JsonLine(row, item) if isinstance(item, dict) else Rejected(row, None, "entry of data is no object")


def _is_call(observation: dict[str, object]) -> bool:
    """Whether it is a model call; an observation without a type is one, so that damage is not passed over."""
    kind = observation.get("type")
    return not isinstance(kind, str) or kind.upper() in MODEL_CALLS


def _structured(fields: dict[str, object]) -> dict[str, Any]:
    """Fields with the structures that CSV, and the API on request, hold as JSON text."""
    return fields | {name: _decoded(fields[name]) for name in STRUCTURED if isinstance(fields.get(name), str)}


def _decoded(value: object) -> object:
    try:
        return orjson.loads(value) if isinstance(value, str) and value[:1] in ("[", "{", '"') else value
    except orjson.JSONDecodeError:
        return value


def observation_fields(observation: dict[str, Any]) -> dict[str, object]:
    """Columns of one observation."""
    parameters = mapping(observation.get("modelParameters"))
    asked, metadata = observation.get("input"), mapping(observation.get("metadata"))
    kind = observation.get("type")
    identity = envelope_fields({}, {"metadata": metadata, "user": observation.get("userId")})
    return {
        **parameter_fields(mapping(asked) | parameters),
        **conversation(asked)._asdict(),
        **_answer(observation.get("output")),
        **_tokens(observation),
        **_client(metadata),
        "account_id": identity.get("account_id"),
        "organisation_id": identity.get("organisation_id"),
        "end_user_id": None if identity.get("account_id") == observation.get("userId") else observation.get("userId"),
        "exchange_id": observation.get("id"),
        "time": observation.get("startTime"),
        "session_id": first(observation, "sessionId"),
        "operation": MODEL_CALLS.get(kind.upper(), "chat") if isinstance(kind, str) else "chat",
        "provider": metadata.get("gen_ai.provider.name") or metadata.get("ls_provider"),
        "model": first(observation, "model", "providedModelName"),
        "cost_usd": first(observation, "totalCost", "calculatedTotalCost")
        or first(mapping(observation.get("costDetails")), "total"),
    }


def _answer(output: object) -> dict[str, object]:
    body = mapping(output)
    if "choices" in body:
        told = answer_fields(body)
        return {name: told[name] for name in ("output_text", "finish_reason", "refusal_category")}
    message = output[-1] if isinstance(output, list) and output else output
    reason = mapping(message).get("finish_reason")
    return {
        "output_text": text_of(message),
        "finish_reason": reason,
        "refusal_category": refusal(reason, mapping(message).get("refusal")),
    }


def _tokens(observation: dict[str, Any]) -> dict[str, object]:
    """Token counts; Langfuse splits cached tokens off the input and reasoning off the output when it knows them."""
    usage = mapping(observation.get("usageDetails")) or mapping(observation.get("usage"))
    cached, reasoning = first(usage, *CACHED), first(usage, *REASONING)
    return {
        "input_tokens": _sum(usage, "input", first(usage, *INPUT) or first(observation, *INPUT[1:])),
        "output_tokens": _sum(usage, "output", first(usage, *OUTPUT) or first(observation, *OUTPUT[1:])),
        "cached_tokens": cached,
        "reasoning_tokens": reasoning,
    }


def _sum(usage: dict[str, Any], side: str, plain: object) -> object:
    """Whole count of a side: its plain count and the parts split off it, which Langfuse names ``input_...``."""
    parts = [count for name, count in usage.items() if name.startswith(f"{side}_") and isinstance(count, int)]
    return plain + sum(parts) if isinstance(plain, int) and parts else plain


def _client(metadata: dict[str, Any]) -> dict[str, object]:
    return {
        "client_address": first(metadata, "client_address", "client.address"),
        "user_agent": first(metadata, "user_agent", "user_agent.original"),
    }
