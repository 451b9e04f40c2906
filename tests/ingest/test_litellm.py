"""LiteLLM's posts: three forms, odd payloads, and nothing lost."""

import hashlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.opened import FIXTURES, in_memory, opened, records_of, rejected_of, rows_of

from stillwatch.ingest.litellm import LiteLlm
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Record, Rejected

LINES = (FIXTURES / "litellm/lines.ndjson").read_bytes().splitlines()
PAYLOAD = orjson.loads(LINES[0])
FILES = {"lines.ndjson": 44, "array-0.json": 8, "array-1.json": 2, "single-success.json": 1, "single-failure.json": 1}


def of(**changes: object) -> dict[str, object]:
    """Fields of the first captured payload with some keys changed."""
    return records_of(LiteLlm(), in_memory(orjson.dumps(PAYLOAD | changes)))[0]


@pytest.mark.parametrize(("name", "n_rows"), FILES.items(), ids=list(FILES))
def test_captured(name: str, n_rows: int) -> None:
    """Every form that the proxy posts is recognised and read whole."""
    source = opened(f"litellm/{name}")
    assert LiteLlm().recognises(source)
    rows = rows_of(LiteLlm(), source)
    assert [row.row for row in rows] == list(range(1, n_rows + 1))
    assert all(isinstance(row, Record) and row.fields["account_id"] and row.fields["time"] for row in rows)
    assert all(set(row.fields) <= set(EXCHANGE.names) for row in rows if isinstance(row, Record))


def test_first_captured_exchange() -> None:
    """The columns of a harvesting request are what was sent and answered."""
    fields = records_of(LiteLlm(), opened("litellm/lines.ndjson"))[0]
    expected = {
        "account_id": hashlib.sha256(b"sk-birch-0002").hexdigest(),
        "organisation_id": "org-birch",
        "operation": "chat",
        "provider": "openai",
        "model": "atlas-reasoner",
        "turn_count": 1,
        "max_tokens": 4096,
        "reasoning_effort": "high",
        "choice_count": 1,
        "has_tools": False,
        "wants_logprobs": False,
        "input_tokens": 45,
        "output_tokens": 59,
        "reasoning_tokens": 40,
        "cached_tokens": 4,
        "status_code": 200,
        "client_address": "203.0.113.20",
        "user_agent": "harvester/1.4 (linux)",
        "client_build": "python 2.54.0 Linux",
    }
    assert {name: fields[name] for name in expected} == expected
    assert str(fields["prompt_text"]).endswith("Problem: Show that 7 divides n^7 - n.")


def test_captured_oddities() -> None:
    """Tools, two answers, log-probabilities, turns, content parts and a refusal are seen."""
    rows = records_of(LiteLlm(), opened("litellm/lines.ndjson"))
    assert sum(row["has_tools"] is True for row in rows) == 5
    assert sum(row["choice_count"] == 2 for row in rows) == 1
    assert sum(row["wants_logprobs"] is True for row in rows) == 1
    assert sorted(str(row["turn_count"]) for row in rows)[-2:] == ["2", "3"]
    assert any(row["prompt_text"] == "Two questions.\nWhere is ZZ-9? When will it come?" for row in rows)
    assert [row["output_text"] for row in rows if row["refusal_category"]] == ["I cannot help with that."]


def test_failures_are_exchanges() -> None:
    """An answer that was an error keeps its account, prompt and status."""
    rows = [row for row in records_of(LiteLlm(), opened("litellm/lines.ndjson")) if row["status_code"] != 200]
    assert [row["status_code"] for row in rows] == ["429", "500"]
    assert all(row["account_id"] and row["prompt_text"] and row["output_text"] is None for row in rows)


def test_raw_keys_never_enter() -> None:
    """A key that LiteLLM logged as it is, because it has no known prefix, is hashed."""
    metadata = PAYLOAD["metadata"] | {"user_api_key_hash": "plain-key"}
    assert of(metadata=metadata)["account_id"] == hashlib.sha256(b"plain-key").hexdigest()


def test_account_without_a_key() -> None:
    """Without a key's hash the owner is the account; without anything there is none."""
    assert of(metadata=PAYLOAD["metadata"] | {"user_api_key_hash": None})["account_id"] == "birch-owner"
    assert of(metadata={})["account_id"] is None
    assert of(metadata="nonsense")["account_id"] is None


def test_redacted_messages() -> None:
    """With message logging off there is no prompt, and LiteLLM's placeholder is none."""
    messages = [{"role": "user", "content": "redacted-by-litellm"}]
    fields = of(messages=messages, response={"text": "redacted-by-litellm"})
    assert fields["prompt_text"] is None
    assert fields["output_text"] is None
    assert fields["turn_count"] == 1


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        ("1.1.1.1, 203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.3", "10.0.0.3"),
        ("203.0.113.9:5123", "203.0.113.9"),
        ("not an address", None),
        ("", None),
        (17, None),
    ],
)
def test_forwarded_lists(logged: object, expected: str | None) -> None:
    """Of a forwarded list the outside address nearest to the gateway counts; what a caller wrote before it does not."""
    metadata = PAYLOAD["metadata"] | {"requester_ip_address": None}
    assert of(requester_ip_address=logged, metadata=metadata)["client_address"] == expected


def test_broken_line_costs_itself() -> None:
    """A broken line is one rejected row and the others stay."""
    source = in_memory(b"\n".join([LINES[0], LINES[1][:-9], b"[]", LINES[2]]))
    assert [type(row) for row in rows_of(LiteLlm(), source)] == [Record, Rejected, Rejected, Record]


def test_truncated_array() -> None:
    """An array that is cut off gives every payload before the cut and one rejected row."""
    data = b"[" + b", ".join(LINES[:5])
    rows = rows_of(LiteLlm(), in_memory(data[:-100]))
    assert [type(row) for row in rows] == [Record] * 4 + [Rejected]
    assert rejected_of(LiteLlm(), in_memory(data[:-100]))[0].reason == "file ends inside an object"


def test_concatenated_arrays() -> None:
    """Posts appended to one file, as a small receiver does, are all read."""
    data = b"[" + LINES[0] + b"]\n[" + LINES[1] + b"," + LINES[2] + b"]"
    assert len(records_of(LiteLlm(), in_memory(data))) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*PAYLOAD, "end_user"]), JSON, max_size=6))
def test_any_types(changes: dict[str, object]) -> None:
    """Whatever the keys hold, one payload is one row."""
    row = PAYLOAD | changes
    try:
        data = orjson.dumps(row)
    except TypeError:  # integers beyond 64 bits and lone surrogates cannot be written
        return
    assert len(rows_of(LiteLlm(), in_memory(data))) == 1


@given(st.integers(0, 2), st.integers(0, 60_000), st.binary(max_size=3))
def test_damaged_lines(line: int, at: int, damage: bytes) -> None:
    """Bytes overwritten anywhere never crash the reader; lines that are not touched are read."""
    broken = bytearray(LINES[line])
    at %= len(broken)
    broken[at : at + len(damage)] = damage
    lines = [*LINES[:line], bytes(broken), *LINES[line + 1 : 3]]
    rows = rows_of(LiteLlm(), in_memory(b"\n".join(lines)))
    assert len(rows) >= 3
    assert sum(isinstance(row, Record) for row in rows) >= 2
