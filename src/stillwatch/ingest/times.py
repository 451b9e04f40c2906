"""Times in every form logs carry them, as microseconds since 1970, UTC."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.exchange import TIME_TYPE

__all__ = ["EPOCH_UNITS", "epoch_microseconds", "time_array", "time_microseconds"]

# A number of seconds since 1970 stays below 1e11 until the year 5138; each further unit is 1000 times finer.
SECONDS_BELOW, MILLISECONDS_BELOW, MICROSECONDS_BELOW = 1e11, 1e14, 1e17
EPOCH_UNITS = {"s": Decimal(1_000_000), "ms": Decimal(1000), "us": Decimal(1), "ns": Decimal("0.001")}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?\s?([Zz]|[+-]\d\d(:?\d\d)?)?)?", re.ASCII)
NUMBER = re.compile(r"[+-]?\d{9,}(\.\d*)?", re.ASCII)
# What does not fit is kept outside every accepted range instead of wrapping around.
FARTHEST = 2**62


def _unit_of(number: Decimal) -> str:
    size = float(abs(number))
    if size < SECONDS_BELOW:
        return "s"
    if size < MILLISECONDS_BELOW:
        return "ms"
    return "us" if size < MICROSECONDS_BELOW else "ns"


def epoch_microseconds(number: float | Decimal, unit: str | None = None) -> int:
    """Microseconds of a number since 1970; without `unit` its magnitude tells seconds, ms, us or ns.

    A float stands for the shortest decimal that is read as it, which is what a log wrote: 0.859084 s stays that many
    microseconds, though the float next to it is a little less.

    Raises      ValueError if the number is not finite.

    >>> epoch_microseconds(1767225600), epoch_microseconds(1767225600123), epoch_microseconds(1767225600.5)
    (1767225600000000, 1767225600123000, 1767225600500000)
    >>> epoch_microseconds(1780581781.859084)
    1780581781859084
    """
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        message = "is not finite"
        raise ValueError(message)
    us = math.floor(exact * EPOCH_UNITS[unit or _unit_of(exact)])
    return max(-FARTHEST, min(FARTHEST, us))


def time_microseconds(text: str) -> int:
    """Microseconds of RFC 3339 text or a number in digits; a time without a zone is UTC.

    Raises      ValueError if it is neither.

    >>> time_microseconds("2026-01-01T02:00:00.123456789+02:00")
    1767225600123456
    >>> time_microseconds("2026-01-01 00:00") == time_microseconds("1767225600")
    True
    """
    text = text.strip()
    if NUMBER.fullmatch(text) and len(text) < 40:
        return epoch_microseconds(Decimal(text))
    if not RFC3339.fullmatch(text):
        message = "is not RFC 3339 and no number since 1970"
        raise ValueError(message)
    return datetime_microseconds(datetime.fromisoformat(text.upper().replace(",", ".")))


def datetime_microseconds(time: datetime) -> int:
    """Microseconds since 1970; a time without a zone is UTC.

    >>> datetime_microseconds(datetime(1970, 1, 1, 0, 0, 1))
    1000000
    """
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def time_array(array: pa.Array) -> pa.Array | None:
    """Whole column as `TIME_TYPE` at once; None when its values must be looked at one by one."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        return array.cast(TIME_TYPE) if kind.unit == "us" else _from_epoch(array.cast(pa.int64()), kind.unit)
    if pa.types.is_date(kind):
        return _from_epoch(array.cast(pa.date64()).cast(pa.int64()), "ms")
    if pa.types.is_integer(kind):
        return _from_epoch(array, None)
    if pa.types.is_string(kind):
        try:
            return array.cast(TIME_TYPE)
        except pa.ArrowInvalid:
            return None
    return None


def _from_epoch(array: pa.Array, unit: str | None) -> pa.Array | None:
    try:
        numbers = pc.fill_null(array.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    mask = pc.is_null(array).to_numpy(zero_copy_only=False)
    return pa.array(_scaled(numbers, unit), mask=mask).cast(TIME_TYPE)


def _scaled(numbers: NDArray[np.int64], unit: str | None) -> NDArray[np.int64]:
    size = np.abs(numbers.astype(np.float64))
    chosen = {
        "s": size < SECONDS_BELOW,
        "ms": (size >= SECONDS_BELOW) & (size < MILLISECONDS_BELOW),
        "us": (size >= MILLISECONDS_BELOW) & (size < MICROSECONDS_BELOW),
        "ns": size >= MICROSECONDS_BELOW,
    }
    out = np.empty(len(numbers), np.int64)
    for name, selected in chosen.items() if unit is None else [(unit, np.ones(len(numbers), np.bool_))]:
        part = numbers[selected]
        factor = int(max(EPOCH_UNITS[name], Decimal(1)))
        bound = FARTHEST // factor
        out[selected] = part // 1000 if name == "ns" else np.clip(part, -bound, bound) * factor
    return out
