"""The same traffic in three formats gives the same exchanges: captured, and written by our writers on more of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.fixtures import writers
from tests.fixtures.opened import FIXTURES

from .conftest import Read

# What LiteLLM's log, LiteLLM's spans and an OpenAI batch all carry. Spans have no content for answers that are calls of
# tools or refusals, and name counts and efforts only under newer conventions than LiteLLM follows.
ALL_CARRY = (
    "account_id",
    "organisation_id",
    "operation",
    "provider",
    "model",
    "system_text",
    "prompt_text",
    "turn_count",
    "temperature",
    "top_p",
    "max_tokens",
    "input_tokens",
    "output_tokens",
    "finish_reason",
)
LOG_AND_BATCH = ("choice_count", "wants_logprobs", "reasoning_effort", "has_tools", "reasoning_tokens", "cached_tokens")
LOG_AND_SPAN = ("client_address", "user_agent", "cost_usd")
SOURCES = {
    "litellm": ["litellm/lines.ndjson"],
    "otlp": ["otlp/litellm-latest-traces.pb"],
    "openai": ["openai/batch_input.jsonl", "openai/batch_output.jsonl"],
}


def by_id(table: pa.Table) -> dict[str, dict[str, Any]]:
    """Rows of a table by exchange id."""
    return {row["exchange_id"]: row for row in table.to_pylist()}


def differences(one: dict[str, Any], other: dict[str, Any], columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Exchanges and columns in which two tables differ, among the exchanges of both."""
    return [(i, c) for i in sorted(one.keys() & other.keys()) for c in columns if one[i][c] != other[i][c]]


@pytest.fixture
def captured(read: Read) -> dict[str, dict[str, Any]]:
    """The captured traffic as each format gives it, through the whole of ingest."""
    return {name: by_id(read([FIXTURES / p for p in paths])[1]) for name, paths in SOURCES.items()}


@pytest.fixture
def shared(captured: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The forty exchanges that are in all formats: not the failed, streamed and mocked ones."""
    forty = captured["openai"].keys()
    return {name: {i: rows[i] for i in rows if i in forty} for name, rows in captured.items()}


def test_forty_exchanges_in_each(captured: dict[str, dict[str, Any]]) -> None:
    """The forty shared exchanges are in each format, under the same ids."""
    assert len(captured["openai"]) == 40
    assert captured["openai"].keys() <= captured["litellm"].keys()
    assert captured["openai"].keys() <= captured["otlp"].keys()


def test_all_agree(shared: dict[str, dict[str, Any]]) -> None:
    """Every column that all formats carry is the same in all."""
    assert differences(shared["litellm"], shared["otlp"], ALL_CARRY) == []
    assert differences(shared["litellm"], shared["openai"], ALL_CARRY) == []


def test_two_agree(shared: dict[str, dict[str, Any]]) -> None:
    """Columns that two formats carry are the same in both."""
    assert differences(shared["litellm"], shared["openai"], LOG_AND_BATCH) == []
    assert differences(shared["litellm"], shared["otlp"], LOG_AND_SPAN) == []


def test_answers_agree(shared: dict[str, dict[str, Any]]) -> None:
    """Answers in words are the same; where a span has none, the log has the refusal or nothing."""
    log, batch, spans = shared["litellm"], shared["openai"], shared["otlp"]
    assert differences(log, batch, ("output_text", "refusal_category")) == []
    without = [i for i, c in differences(log, spans, ("output_text",)) if spans[i]["output_text"] is None]
    assert differences(log, spans, ("output_text",)) == [(i, "output_text") for i in without]
    assert all(log[i]["refusal_category"] for i in without)


def test_times_agree(shared: dict[str, dict[str, Any]]) -> None:
    """Log and span agree to the millisecond; a batch knows the second in which the answer was made."""
    for i, row in shared["openai"].items():
        time = shared["litellm"][i]["time"]
        assert abs((time - shared["otlp"][i]["time"]).total_seconds()) < 1e-3
        assert abs((time - row["time"]).total_seconds()) < 2


@pytest.mark.parametrize(
    ("folder", "n_kept", "n_quarantined", "n_duplicate"),
    [("litellm", 47, 0, 9), ("openai", 43, 2, 8), ("anthropic", 4, 8, 0), ("langfuse", 10, 0, 20)],
)
def test_folders_add_up(folder: str, n_kept: int, n_quarantined: int, n_duplicate: int, read: Read) -> None:
    """A folder with every form of a format is accounted for row by row: told twice, in error, without an account."""
    tally = read([FIXTURES / folder])[0].tally
    assert (tally.rows_kept, tally.rows_quarantined, tally.rows_duplicate) == (n_kept, n_quarantined, n_duplicate)


def synthetic(n: int) -> list[dict[str, Any]]:
    """Rows that use every column the writers know."""
    start = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1e6)
    return [
        {
            "exchange_id": f"chatcmpl-{i}",
            "time": start + i * 1_500_000,
            "account_id": f"acct-{i % 7}",
            "organisation_id": f"org-{i % 3}",
            "end_user_id": f"user-{i % 11}" if i % 2 else None,
            "provider": "openai",
            "operation": "chat",
            "model": "atlas-large",
            "system_text": "Be brief." if i % 3 else None,
            "prompt_text": f"Question {i}: what is {i} × 17? “naïve” 数",
            "turn_count": 1 + i % 3,
            "temperature": 0.5 if i % 2 else None,
            "top_p": 0.25 if i % 5 == 0 else None,
            "max_tokens": 100 + i,
            "choice_count": 1,
            "wants_logprobs": False,
            "reasoning_effort": "high" if i % 4 == 0 else None,
            "has_tools": True,
            "output_text": f"It is {i * 17}.",
            "output_tokens": 5 + i % 9,
            "input_tokens": 20 + i,
            "reasoning_tokens": 3,
            "cached_tokens": 2,
            "cost_usd": 0.25,
            "finish_reason": "stop",
            "status_code": 200,
            "client_address": f"198.51.100.{i % 200}",
            "user_agent": "tool/1.0",
        }
        for i in range(n)
    ]


Writer = Callable[[list[dict[str, Any]], Path], object]
WRITERS: dict[str, Writer] = {
    "litellm-lines": lambda rows, folder: writers.write_litellm(rows, folder / "log.ndjson"),
    "litellm-array": lambda rows, folder: writers.write_litellm(rows, folder / "log.json", form="array"),
    "otlp-protobuf": lambda rows, folder: writers.write_otlp_protobuf(rows, folder / "traces.pb", size=64),
    "otlp-json": lambda rows, folder: writers.write_otlp_json(rows, folder / "traces.jsonl", size=64),
    "openai": lambda rows, folder: writers.write_openai_batch(
        rows, folder / "in.jsonl", folder / "out.jsonl", beside=("time", "client_address", "user_agent", "cost_usd")
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_written_traffic_comes_back(name: str, tmp_path: Path, read: Read) -> None:
    """What our writers write in a format is read back as it was, every column."""
    rows = synthetic(300)
    WRITERS[name](rows, tmp_path)
    logs, table = read([tmp_path])
    found = by_id(table)
    assert logs.tally.rows_kept == logs.tally.rows_read == len(rows)
    for row in rows:
        expected = row | {
            "account_id": writers.key_hash(row["account_id"]),
            "time": datetime.fromtimestamp(row["time"] / 1e6, tz=UTC),
        }
        back = {column: found[row["exchange_id"]][column] for column in row}
        assert back == expected
