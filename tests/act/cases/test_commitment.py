"""Hashes of exchanges: they prove what is shown, and tell nothing before."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.cases.commitment import canonical_row, commitment_of, salt_of
from stillwatch.act.secret import ServiceSecret
from stillwatch.errors import InvalidInput

SECRET = ServiceSecret(bytes(32))
VALUES = st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text(max_size=20) | st.floats(0, 1e6)
ROWS = st.dictionaries(st.sampled_from(["a", "b", "é", "z"]), VALUES)


@given(ROWS)
def test_one_spelling(row: dict[str, object]) -> None:
    """Order of the columns and unknown values make no difference, and what is spelled is the row."""
    text = canonical_row(row)
    assert text == canonical_row(dict(reversed(row.items())))
    assert json.loads(text) == {name: value for name, value in row.items() if value is not None}


@given(ROWS, ROWS)
def test_another_row_another_hash(one: dict[str, object], two: dict[str, object]) -> None:
    """Rows that are spelled alike have the same hash, others have not."""
    a, b = canonical_row(one), canonical_row(two)
    salt = salt_of(SECRET, "x")
    assert (commitment_of(salt, a) == commitment_of(salt, b)) == (a == b)


def test_nobody_finds_it_by_trying() -> None:
    """The same row has another hash under another id or another secret: without the salt there is nothing to try."""
    text = canonical_row({"prompt_text": "hi", "time": datetime(2026, 1, 1, tzinfo=UTC)})
    other = ServiceSecret(bytes(31) + b"\1")
    found = {commitment_of(salt_of(s, x), text) for s in (SECRET, other) for x in ("x", "y")}
    assert len(found) == 4


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**60, object(), "\ud800"])
def test_what_nobody_reads_alike_is_refused(value: object) -> None:
    """Numbers and text without one spelling are refused, and not repeated."""
    with pytest.raises(InvalidInput, match="must be text"):
        canonical_row({"a": value})
