"""Fingerprints of exchanges."""

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sketch.exchanges import exchanges
from tests.sketch.texts import TEXTS

from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.fingerprint import FINGERPRINT
from stillwatch.sketch import PhraseCounts, fingerprint, hash_strings, segments, sketch, twins

NULL_HASHES = ("conversation", "content", "system", "parameters", "client", "build", "model", "prefix", "asn", "tls")


def one(**values: Any) -> dict[str, Any]:
    """Fingerprint of one exchange with these values."""
    row: dict[str, Any] = fingerprint(exchanges(1, **{name: [value] for name, value in values.items()})).to_pylist()[0]
    return row


def hashed(text: str) -> int:
    """Hash of one string."""
    return int(hash_strings(pa.array([text]))[0])


def test_nothing_known() -> None:
    """Of an exchange with only the required columns the hashes are 0, numbers 0, cost NaN, and it is a head."""
    row = one()
    assert {name: row[name] for name in NULL_HASHES} == dict.fromkeys(NULL_HASHES, 0)
    assert row["head"] is True
    assert row["tools"] is False
    assert math.isnan(row["cost_usd"])
    assert [row[name] for name in ("n_tokens", "script", "elicitation", "input_tokens", "output_tokens")] == [0] * 5
    assert row["exchange"] == hashed("x0")
    assert row["account"] == hashed("a0")


def test_everything_known() -> None:
    """Each column comes from its own field."""
    row = one(
        exchange_id="e",
        time=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        account_id="acc",
        conversation_id="c",
        session_id="s",
        prompt_text="Use this as training data: 你好",
        system_text="Show your reasoning.",
        turn_count=2,
        temperature=0.7,
        model="m",
        user_agent="ua",
        client_build="sdk",
        tls_fingerprint="ja4",
        client_address="10.1.2.3",
        client_asn=64500,
        has_tools=True,
        input_tokens=7,
        output_tokens=8,
        reasoning_tokens=9,
        cost_usd=0.5,
    )
    texts = {"exchange": "e", "account": "acc", "conversation": "c", "model": "m", "build": "sdk", "tls": "ja4"}
    assert {name: row[name] for name in texts} == {name: hashed(text) for name, text in texts.items()}
    assert row["content"] == hashed("Use this as training data: 你好")
    assert row["system"] == hashed("Show your reasoning.")
    assert row["prefix"] == twins.prefix("10.1.2.3")
    assert (row["time_us"], row["head"], row["tools"], row["n_tokens"], row["script"]) == (1_000_000, False, True, 7, 1)
    assert row["elicitation"] == 0b01001
    assert (row["input_tokens"], row["output_tokens"], row["reasoning_tokens"], row["cost_usd"]) == (7, 8, 9, 0.5)
    assert all(row[name] for name in NULL_HASHES)


def test_fallbacks() -> None:
    """Session for conversation, user agent for build."""
    row = one(session_id="s", user_agent="ua")
    assert (row["conversation"], row["build"]) == (hashed("s"), hashed("ua"))
    assert one(client_build="sdk", user_agent="ua")["client"] == one(client_build="sdk", user_agent="other")["client"]


@pytest.mark.parametrize(("turns", "head"), [(None, True), (1, True), (2, False), (0, False)])
def test_heads(turns: int | None, *, head: bool) -> None:
    """The first turn opens a conversation; unknown counts as first."""
    assert one(turn_count=turns)["head"] is head


PARAMETERS = {
    "temperature": (0.0, 0.7),
    "top_p": (0.9, 1.0),
    "max_tokens": (0, 4096),
    "choice_count": (2, 3),
    "wants_logprobs": (True,),
    "reasoning_effort": ("low", "high"),
}


def test_parameters_are_told_apart() -> None:
    """Each value of each parameter, null included, is another fingerprint, and another client; defaults are null."""
    known = dict.fromkeys(PARAMETERS) | {"user_agent": "ua"}
    rows = [one(**known), *(one(**(known | {name: v})) for name, pair in PARAMETERS.items() for v in pair)]
    assert len({row["parameters"] for row in rows}) == len(rows)
    assert len({row["client"] for row in rows}) == len(rows)
    assert one(temperature=0.0)["parameters"] == one(temperature=-0.0)["parameters"]
    assert one(choice_count=1, wants_logprobs=False)["parameters"] == one()["parameters"] == 0
    assert one(choice_count=0)["parameters"]


def test_client_holds_build_parameters_system_and_tools() -> None:
    """Changing any of them makes another client."""
    base = {"user_agent": "ua", "temperature": 1.0, "system_text": "be brief", "has_tools": False}
    changes = {"user_agent": "ub", "temperature": 0.5, "system_text": "be long", "has_tools": True}
    clients = [one(**base)["client"], *(one(**(base | {name: value}))["client"] for name, value in changes.items())]
    assert len(set(clients)) == 5
    assert one(**(base | {"prompt_text": "hi", "model": "m"}))["client"] == clients[0]


def test_asn_zero_is_not_unknown() -> None:
    """The number 0 has a hash; null has none."""
    assert one(client_asn=0)["asn"]
    assert not one(client_asn=None)["asn"]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_batches_and_threads_do_not_matter(size: int) -> None:
    """Bit-equal rows from batches of any size on several threads."""
    n = 100
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("ab é中1. "), rng.integers(0, 200))) for _ in range(n)]
    addresses = [f"10.{i % 5}.{i % 3}.7" if i % 4 else None for i in range(n)]
    whole = exchanges(n, prompt_text=texts, system_text=texts[::-1], client_address=addresses)
    expected = fingerprint(whole)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda at: fingerprint(whole.slice(at, size)), range(0, n, size)))
    for at, part in zip(range(0, n, size), parts, strict=True):
        for name in FINGERPRINT.names:
            left, right = part[name].to_numpy(False), expected[name].slice(at, size).to_numpy(False)
            assert np.array_equal(left, right, equal_nan=name == "cost_usd")


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=6))
def test_any_text_in_any_string_column(texts: list[str | None]) -> None:
    """No string harms, wherever it stands."""
    names = [f.name for f in EXCHANGE if pa.types.is_string(f.type) and f.nullable]
    rows = fingerprint(exchanges(len(texts), **dict.fromkeys(names, texts)))
    assert rows.schema.equals(FINGERPRINT)
    assert rows["content"].to_pylist() == rows["tls"].to_pylist()


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=7))
def test_both_at_once_is_the_same(texts: list[str | None]) -> None:
    """`sketch` gives what `fingerprint` and `segments` give."""
    batch = exchanges(len(texts), prompt_text=texts, system_text=texts[::-1], cost_usd=[1.0] * len(texts))
    counts = PhraseCounts.empty(10).add(batch["prompt_text"], np.ones(len(texts), np.bool_))
    prints, rows, book = sketch(batch, counts)
    assert prints.equals(fingerprint(batch))
    assert (rows, book) == segments(batch, counts)
