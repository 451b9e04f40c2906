"""Langfuse's observation export in its three forms."""

import hashlib

import orjson
import pytest
from tests.fixtures.opened import FIXTURES, in_memory, opened, records_of, rows_of

from stillwatch.ingest.langfuse import Langfuse
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Record, Rejected

FILES = ("observations.json", "observations.jsonl", "observations.csv")
ROW = orjson.loads((FIXTURES / "langfuse/observations.jsonl").read_bytes().splitlines()[0])


def of(**changes: object) -> dict[str, object]:
    """Fields of the first observation with some keys changed."""
    return records_of(Langfuse(), in_memory(orjson.dumps(ROW | changes)))[0]


@pytest.mark.parametrize("name", FILES)
def test_forms(name: str) -> None:
    """Each form is recognised and gives the generations; the span among them is no row."""
    source = opened(f"langfuse/{name}")
    assert Langfuse().recognises(source)
    records = records_of(Langfuse(), source)
    assert len(records) == len(rows_of(Langfuse(), source)) == 10
    assert all(row["account_id"] and row["time"] and row["prompt_text"] for row in records)
    assert all(set(row) <= set(EXCHANGE.names) for row in records)


def test_forms_agree() -> None:
    """The forms give the same columns; CSV writes numbers as text."""
    read = [
        [{k: str(v) for k, v in row.items()} for row in records_of(Langfuse(), opened(f"langfuse/{name}"))]
        for name in FILES
    ]
    assert read[0] == read[1] == read[2]


def test_first_observation() -> None:
    """Parameters, tokens and who: cached tokens, which Langfuse splits off, belong to the input again."""
    first, second = records_of(Langfuse(), opened("langfuse/observations.json"))[:2]
    expected = {"model": "atlas-reasoner", "reasoning_effort": "high", "max_tokens": 4096, "turn_count": 1}
    assert {name: first[name] for name in expected} == expected
    assert (first["input_tokens"], first["cached_tokens"], first["output_tokens"]) == (45, 4, 59)
    assert (first["account_id"], first["end_user_id"]) == ("birch", None)
    assert second["account_id"] == hashlib.sha256(b"sk-cedar-0003").hexdigest()
    assert second["end_user_id"] == "cedar"


def test_page_of_the_api() -> None:
    """A page as the API gives it, rows under ``data``, is read; an entry that is no object is rejected."""
    page = {"data": [ROW, 7, ROW], "meta": {"page": 1}}
    rows = rows_of(Langfuse(), in_memory(orjson.dumps(page)))
    assert [type(row) for row in rows] == [Record, Rejected, Record]


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("plain", "plain"),
        ({"role": "assistant", "content": "one"}, "one"),
        ([{"role": "assistant", "content": [{"type": "text", "text": "two"}]}], "two"),
        ({"choices": [{"message": {"content": "three"}, "finish_reason": "stop"}]}, "three"),
        (None, None),
        ([], None),
    ],
)
def test_outputs(output: object, text: str | None) -> None:
    """Answers are recorded in whatever shape the program had."""
    assert of(output=output)["output_text"] == text


def test_wrong_types() -> None:
    """Odd types in every field still make one row each."""
    oddities: tuple[object, ...] = (None, 7, "x", [], {}, [[]], {"a": {}})
    for name in ROW:
        for odd in oddities:
            if name == "type" and odd == "x":
                continue  # a type of its own is no model call
            assert len(rows_of(Langfuse(), in_memory(orjson.dumps(ROW | {name: odd})))) == 1


def test_broken_pieces() -> None:
    """A cut-off array and a broken line lose nothing else."""
    array = orjson.dumps([ROW, ROW])
    assert [type(row) for row in rows_of(Langfuse(), in_memory(array[:-5]))] == [Record, Rejected]
    lines = b"\n".join([orjson.dumps(ROW), b"{broken", orjson.dumps(ROW)])
    assert [type(row) for row in rows_of(Langfuse(), in_memory(lines))] == [Record, Rejected, Record]
