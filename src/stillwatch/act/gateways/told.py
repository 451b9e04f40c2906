"""What a caller tells of a request, held against the rules of the record's columns."""

import functools
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.ingest.addresses import client_address
from stillwatch.ingest.coerce import Unfit, coerce, out_of_range
from stillwatch.ingest.options import Limits
from stillwatch.ingest.rules import Kind, Rule, rules_of
from stillwatch.model.decision import Request
from stillwatch.model.exchange import EXCHANGE

__all__ = ["REQUEST_FIELDS", "request_filled", "request_told"]

REQUEST_FIELDS: Final = tuple(f.name for f in fields(Request))
"""Names of all that a request can tell."""

_COLUMNS: Final = {rule.column: rule for rule in rules_of(EXCHANGE, Limits())}
_RULES: Final = {name: _COLUMNS[name] for name in REQUEST_FIELDS if name in _COLUMNS} | {
    "request_id": replace(_COLUMNS["exchange_id"], column="request_id")
}
_PLAIN_ADDRESS: Final = 45
_client_address: Final = functools.lru_cache(8192)(client_address)
"""Customers come again, and reading an address costs as much as all other fields; lists of them are not remembered."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US: Final = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def request_told(told: Mapping[str, object], *, strict: bool) -> Request:
    """Request out of values of any type by field name; names that are no field are left out.

    strict      Whether a value that does not fit its field is refused. Else it is left out: what a customer writes into
                a body must not decide whether the gateway gets an answer.
    Raises      InvalidInput without an account; with all problems when `strict`. It holds no text that was told.

    >>> request_told({"account_id": "a", "temperature": "hot", "turn_count": 3}, strict=False).turn_count
    3
    >>> request_told({"temperature": "hot"}, strict=True)
    Traceback (most recent call last):
    stillwatch.errors.InvalidInput: temperature is text of 3 characters, expected a number; account_id is missing
    """
    found, problems = _fitting(told)
    if "account_id" not in found:
        problems.setdefault("account_id", "account_id is missing")
    if problems and (strict or "account_id" in problems):
        message = "; ".join(problems.values() if strict else [problems["account_id"]])
        raise InvalidInput(message)
    return Request(**found)


def request_filled(request: Request, told: Mapping[str, object]) -> Request:
    """The request with what else is told; values that do not fit, and names that are no field, are left out.

    >>> filled = request_filled(Request(account_id="a", model="m"), {"turn_count": 3, "top_p": 9, "colour": "red"})
    >>> filled.model, filled.turn_count, filled.top_p
    ('m', 3, None)
    """
    return replace(request, **_fitting(told)[0])


def _fitting(told: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values that fit, and what is wrong with the others, by field."""
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name in REQUEST_FIELDS:
        told_value = told.get(name)
        if told_value is None:
            continue
        try:
            value = _fit(told_value, _RULES[name])
        except Unfit as reason:
            problems[name] = str(reason)
        else:
            if value is not None:
                found[name] = value
    return found, problems


def _fit(value: object, rule: Rule) -> object:
    """The value as its field takes it.

    Raises      Unfit with the reason.
    """
    made = coerce(value, rule)
    if isinstance(made, str):
        return _text(made, rule)
    if rule.kind is Kind.TIME and isinstance(made, int):
        if not rule.low <= made <= _LAST_US:
            message = f"{rule.column} is before 2015 or after 9998"
            raise Unfit(message)
        return _EPOCH + timedelta(microseconds=made)
    if isinstance(made, int | float) and not isinstance(made, bool) and not rule.low <= made <= rule.high:
        raise Unfit(out_of_range(rule, made))
    return made


def _text(text: str, rule: Rule) -> str | None:
    size = len(text) if text.isascii() else len(text.encode())
    if size > rule.high:
        message = f"{rule.column} is {size:,} bytes, allowed {rule.high:,}"
        raise Unfit(message)
    if rule.kind is Kind.ID and "\0" in text:
        message = f"{rule.column} holds a NUL character"
        raise Unfit(message)
    if rule.kind is Kind.ADDRESS and text:
        return _address(text, rule)
    return text or None if rule.kind is not Kind.TEXT else text


def _address(text: str, rule: Rule) -> str:
    address = _client_address(text) if len(text) <= _PLAIN_ADDRESS else client_address(text)
    if address is None:
        message = f"{rule.column} is no IPv4 or IPv6 address"
        raise Unfit(message)
    return address
