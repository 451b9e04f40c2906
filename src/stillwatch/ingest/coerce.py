"""One raw value made fit for its column, or the reason why it cannot be: for what no array operation takes."""

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from stillwatch.ingest.rules import INT64_MAX, Kind, Rule
from stillwatch.ingest.times import datetime_microseconds, epoch_microseconds, time_microseconds

__all__ = ["Unfit", "coerce", "out_of_range"]

DIGITS_AT_MOST = 40


class Unfit(ValueError):  # noqa: N818 - a reason, caught where it is raised for
    """The reason a value is refused; names the column and the kind of value, never the value of a text."""


def coerce(value: object, rule: Rule) -> object:
    """Return `value` as the column takes it, None for unknown.

    Counts and numbers come back wide (int of 64 bits, float), times as microseconds: ranges are checked by column.

    Raises      Unfit with the reason.

    >>> from stillwatch.ingest.options import Limits
    >>> from stillwatch.ingest.rules import rules_of
    >>> from stillwatch.model.exchange import EXCHANGE
    >>> rules = {r.column: r for r in rules_of(EXCHANGE, Limits())}
    >>> coerce("12", rules["output_tokens"]), coerce(3.0, rules["output_tokens"])
    (12, 3)
    >>> coerce(["a"], rules["model"])
    Traceback (most recent call last):
    stillwatch.ingest.coerce.Unfit: model is an array, expected text
    """
    return None if value is None else COERCE[rule.kind](value, rule)


def out_of_range(rule: Rule, value: float) -> str:
    """Word a value outside the range of its column.

    >>> from stillwatch.ingest.options import Limits
    >>> from stillwatch.ingest.rules import rules_of
    >>> from stillwatch.model.exchange import EXCHANGE
    >>> out_of_range(rules_of(EXCHANGE, Limits())[12], -5)
    'turn_count is -5, allowed 0 to 2,147,483,647'
    """
    shown = f"{value:,}" if isinstance(value, int) and abs(value) < 10**DIGITS_AT_MOST else f"{value:g}"
    return f"{rule.column} is {shown}, allowed {rule.low:,} to {rule.high:,}"


def _wrong(value: object, rule: Rule, expected: str) -> Unfit:
    names = {
        str: "text",
        bytes: "bytes",
        bool: "a boolean",
        int: "a whole number",
        float: "a number",
        Decimal: "a number",
        list: "an array",
        tuple: "an array",
        dict: "an object",
        datetime: "a time",
    }
    kind = names.get(type(value), f"of type {type(value).__name__}")
    size = f" of {len(value):,} characters" if isinstance(value, str) else ""
    return Unfit(f"{rule.column} is {kind}{size}, expected {expected}")


def _text(value: object, rule: Rule) -> str:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            reason = f"{rule.column} is invalid UTF-8 at character {error.start + 1}"
            raise Unfit(reason) from error
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            reason = f"{rule.column} is invalid UTF-8 at byte {error.start + 1}"
            raise Unfit(reason) from error
    raise _wrong(value, rule, "text")


def _label(value: object, rule: Rule) -> str:
    """Texts as they are; whole numbers and UUIDs are common as ids and have one spelling."""
    if (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**DIGITS_AT_MOST) or isinstance(
        value, UUID
    ):
        return str(value)
    return _text(value, rule)


def _count(value: object, rule: Rule) -> int | None:
    number = value if isinstance(value, int) and not isinstance(value, bool) else _whole(value, rule)
    if number is not None and abs(number) > INT64_MAX:
        raise Unfit(out_of_range(rule, number))
    return number


def _whole(value: object, rule: Rule) -> int | None:
    expected = "a whole number"
    if isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, str | float | Decimal):
        number = _float(value)
        if math.isnan(number) and not isinstance(value, str):
            return None
        if number.is_integer():
            return int(value) if isinstance(value, str) and value.strip().lstrip("+-").isdecimal() else int(number)
    raise _wrong(value, rule, expected)


def _number(value: object, rule: Rule) -> float | None:
    if isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
        number = _float(value)
        if not math.isnan(number):
            return number
        if not isinstance(value, str):
            return None
    raise _wrong(value, rule, "a number")


def _float(value: str | float | Decimal) -> float:
    """Float of a number or of its digits; NaN for text that is no number, infinity for what is too large."""
    if isinstance(value, str) and (len(value) > DIGITS_AT_MOST or "_" in value):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _flag(value: object, rule: Rule) -> bool | None:
    words = {"true": True, "false": False, "1": True, "0": False, "": None}
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise _wrong(value, rule, "true or false")


def _time(value: object, rule: Rule) -> int | None:
    if isinstance(value, bytes):
        value = _text(value, rule)
    if isinstance(value, str) and not value.strip():
        return None
    try:
        if isinstance(value, str):
            return time_microseconds(value)
        if isinstance(value, datetime):
            return datetime_microseconds(value)
        if isinstance(value, date):
            return time_microseconds(value.isoformat())
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return epoch_microseconds(value)
    except (ValueError, OverflowError) as error:
        raise _wrong(value, rule, "RFC 3339 or a number since 1970") from error
    raise _wrong(value, rule, "RFC 3339 or a number since 1970")


COERCE: dict[Kind, Callable[[object, Rule], object]] = {
    Kind.ID: _label,
    Kind.LABEL: _label,
    Kind.TEXT: _text,
    Kind.ADDRESS: _text,
    Kind.COUNT: _count,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.TIME: _time,
}
