"""LiteLLM's StandardLoggingPayload, as its ``generic_api`` callback posts it: array, lines, or one object.

The account is the key's hash, ``metadata.user_api_key_hash``; without one the key's owner, team, organisation, in this
order. ``requester_ip_address`` may be a raw X-Forwarded-For list: see `client_address`.
"""

from collections.abc import Iterator
from typing import Any

from stillwatch.ingest.addresses import client_address
from stillwatch.ingest.genai_aliases import operation_name
from stillwatch.ingest.identities import key_identity
from stillwatch.ingest.json_values import json_objects
from stillwatch.ingest.lines import JsonLine
from stillwatch.ingest.messages import conversation
from stillwatch.ingest.openai_fields import answer_fields, first, mapping, parameter_fields, usage_fields
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["LiteLlm"]

MARKS = (b'"call_type"', b'"startTime"', b'"model_parameters"')
OWNERS = ("user_api_key_user_id", "user_api_key_team_id", "user_api_key_org_id")


class LiteLlm:
    """Reads StandardLoggingPayload objects."""

    name = "litellm"
    unit = "record"

    def recognises(self, source: Source, /) -> bool:
        """True when the first object, whole or not, has keys that only this payload has together."""
        start = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        return start in (b"[", b"{") and all(mark in source.head for mark in MARKS)

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every payload; rows count objects, or lines when each line is one."""
        for item in json_objects(source):
            yield Record(item.row, payload_fields(item.fields)) if isinstance(item, JsonLine) else item


def payload_fields(payload: dict[str, Any]) -> dict[str, object]:
    """Columns of one payload."""
    response = mapping(payload.get("response"))
    parameters = mapping(payload.get("model_parameters"))
    answer = answer_fields(response)
    return {
        **answer,
        **_tokens(payload, response),
        **parameter_fields(parameters),
        **conversation(payload.get("messages"), _apart(parameters))._asdict(),
        **_identity(payload, parameters),
        **_client(payload),
        "exchange_id": first(payload, "id", "litellm_call_id"),
        "time": payload.get("startTime"),
        "operation": operation_name(payload.get("call_type")),
        "provider": payload.get("custom_llm_provider"),
        "model": first(payload, "model_group", "model"),
        "cost_usd": payload.get("response_cost"),
        "status_code": _status(payload),
    }


def _apart(parameters: dict[str, Any]) -> object:
    return first(parameters, "instructions", "system")


def _identity(payload: dict[str, Any], parameters: dict[str, Any]) -> dict[str, object]:
    metadata = mapping(payload.get("metadata"))
    key, asked = metadata.get("user_api_key_hash"), mapping(metadata.get("requester_metadata"))
    end_user = first(payload, "end_user") or metadata.get("user_api_key_end_user_id") or parameters.get("user")
    return {
        "account_id": key_identity(key) if key else first(metadata, *OWNERS),
        "organisation_id": first(metadata, "user_api_key_org_id", "user_api_key_team_id"),
        "end_user_id": end_user or None,
        "session_id": first(payload, "session_id") or asked.get("session_id"),
    }


def _client(payload: dict[str, Any]) -> dict[str, object]:
    metadata = mapping(payload.get("metadata"))
    address = first(payload, "requester_ip_address") or metadata.get("requester_ip_address")
    return {
        "client_address": client_address(address),
        "user_agent": first(payload, "user_agent") or metadata.get("user_agent"),
        "client_build": _build(mapping(mapping(metadata.get("requester_metadata")).get("headers"))),
    }


def _build(headers: dict[str, Any]) -> str | None:
    """Language, version and system that SDKs of the OpenAI and Anthropic kind put into headers of every request."""
    names = ("x-stainless-lang", "x-stainless-package-version", "x-stainless-os")
    parts = [headers[name] for name in names if isinstance(headers.get(name), str)]
    return " ".join(parts) or None


def _tokens(payload: dict[str, Any], response: dict[str, Any]) -> dict[str, object]:
    """Token counts: the payload's own are there for every kind of call, details only in the usage object."""
    usage = mapping(response.get("usage")) or mapping(mapping(payload.get("metadata")).get("usage_object"))
    counted = usage_fields(usage)
    return counted | {
        "input_tokens": first(payload, "prompt_tokens") if "prompt_tokens" in payload else counted["input_tokens"],
        "output_tokens": first(payload, "completion_tokens")
        if "completion_tokens" in payload
        else counted["output_tokens"],
    }


def _status(payload: dict[str, Any]) -> object:
    if payload.get("status") == "success":
        return 200
    code = mapping(payload.get("error_information")).get("error_code")
    return code if isinstance(code, int) or (isinstance(code, str) and code.isdecimal()) else None
