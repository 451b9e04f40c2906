"""Rows checked and typed: what follows the schema goes on, everything else gets one reason."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.address_column import canonical_addresses
from stillwatch.ingest.coerce import out_of_range
from stillwatch.ingest.options import Limits
from stillwatch.ingest.rules import Kind, Rule, rules_of
from stillwatch.ingest.strings import string_parts
from stillwatch.ingest.typed import Typed, typed_array, typed_values

__all__ = ["Checked", "Fault", "Validator"]


class Fault(NamedTuple):
    """Why row `at` of what was checked was refused; the first reason in the order of the columns."""

    at: int
    field: str
    reason: str
    row_id: str | None


class Checked(NamedTuple):
    """Rows of a batch: `batch` holds the accepted ones in order, `faults` the others."""

    batch: pa.RecordBatch
    faults: list[Fault]


class Validator:
    """Checks rows against one schema.

    What is wrong with a required column, a number, a time, a type or the encoding of any text puts the row aside. An
    address that is none and an empty id or label become null instead (`address_column`, `rules.Kind`): logs write those
    when they do not know.
    """

    def __init__(self, schema: pa.Schema, limits: Limits) -> None:
        self.schema = schema
        self._rules = rules_of(schema, limits)

    def records(self, rows: Sequence[dict[str, object]]) -> Checked:
        """Check rows as they come out of text formats; keys that are no column are ignored.

        >>> from stillwatch.model.exchange import EXCHANGE
        >>> good = {"exchange_id": "x", "time": "2026-01-01T00:00:00Z", "account_id": "a"}
        >>> checked = Validator(EXCHANGE, Limits()).records([good, {**good, "output_tokens": -1}])
        >>> checked.batch.num_rows, checked.faults[0].reason
        (1, 'output_tokens is -1, allowed 0 to 2,147,483,647')
        """
        present: set[str] = set().union(*rows)

        def column(rule: Rule) -> Typed:
            if rule.column not in present:
                return Typed(pa.nulls(len(rows), rule.type), {})
            return typed_values([row.get(rule.column) for row in rows], rule)

        return self._checked(len(rows), column)

    def columns(self, batch: pa.RecordBatch) -> Checked:
        """Check rows that are Arrow columns already; columns that pass as they are keep their memory."""

        def column(rule: Rule) -> Typed:
            index = batch.schema.get_field_index(rule.column)
            return typed_array(pa.nulls(batch.num_rows) if index < 0 else batch.column(index), rule)

        return self._checked(batch.num_rows, column)

    def _checked(self, n_rows: int, column: Callable[[Rule], Typed]) -> Checked:
        arrays: list[pa.Array] = []
        faults: dict[int, tuple[str, str]] = {}
        for rule in self._rules:
            array, unfit = checked_column(column(rule), rule)
            arrays.append(array)
            for index, reason in unfit.items():
                faults.setdefault(index, (rule.column, reason))
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        if not faults:
            return Checked(batch, [])
        found = [Fault(i, field, reason, arrays[0][i].as_py()) for i, (field, reason) in sorted(faults.items())]
        good = np.ones(n_rows, np.bool_)
        good[list(faults)] = False
        return Checked(batch.filter(pa.array(good)), found)


def checked_column(typed: Typed, rule: Rule) -> Typed:
    """Check the values of a typed column and bring it to its final type; values that do not pass are null."""
    if typed.array.null_count == len(typed.array) and not rule.required:
        return Typed(pa.nulls(len(typed.array), rule.type), typed.unfit)
    array, unfit = (_string if rule.is_string() else _ranged)(typed.array, rule)
    unfit = {**unfit, **typed.unfit}
    if rule.required and array.null_count:
        for index in _indices(array.is_null()):
            unfit.setdefault(index, f"{rule.column} is missing")
    return Typed(array, unfit)


def _indices(mask: pa.Array) -> list[int]:
    found: list[int] = np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False)).tolist()
    return found


def _nulled(array: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(mask, False), pa.scalar(None, array.type), array)


def _ranged(array: pa.Array, rule: Rule) -> Typed:
    """Range of counts, numbers and times."""
    if rule.kind is Kind.FLAG:
        return Typed(array, {})
    values = array.cast(pa.int64()) if rule.kind is Kind.TIME else array
    bounds = pc.min_max(values).as_py()
    if bounds["min"] is None or (bounds["min"] >= rule.low and bounds["max"] <= rule.high):
        return Typed(_narrow(array, rule), {})
    low, high = (pa.scalar(bound).cast(values.type, safe=False) for bound in _within(rule, values.type))
    outside = pc.or_(pc.less(values, low), pc.greater(values, high))
    unfit = {i: _outside(rule, values[i].as_py()) for i in _indices(outside)}
    return Typed(_narrow(_nulled(array, outside), rule), unfit)


def _within(rule: Rule, kind: pa.DataType) -> tuple[float, float]:
    """Bounds that the type can hold: a column of 32 bits has no values outside 32 bits."""
    if not pa.types.is_integer(kind):
        return rule.low, rule.high
    largest = 2 ** (kind.bit_width - 1) - 1
    return max(int(rule.low), -largest), min(int(rule.high), largest)


def _outside(rule: Rule, value: float) -> str:
    if rule.kind is not Kind.TIME:
        return out_of_range(rule, value)
    low, high = (np.datetime64(int(us), "us").astype("datetime64[D]") for us in (rule.low, rule.high))
    shown = np.datetime64(int(value), "us").astype("datetime64[s]")
    return f"{rule.column} is {shown}, allowed {low} to {high}"


def _narrow(array: pa.Array, rule: Rule) -> pa.Array:
    return array if array.type == rule.type else array.cast(rule.type, safe=False)


def _string(array: pa.Array, rule: Rule) -> Typed:
    """Length of strings, NUL in ids, emptiness, spelling of addresses."""
    unfit: dict[int, str] = {}
    sizes = pc.binary_length(array)
    bounds = pc.min_max(sizes).as_py()
    if bounds["max"] is not None and bounds["max"] > rule.high:
        long = pc.greater(sizes, pa.scalar(int(rule.high), pa.int32()))
        unfit |= {i: f"{rule.column} is {sizes[i].as_py():,} bytes, allowed {rule.high:,}" for i in _indices(long)}
        array = _nulled(array, long)
    if rule.kind is Kind.ID and (nul := _with_nul(array)) is not None:
        unfit |= dict.fromkeys(_indices(nul), f"{rule.column} holds a NUL character")
        array = _nulled(array, nul)
    if rule.kind is not Kind.TEXT and bounds["min"] == 0:
        empty = pc.equal(pc.binary_length(array), 0)
        if rule.required:
            unfit |= dict.fromkeys(_indices(empty), f"{rule.column} is empty")
        array = _nulled(array, empty)
    return Typed(canonical_addresses(array) if rule.kind is Kind.ADDRESS else array, unfit)


def _with_nul(array: pa.Array) -> pa.Array | None:
    """Mask of values with a NUL character; None when there are none."""
    offsets, data = string_parts(array)
    if np.all(data[offsets[0] : offsets[-1]]):
        return None
    return pc.greater_equal(pc.find_substring(array, "\0"), 0)
