"""A harvest that reaches the collector in three formats, what the watch finds in it, and the same as gateways ask."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests import traffic
from tests.service.collect.rows import ndjson
from tests.service.collect.served import served

from stillwatch.act.gateways.litellm_guardrail import LiteLlmGuardrail
from stillwatch.act.gateways.native import Native
from stillwatch.model.account import ACCOUNT
from stillwatch.model.decision import GatewayCall, Request
from stillwatch.watch import Tick, WatchOptions, tick

__all__ = ["FORMATS", "Collected", "account_of", "asked", "collected"]

FORMATS = ("native", "litellm", "otlp")
N_SHELLS = 60


@dataclass(frozen=True)
class Collected:
    """Folders of a service, the exchanges as they were sent, and the tick."""

    folder: Path
    rows: Sequence[dict[str, Any]]
    done: Tick


def account_of(shell: int) -> str:
    """Account as its sender names it: an e-mail address, a key that LiteLLM does not hash, a provider's raw key."""
    return (f"Shell-{shell}@Mail.example", f"plain-key-of-shell-{shell}", f"sk-shell-{shell:020d}")[shell % 3]


def collected(folder: Path) -> Collected:
    """Send everything, let the watch look once."""
    yesterday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    rng = np.random.default_rng(1)
    rows = traffic.people(rng, 300, 24) + traffic.harvest(rng, N_SHELLS, 2_000)
    for i, row in enumerate(rows):
        row["exchange_id"] = f"x{i}"
        row["time"] = yesterday.timestamp() + row["time"] / traffic.DAY_US / 14 * 80_000
    kinds: dict[str, list[dict[str, Any]]] = {name: [] for name in FORMATS}
    for row in rows:
        who, _, number = row["account_id"].partition("-")
        if who == "shell":
            row["account_id"] = account_of(int(number))
        kinds[FORMATS[int(number) % 3] if who == "shell" else "native"].append(row)
    with served(folder / "service") as server:
        for path, body in (
            ("/v1/exchanges", ndjson(kinds["native"])),
            ("/v1/litellm", json.dumps([_payload(row) for row in kinds["litellm"]]).encode()),
            ("/v1/traces", json.dumps(_export(kinds["otlp"])).encode()),
        ):
            answer = server.post(path, body, content_type="application/json")
            assert answer.status_code == 200, answer.text
        server.settled()
    _accounts(folder / "accounts.parquet", yesterday)
    options = WatchOptions(accounts=folder / "accounts.parquet")
    now = yesterday + timedelta(hours=23)
    done = tick(folder / "service" / "traffic", folder / "state", folder / "out", options, now=now)
    return Collected(folder, rows, done)


def asked(row: dict[str, Any]) -> Request:
    """The exchange as its gateway asks about it, before it is answered."""
    messages = [{"role": "user", "content": row["prompt_text"]}]
    if row["account_id"].startswith("plain-key"):
        told = {
            "input_type": "request",
            "structured_messages": messages,
            "request_data": {"user_api_key_hash": row["account_id"]},
            "model": row["model"],
        }
        return LiteLlmGuardrail().request(_call("/beta/litellm_basic_guardrail_api", told))
    names = ("account_id", "prompt_text", "conversation_id", "turn_count", "temperature", "max_tokens", "client_build")
    return Native().request(_call("/v1/decide", {name: row[name] for name in names if row.get(name) is not None}))


def _call(path: str, told: dict[str, Any]) -> GatewayCall:
    return GatewayCall("POST", path, {"content-type": "application/json"}, json.dumps(told).encode())


def _payload(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["exchange_id"],
        "call_type": "acompletion",
        "startTime": row["time"],
        "model": row["model"],
        "status": "success",
        "response_cost": row["cost_usd"],
        "model_parameters": {"temperature": row["temperature"], "max_tokens": row["max_tokens"]},
        "messages": [{"role": "user", "content": row["prompt_text"]}],
        "completion_tokens": row["output_tokens"],
        "requester_ip_address": row["client_address"],
        "metadata": {"user_api_key_hash": row["account_id"]},
    }


def _export(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [_span(i, row) for i, row in enumerate(rows)]}]}]}


def _span(i: int, row: dict[str, Any]) -> dict[str, Any]:
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": row["model"],
        "gen_ai.input.messages": json.dumps([{"role": "user", "content": row["prompt_text"]}]),
        "stillwatch.account.id": row["account_id"],
        "client.address": row["client_address"],
    }
    attributes = [{"key": name, "value": {"stringValue": text}} for name, text in texts.items()]
    start = str(int(row["time"] * 1e9))
    return {"traceId": f"{i:032x}", "spanId": f"{i + 1:016x}", "startTimeUnixNano": start, "attributes": attributes}


def _accounts(path: Path, opened: datetime) -> None:
    """The provider's table, with ids as it knows them."""
    known = {"created_at": opened, "programme": "research", "verified_level": 2, "organisation_id": "Lab@Uni.example"}
    rows = [dict.fromkeys(ACCOUNT.names) | {"account_id": account_of(i)} | (known if i < 6 else {}) for i in range(60)]
    pq.write_table(pa.Table.from_pylist(rows, schema=ACCOUNT), path)
