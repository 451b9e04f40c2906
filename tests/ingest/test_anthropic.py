"""Anthropic's pairs and message batches."""

import shutil
from pathlib import Path

import orjson
import pytest
from tests.fixtures.opened import FIXTURES, in_memory, opened, records_of, rejected_of, rows_of

from stillwatch.ingest.anthropic import Anthropic
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Record, Rejected

PAIR = orjson.loads((FIXTURES / "anthropic/pairs.jsonl").read_bytes().splitlines()[0])


def of(request: dict[str, object], **response: object) -> dict[str, object]:
    """Fields of the first captured pair with some keys changed."""
    line = PAIR | {"request": PAIR["request"] | request, "response": PAIR["response"] | response}
    return records_of(Anthropic(), in_memory(orjson.dumps(line)))[0]


def test_captured_pairs() -> None:
    """System prompt, content parts, tools and turns are read off captured messages."""
    records = records_of(Anthropic(), opened("anthropic/pairs.jsonl"))
    assert [row["prompt_text"] for row in records] == [
        "What is a prime?",
        "Part one.\nTwo.",
        "Where is parcel ZZ-1?",
        "And 3 x 14?",
    ]
    assert [row["turn_count"] for row in records] == [1, 1, 1, 2]
    assert [row["has_tools"] for row in records] == [False, False, True, False]
    assert records[0]["system_text"] == "Be brief."
    assert records[0]["temperature"] == 0.5
    assert records[3]["end_user_id"] == "pupil-9"
    assert {row["account_id"] for row in records} == {"delta"}
    assert all(set(row) <= set(EXCHANGE.names) for row in records)


def test_cached_tokens_belong_to_the_input() -> None:
    """Anthropic counts cached input apart; the record counts it in."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": 300, "cache_creation_input_tokens": 5, "output_tokens": 7}
    fields = of({}, usage=usage)
    assert (fields["input_tokens"], fields["cached_tokens"], fields["output_tokens"]) == (315, 300, 7)
    assert of({}, usage={"input_tokens": "x"})["input_tokens"] == "x"
    assert of({}, usage=None)["input_tokens"] is None


def test_thinking_and_effort() -> None:
    """Extended thinking and effort are reasoning asked for; thinking text is no answer, thinking tokens are counted."""
    thought = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "42"}]
    usage = {"input_tokens": 1, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 8}}
    fields = of({"thinking": {"type": "enabled", "budget_tokens": 2000}}, content=thought, usage=usage)
    assert (fields["reasoning_effort"], fields["output_text"], fields["reasoning_tokens"]) == ("enabled", "42", 8)
    assert of({"thinking": {"type": "disabled"}})["reasoning_effort"] is None
    assert of({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}})["reasoning_effort"] == "max"


def test_refusal_category() -> None:
    """A refusal has the category that Anthropic names, or is just a refusal."""
    named = {"type": "refusal", "category": "reasoning_extraction"}
    assert of({}, stop_reason="refusal", stop_details=named)["refusal_category"] == "reasoning_extraction"
    assert of({}, stop_reason="refusal")["refusal_category"] == "refusal"
    assert of({})["refusal_category"] is None


def test_tool_results_are_no_turns() -> None:
    """A message that only returns a tool's result is the program's, not the user's."""
    messages = [
        {"role": "user", "content": "Where is it?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "in Ghent"}]},
    ]
    fields = of({"messages": messages})
    assert (fields["turn_count"], fields["prompt_text"]) == (1, "Where is it?")


@pytest.mark.parametrize("month", ["march", "april"])
def test_captured_batch(month: str) -> None:
    """Results find their requests in the create call's body and in lines; the batch object gives the time."""
    rows = rows_of(Anthropic(), opened(f"anthropic/{month}_results.jsonl"))
    assert [type(row) for row in rows] == [Record] * 3 + [Rejected]
    records = [row.fields for row in rows if isinstance(row, Record)]
    assert [row["prompt_text"] for row in records][:2] == ["What is a prime?", "Part one.\nTwo."]
    assert {str(row["time"])[:19] for row in records} == {"2026-11-21T08:00:00"}
    assert {row["status_code"] for row in records} == {200}


def test_without_the_batch_object_there_is_no_time(tmp_path: Path) -> None:
    """Results alone know no time: the row is handed on without one, for the central check to put aside."""
    for name in ("april_requests.jsonl", "april_results.jsonl"):
        shutil.copy(FIXTURES / "anthropic" / name, tmp_path / name)
    records = records_of(Anthropic(), opened(tmp_path / "april_results.jsonl"))
    assert [row["time"] for row in records] == [None] * 3


@pytest.mark.parametrize("name", ["march_requests.json", "april_requests.jsonl"])
def test_requests_that_nobody_answered(name: str, tmp_path: Path) -> None:
    """Requests beside results have no rows; alone each is quarantined."""
    assert rows_of(Anthropic(), opened(f"anthropic/{name}")) == []
    shutil.copy(FIXTURES / "anthropic" / name, tmp_path / name)
    assert len(rejected_of(Anthropic(), opened(tmp_path / name))) == 4


def test_batch_object_is_no_row() -> None:
    """The batch object is recognised and tells of no exchange."""
    assert Anthropic().recognises(opened("anthropic/batch.json"))
    assert rows_of(Anthropic(), opened("anthropic/batch.json")) == []


def test_broken_lines() -> None:
    """Broken lines and lines that are no pair are rejected, one each."""
    good = orjson.dumps(PAIR)
    rows = rows_of(Anthropic(), in_memory(b"\n".join([good, good[:-4], b"{}", b"7", good])))
    assert [type(row) for row in rows] == [Record, Rejected, Rejected, Rejected, Record]
