"""OpenAI batches joined across two files, and pairs."""

import gzip
import shutil
from pathlib import Path

import orjson
import pytest
from tests.fixtures.opened import FIXTURES, in_memory, opened, records_of, rejected_of, rows_of

from stillwatch.ingest.openai import OpenAi
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Record, Rejected

BATCH = FIXTURES / "openai"
PAIR = orjson.loads((BATCH / "pairs.jsonl").read_bytes().splitlines()[0])


def copied(folder: Path, **names: str) -> None:
    """Copy fixtures into `folder` under new names: new name by old one."""
    for old, new in names.items():
        shutil.copy(BATCH / f"{old}.jsonl", folder / new)


def test_captured_batch() -> None:
    """Answers in any order find their requests, and the columns come from both."""
    records = records_of(OpenAi(), opened("openai/batch_output.jsonl"))
    assert len(records) == 40
    first = next(row for row in records if str(row["prompt_text"]).endswith("7 divides n^7 - n."))
    assert first["reasoning_effort"] == "high"
    assert first["max_tokens"] == 4096
    assert first["output_tokens"] == 59
    assert first["status_code"] == 200
    assert len(str(first["account_id"])) == 64
    assert all(row["account_id"] and row["prompt_text"] and row["time"] for row in records)
    assert all(set(row) <= set(EXCHANGE.names) for row in records)


def test_requests_have_no_rows_of_their_own() -> None:
    """The input file beside its output yields nothing, and so does the batch object."""
    for name in ("batch_input.jsonl", "batch.json"):
        assert OpenAi().recognises(opened(f"openai/{name}"))
        assert rows_of(OpenAi(), opened(f"openai/{name}")) == []


def test_requests_that_nobody_answered(tmp_path: Path) -> None:
    """An input file alone is not passed over: each request is quarantined."""
    copied(tmp_path, batch_input="jobs.jsonl")
    rejected = rejected_of(OpenAi(), opened(tmp_path / "jobs.jsonl"))
    assert len(rejected) == 40
    assert {row.reason for row in rejected} == {"batch request without an output file in its folder"}


def test_answers_without_requests(tmp_path: Path) -> None:
    """An output file alone is quarantined row by row, with the ids of the answers."""
    copied(tmp_path, batch_output="out.jsonl")
    rejected = rejected_of(OpenAi(), opened(tmp_path / "out.jsonl"))
    assert len(rejected) == 40
    assert all(row.field == "custom_id" and str(row.exchange_id).startswith("chatcmpl-") for row in rejected)


def test_pairing_by_name(tmp_path: Path) -> None:
    """Two batches with the same custom ids: names that are alike decide."""
    copied(tmp_path, batch_input="march-input.jsonl", batch_output="march-output.jsonl")
    lines = (BATCH / "batch_input.jsonl").read_bytes().replace(b"7 divides", b"8 divides")
    (tmp_path / "april-input.jsonl").write_bytes(lines)
    copied(tmp_path, batch_output="april-output.jsonl")
    for month, number in (("march", "7"), ("april", "8")):
        records = records_of(OpenAi(), opened(tmp_path / f"{month}-output.jsonl"))
        assert any(f"{number} divides" in str(row["prompt_text"]) for row in records)
        assert len(records) == 40


def test_ambiguous_requests_are_not_guessed(tmp_path: Path) -> None:
    """When names do not decide and two files hold the ids, no prompt is put to an answer."""
    copied(tmp_path, batch_output="answers-x.jsonl")
    copied(tmp_path, batch_input="one.jsonl")
    copied(tmp_path, batch_input="two.jsonl")
    rejected = rejected_of(OpenAi(), opened(tmp_path / "answers-x.jsonl"))
    assert len(rejected) == 40
    assert rejected[0].reason.startswith("2 request files")


def test_pairing_by_ids(tmp_path: Path) -> None:
    """Names that have nothing in common do not matter when only one file holds the ids."""
    copied(tmp_path, batch_output="file-abc.jsonl", batch_input="file-xyz.jsonl")
    other = (BATCH / "batch_input.jsonl").read_bytes().replace(b"request-", b"other-")
    (tmp_path / "more.jsonl").write_bytes(other)
    assert len(records_of(OpenAi(), opened(tmp_path / "file-abc.jsonl"))) == 40


def test_compressed_halves(tmp_path: Path) -> None:
    """Both halves may be compressed."""
    for name in ("batch_input.jsonl", "batch_output.jsonl"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((BATCH / name).read_bytes()))
    assert len(records_of(OpenAi(), opened(tmp_path / "batch_output.jsonl.gz"))) == 40


def test_error_file() -> None:
    """A request that expired is no exchange; one answered by an HTTP error is, with its status."""
    rows = rows_of(OpenAi(), opened("openai/batch_error.jsonl"))
    assert isinstance(rows[0], Rejected)
    assert rows[0].reason == "no answer: batch_expired"
    assert isinstance(rows[1], Record)
    assert rows[1].fields["status_code"] == 400
    assert rows[1].fields["exchange_id"] == "batch_req_e2"


def test_unknown_custom_id(tmp_path: Path) -> None:
    """An answer to no request is quarantined; the others are read."""
    copied(tmp_path, batch_input="x_input.jsonl")
    answers = (BATCH / "batch_output.jsonl").read_bytes().splitlines(keepends=True)
    line = orjson.loads(answers[0]) | {"custom_id": "request-unheard-of"}
    (tmp_path / "x_output.jsonl").write_bytes(b"".join(answers[:30]) + orjson.dumps(line))
    rows = rows_of(OpenAi(), opened(tmp_path / "x_output.jsonl"))
    assert [type(row) for row in rows] == [Record] * 30 + [Rejected]


def test_broken_lines_on_both_sides(tmp_path: Path) -> None:
    """A broken answer costs itself; a broken request costs itself and quarantines its answer."""
    requests = (BATCH / "batch_input.jsonl").read_bytes().splitlines()
    answers = (BATCH / "batch_output.jsonl").read_bytes().splitlines()
    requests[5], answers[0] = requests[5][:-3], answers[0][:-3]
    (tmp_path / "a_in.jsonl").write_bytes(b"\n".join(requests))
    (tmp_path / "a_out.jsonl").write_bytes(b"\n".join(answers))
    assert len(rejected_of(OpenAi(), opened(tmp_path / "a_in.jsonl"))) == 1
    rows = rows_of(OpenAi(), opened(tmp_path / "a_out.jsonl"))
    assert len(rows) == 40
    assert sum(isinstance(row, Record) for row in rows) == 38


def test_captured_pairs() -> None:
    """Pairs of both APIs give prompt, answer and tokens."""
    records = records_of(OpenAi(), opened("openai/pairs.jsonl"))
    assert len(records) == 11
    responses = [row for row in records if str(row["exchange_id"]).startswith("resp_")]
    assert [row["prompt_text"] for row in responses] == ["What is a prime?", "Prove it: 2 is prime.", "Hi."]
    assert [row["system_text"] for row in responses] == ["Be brief.", None, None]
    assert [row["reasoning_effort"] for row in responses] == [None, "high", None]
    assert [row["reasoning_tokens"] for row in responses] == [0, 40, 0]
    assert {row["account_id"] for row in responses} == {"delta"}
    assert {row["client_address"] for row in responses} == {"2001:db8::17"}
    assert all(row["output_text"] and row["finish_reason"] == "completed" for row in responses)


@pytest.mark.parametrize(
    ("beside", "request_part", "expected"),
    [
        ({"account_id": "a", "customer_id": "c"}, {"user": "u"}, "a"),
        ({"customer_id": "c"}, {"metadata": {"account_id": "m"}}, "c"),
        ({}, {"metadata": {"account_id": "m"}, "user": "u"}, "m"),
        ({"organization": "o"}, {"user": "u"}, "o"),
        ({}, {"user": "u"}, "u"),
        ({}, {"safety_identifier": "s", "user": "u"}, "s"),
        ({}, {"metadata": 7}, None),
    ],
)
def test_who_pays(beside: dict[str, object], request_part: dict[str, object], expected: str | None) -> None:
    """The account is looked for beside the pair, in the metadata, then organisation, then end user."""
    request = {"model": "m", "messages": [], **request_part}
    line = {"request": request, "response": PAIR["response"], **beside}
    (fields,) = records_of(OpenAi(), in_memory(orjson.dumps(line)))
    assert fields.get("account_id") == expected


@pytest.mark.parametrize("line", [{"request": 1, "response": {}}, {"request": {}}, {}, {"request": {}, "response": []}])
def test_halves_of_wrong_types(line: dict[str, object]) -> None:
    """A line that is no pair among pairs is rejected with the half that is missing."""
    rows = rows_of(OpenAi(), in_memory(orjson.dumps(PAIR) + b"\n" + orjson.dumps(line)))
    assert [type(row) for row in rows] == [Record, Rejected]
    assert isinstance(rows[1], Rejected)
    assert rows[1].field in ("request", "response")
