"""Values of a request against the rules of the record."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.gateways.made import values

from stillwatch.act.gateways.told import REQUEST_FIELDS, request_filled, request_told
from stillwatch.errors import InvalidInput
from stillwatch.ingest.addresses import client_address


def test_everything_can_be_told() -> None:
    """Values of the right types arrive as they are, a time in any form of the readers."""
    told = {
        "account_id": "a",
        "time": "2026-11-01T02:00:00+02:00",
        "temperature": 0.5,
        "turn_count": 3,
        "wants_logprobs": True,
        "client_address": "192.0.2.1",
        "client_asn": 64500,
        "prompt_text": "Hi",
        "unheard_of": 1,
    }
    request = request_told(told, strict=True)
    assert request.time == datetime(2026, 11, 1, tzinfo=UTC)
    assert {name: getattr(request, name) for name in told.keys() - {"time", "unheard_of"}} == {
        name: value for name, value in told.items() if name not in ("time", "unheard_of")
    }


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("account_id", ["a"], "account_id is an array"),
        ("account_id", "a\0b", "account_id holds a NUL character"),
        ("account_id", "a" * 20_000, "account_id is 20,000 bytes, allowed 16,384"),
        ("account_id", "", "account_id is missing"),
        ("top_p", 2, "top_p is 2, allowed 0 to 1"),
        ("turn_count", -1, "turn_count is -1"),
        ("client_address", "somewhere", "client_address is no IPv4 or IPv6 address"),
        ("time", "1970-01-01T00:00:00Z", "time is before 2015"),
        ("time", 2**70, "time is before 2015 or after"),
        ("prompt_text", "\ud800", "prompt_text is invalid UTF-8"),
    ],
)
def test_what_does_not_fit(name: str, value: object, reason: str) -> None:
    """Strictly each value that does not fit is named; leniently it is left out, unless it is the account."""
    told = {"account_id": "a", name: value}
    with pytest.raises(InvalidInput, match=reason):
        request_told(told, strict=True)
    if name == "account_id":
        with pytest.raises(InvalidInput, match=reason):
            request_told(told, strict=False)
    else:
        assert getattr(request_told(told, strict=False), name) is None


def test_all_problems_at_once() -> None:
    """A strict refusal names every problem."""
    with pytest.raises(InvalidInput) as caught:
        request_told({"top_p": 9, "turn_count": "many", "model": {}}, strict=True)
    assert all(name in str(caught.value) for name in ("top_p", "turn_count", "model", "account_id"))


@given(st.dictionaries(st.sampled_from(REQUEST_FIELDS), values))
def test_problems_hold_no_text(told: dict[str, Any]) -> None:
    """Whatever is told beside them, an object as the account is refused, and what was written is not in the message."""
    secret = "my-secret-prompt"  # noqa: S105 - of the test
    with pytest.raises(InvalidInput) as caught:
        request_told({**told, "prompt_text": [secret], "account_id": {secret: secret}}, strict=True)
    assert secret not in str(caught.value)


@given(
    st.dictionaries(st.sampled_from(REQUEST_FIELDS), values), st.dictionaries(st.sampled_from(REQUEST_FIELDS), values)
)
def test_filling_is_telling_at_once(own: dict[str, Any], other: dict[str, Any]) -> None:
    """To tell some fields and fill in others is the same as to tell all leniently, the own ones before the others."""
    own = {**own, "account_id": "a"}
    rest = {name: value for name, value in other.items() if name not in own}
    assert request_filled(request_told(own, strict=False), rest) == request_told({**rest, **own}, strict=False)


@given(st.text(max_size=60) | st.ip_addresses().map(str))
def test_addresses_that_come_again_are_read_alike(text: str) -> None:
    """What is remembered of an address is what reading it gives."""
    told = {"account_id": "a", "client_address": text}
    first, again = (request_told(told, strict=False).client_address for _ in range(2))
    assert first == again == (client_address(text) if text else None)
