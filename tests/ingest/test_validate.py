"""Typed columns: rows and Arrow columns are checked alike, what is right keeps its memory."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.ingest import Limits
from stillwatch.ingest.validate import Checked, Validator
from stillwatch.model.exchange import EXCHANGE

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIMITS = Limits(now=NOW, text_bytes=50, label_bytes=40)
GOOD = {"exchange_id": "x", "time": 1767225600, "account_id": "a"}

VALUES = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70),
    st.integers(-3, 700),
    st.floats(),
    st.booleans(),
    st.text(max_size=30),
    st.binary(max_size=12),
    st.sampled_from(
        ["", "12", "-1", "1e3", "true", "1767225600", "2026-01-01T00:00:00Z", "203.0.113.7", "a\0", "\ud800"]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.datetimes(),
    st.decimals(allow_nan=True),
    st.just(date(2026, 1, 1)),
    st.just(UUID(int=7)),
)


def one(**changed: object) -> dict[str, Any]:
    """The good row with some columns replaced, as it comes out."""
    checked = Validator(EXCHANGE, LIMITS).records([GOOD | changed])
    assert not checked.faults
    rows: list[dict[str, Any]] = checked.batch.to_pylist()
    return rows[0]


@given(st.lists(st.dictionaries(st.sampled_from(EXCHANGE.names), VALUES, max_size=4), min_size=1, max_size=8))
def test_any_values_are_kept_or_refused(rows: list[dict[str, object]]) -> None:
    """Whatever the values: each row comes out in the schema or as one fault, in order."""
    full = [GOOD | {"exchange_id": f"x{i}"} | row for i, row in enumerate(rows)]
    checked = Validator(EXCHANGE, LIMITS).records(full)
    checked.batch.validate(full=True)
    assert checked.batch.schema.equals(EXCHANGE)
    assert checked.batch.num_rows + len(checked.faults) == len(rows)
    assert [f.at for f in checked.faults] == sorted({f.at for f in checked.faults})


@given(st.lists(st.dictionaries(st.sampled_from(EXCHANGE.names), VALUES, max_size=3), min_size=1, max_size=6))
def test_a_row_is_judged_alone(rows: list[dict[str, object]]) -> None:
    """The other rows of a batch do not change what becomes of a row."""
    validator = Validator(EXCHANGE, LIMITS)
    full = [GOOD | row for row in rows]
    alone = [validator.records([row]) for row in full]
    together = validator.records(full)
    assert [f.reason for f in together.faults] == [f.reason for c in alone for f in c.faults]
    assert repr(together.batch.to_pylist()) == repr([r for c in alone for r in c.batch.to_pylist()])


ARRAYS = st.one_of(
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=3, max_size=3).map(
        lambda v: pa.array(v, pa.int64())
    ),
    st.lists(st.one_of(st.none(), st.integers(0, 255)), min_size=3, max_size=3).map(lambda v: pa.array(v, pa.uint8())),
    st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=3).map(lambda v: pa.array(v, pa.uint64())),
    st.lists(st.one_of(st.none(), st.floats()), min_size=3, max_size=3).map(lambda v: pa.array(v, pa.float64())),
    st.lists(st.floats(width=16), min_size=3, max_size=3).map(
        lambda v: pa.array(v, pa.float64()).cast(pa.float16(), safe=False)
    ),
    st.lists(st.booleans(), min_size=3, max_size=3).map(pa.array),
    st.lists(st.one_of(st.none(), st.text(max_size=30)), min_size=3, max_size=3).map(
        lambda v: pa.array(v, pa.large_string())
    ),
    st.lists(st.text(max_size=9), min_size=3, max_size=3).map(lambda v: pa.array(v).dictionary_encode()),
    st.lists(st.text(max_size=9), min_size=3, max_size=3).map(lambda v: pa.array(v, pa.string_view())),
    st.lists(st.binary(max_size=9), min_size=3, max_size=3).map(lambda v: pa.array(v, pa.binary()).view(pa.string())),
    st.lists(st.binary(min_size=16, max_size=16), min_size=3, max_size=3).map(lambda v: pa.array(v, pa.binary(16))),
    st.lists(st.integers(-(2**62), 2**62), min_size=3, max_size=3).flatmap(
        lambda v: st.sampled_from(["s", "ms", "us", "ns"]).map(lambda u: pa.array(v).cast(pa.timestamp(u)))
    ),
    st.just(pa.array([date(2026, 1, 1), None, date(1, 1, 1)])),
    st.just(pa.array([[1], [], None])),
    st.just(pa.array([{"a": 1}, None, {"a": None}])),
    st.just(pa.array([Decimal("1.5"), None, Decimal(7)])),
    st.just(pa.array([1, 2, 3], pa.duration("s"))),
    st.just(pa.array([1, 2, 3], pa.time32("s"))),
    st.just(pa.nulls(3)),
)


@given(st.dictionaries(st.sampled_from(EXCHANGE.names), ARRAYS, max_size=4))
def test_any_columns_are_kept_or_refused(columns: dict[str, pa.Array]) -> None:
    """Whatever Arrow types the columns have, no row is lost and nothing breaks."""
    given = {name: pa.array([value] * 3) for name, value in GOOD.items()} | columns
    checked = Validator(EXCHANGE, LIMITS).columns(pa.RecordBatch.from_pydict(given))
    checked.batch.validate(full=True)
    assert checked.batch.schema.equals(EXCHANGE)
    assert checked.batch.num_rows + len(checked.faults) == 3


@given(st.lists(st.one_of(st.none(), st.integers(-3, 2**33)), min_size=1), st.sampled_from(EXCHANGE.names))
def test_rows_and_columns_agree(values: list[int | None], name: str) -> None:
    """The same numbers have the same fate as rows and as a column."""
    full = [GOOD | {name: value} for value in values]
    as_rows = Validator(EXCHANGE, LIMITS).records(full)
    columns = {key: [row[key] for row in full] for key in full[0]}
    columns[name] = pa.array(values, pa.int64())
    as_columns = Validator(EXCHANGE, LIMITS).columns(pa.RecordBatch.from_pydict(columns))
    if name in ("system_text", "prompt_text", "output_text", "has_tools", "wants_logprobs", "client_address"):
        assert as_rows.batch.num_rows == as_columns.batch.num_rows
    else:
        assert (as_rows.faults, as_rows.batch.to_pylist()) == (as_columns.faults, as_columns.batch.to_pylist())


def test_right_columns_keep_their_memory() -> None:
    """A batch of the schema, all valid, comes out in the very buffers it came in."""
    batch = (
        Validator(EXCHANGE, LIMITS).records([GOOD | {"output_tokens": 3, "prompt_text": "p", "top_p": 0.5}] * 3).batch
    )
    checked: Checked = Validator(EXCHANGE, LIMITS).columns(batch)
    for name in ("exchange_id", "time", "account_id", "output_tokens", "prompt_text", "top_p"):
        old, new = (b.column(name).buffers() for b in (batch, checked.batch))
        assert [b and b.address for b in old] == [b and b.address for b in new]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("output_tokens", "12", 12),
        ("output_tokens", " +7 ", 7),
        ("output_tokens", 3.0, 3),
        ("output_tokens", "", None),
        ("output_tokens", math.nan, None),
        ("output_tokens", Decimal(5), 5),
        ("cost_usd", "0.25", 0.25),
        ("cost_usd", 1, 1.0),
        ("cost_usd", math.nan, None),
        ("has_tools", "TRUE", True),
        ("has_tools", 0, False),
        ("account_id", 42, "42"),
        ("account_id", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("prompt_text", b"bytes", "bytes"),
        ("client_asn", 2**32 - 1, 2**32 - 1),
        ("time", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("time", date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_values_that_mean_the_same(name: str, value: object, expected: object) -> None:
    """Digits, words, whole floats, NaN for nothing and ids of other types are understood."""
    assert one(**{name: value})[name] == expected


def test_the_latest_time_is_a_day_ahead() -> None:
    """Exactly a day after now passes, a microsecond later does not."""
    day = 86_400_000_000
    now = round(NOW.timestamp() * 1e6)
    checked = Validator(EXCHANGE, LIMITS).records([GOOD | {"time": now + day}, GOOD | {"time": now + day + 1}])
    assert [f.at for f in checked.faults] == [1]


def test_the_earliest_time_may_be_set() -> None:
    """Rows from before a moment that the caller names are put aside, and the first that may stay is told."""
    limits = Limits(now=NOW, earliest=datetime(2026, 1, 2, tzinfo=UTC))
    rows = [GOOD | {"time": f"2026-01-0{day}T00:00:00Z"} for day in (1, 2)]
    checked = Validator(EXCHANGE, limits).records(rows)
    assert checked.batch.num_rows == 1
    assert [(fault.at, fault.reason) for fault in checked.faults] == [
        (0, "time is 2026-01-01T00:00:00, allowed 2026-01-02 to 2026-06-02")
    ]


def test_moments_need_a_time_zone() -> None:
    """A moment without one could be any of twenty-four."""
    with pytest.raises(InvalidInput, match="earliest must have a time zone"):
        Limits(earliest=datetime(2026, 1, 2))  # noqa: DTZ001 - that is what is refused
