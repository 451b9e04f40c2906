"""A column of any type as the type of its rule: at once where Arrow can, value by value where it must."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.coerce import Unfit, coerce
from stillwatch.ingest.rules import Kind, Rule
from stillwatch.ingest.times import time_array

__all__ = ["Typed", "python_values", "typed_array", "typed_values"]

STAGE = {Kind.COUNT: pa.int64(), Kind.NUMBER: pa.float64(), Kind.TIME: pa.int64()}
"""Types wide enough to hold values outside the range of the column until the range is checked."""


class Typed(NamedTuple):
    """A column, and by row index why a value was refused (the value is null then)."""

    array: pa.Array
    unfit: dict[int, str]


def typed_values(values: list[object], rule: Rule) -> Typed:
    """Python values, one a row, as a column.

    >>> from stillwatch.ingest.options import Limits
    >>> from stillwatch.ingest.rules import rules_of
    >>> from stillwatch.model.exchange import EXCHANGE
    >>> typed_values([1, "x"], rules_of(EXCHANGE, Limits())[12]).unfit
    {1: 'turn_count is text of 1 characters, expected a whole number'}
    """
    try:
        array = pa.array(values)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        return _one_by_one(values, rule)
    return _at_once(array, rule) or _one_by_one(values, rule)


def typed_array(array: pa.Array, rule: Rule) -> Typed:
    """Arrow column of any type as a column of the rule's; the same memory when nothing needs to change."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return _at_once(array, rule) or _one_by_one(python_values(array), rule)


def _at_once(array: pa.Array, rule: Rule) -> Typed | None:
    if pa.types.is_null(array.type):
        return Typed(pa.nulls(len(array), rule.type), {})
    if rule.is_string():
        converted = _strings(array, rule)
    elif rule.kind is Kind.TIME:
        converted = time_array(array)
    elif rule.kind is Kind.FLAG:
        converted = array if pa.types.is_boolean(array.type) else None
    else:
        converted = _counts(array) if rule.kind is Kind.COUNT else _numbers(array)
    return None if converted is None else Typed(converted, {})


def _strings(array: pa.Array, rule: Rule) -> pa.Array | None:
    kind = array.type
    is_number = pa.types.is_integer(kind) and rule.kind in (Kind.ID, Kind.LABEL)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if not (is_text or is_number):
        return None
    try:
        strings = array if pa.types.is_string(kind) else array.cast(pa.string())
        strings.validate(full=True)
    except pa.ArrowException:
        return None
    return strings


def _counts(array: pa.Array) -> pa.Array | None:
    if pa.types.is_integer(array.type):
        try:
            return array if array.type == pa.int32() else array.cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    if not pa.types.is_floating(array.type):
        return None
    try:
        return _without_nan(array).cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def _numbers(array: pa.Array) -> pa.Array | None:
    if pa.types.is_floating(array.type):
        return _without_nan(array)
    return array.cast(pa.float64(), safe=False) if pa.types.is_integer(array.type) else None


def _without_nan(array: pa.Array) -> pa.Array:
    if pa.types.is_float16(array.type):
        array = array.cast(pa.float32())
    is_nan = pc.is_nan(array)
    return pc.if_else(is_nan, pa.scalar(None, array.type), array) if pc.any(is_nan).as_py() else array


def python_values(array: pa.Array) -> list[object]:
    """Values of an array; text as bytes, because text that is no UTF-8 is what brings it here."""
    if pa.types.is_string(array.type):
        array = array.cast(pa.binary())
    elif pa.types.is_large_string(array.type):
        array = array.cast(pa.large_binary())
    elif pa.types.is_string_view(array.type):
        array = array.cast(pa.binary_view())
    try:
        values: list[object] = array.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        values = [array.type if valid else None for valid in np.asarray(array.is_valid())]
    return values


def _one_by_one(values: list[object], rule: Rule) -> Typed:
    fit: list[object] = []
    unfit: dict[int, str] = {}
    for i, value in enumerate(values):
        try:
            fit.append(coerce(_from_bytes(value, rule), rule))
        except Unfit as reason:
            unfit[i] = str(reason)
            fit.append(None)
    array = pa.array(fit, STAGE.get(rule.kind, rule.type))
    return Typed(array.cast(rule.type) if rule.kind is Kind.TIME else array, unfit)


def _from_bytes(value: object, rule: Rule) -> object:
    """Bytes of a column that wants no text: digits, words or a time, if they are ASCII."""
    if isinstance(value, bytes) and not rule.is_string() and value.isascii():
        return value.decode()
    return value
