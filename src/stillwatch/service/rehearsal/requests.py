"""An exchange as the gateway in front of the model has it: the question before the answer, the record after it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from stillwatch.model.decision import Action

__all__ = ["asked", "bodies", "logged"]

_OWN: Final = (
    "account_id",
    "organisation_id",
    "end_user_id",
    "session_id",
    "conversation_id",
    "operation",
    "provider",
    "turn_count",
    "choice_count",
    "wants_logprobs",
    "reasoning_effort",
    "has_tools",
    "client_address",
    "client_asn",
    "client_country",
    "user_agent",
    "client_build",
    "tls_fingerprint",
)
"""What a gateway knows beside the body."""
_OF_BODY: Final = ("model", "temperature", "top_p", "max_tokens")
_LINE_ROWS: Final = 5_000


def asked(row: Mapping[str, Any]) -> bytes:
    """Body of ``POST /v1/decide`` for an exchange that is to be.

    row     Of table EXCHANGE; nothing of the answer is looked at.
    """
    told = {name: row[name] for name in _OWN if row[name] is not None}
    told |= {"request_id": row["exchange_id"], "time": row["time"]}
    texts = (("system", row["system_text"]), ("user", row["prompt_text"]))
    body = {name: row[name] for name in _OF_BODY if row[name] is not None}
    body["messages"] = [{"role": role, "content": text} for role, text in texts if text is not None]
    return orjson.dumps(told | {"body": body})


def logged(row: Mapping[str, Any], action: Action) -> bytes:
    """Line of the log for an exchange that was answered, as the decision let it be."""
    told = {name: value for name, value in row.items() if value is not None}
    if action is Action.WITHHOLD_REASONING and told.get("reasoning_tokens"):
        told["output_tokens"] = max(0, told.get("output_tokens", 0) - told["reasoning_tokens"])
        told["reasoning_tokens"] = 0
    return orjson.dumps(told, option=orjson.OPT_NAIVE_UTC)


def bodies(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[bytes, int, datetime]]:
    """History as bodies of NDJSON: each with its number of rows and the time of the last one."""
    lines: list[bytes] = []
    last: datetime | None = None
    for row in rows:
        lines.append(logged(row, Action.ALLOW))
        last = row["time"]
        if len(lines) == _LINE_ROWS:
            yield b"\n".join(lines), len(lines), last
            lines = []
    if lines and last is not None:
        yield b"\n".join(lines), len(lines), last
