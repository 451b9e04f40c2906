"""Tokens of forms and where forms come from."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from stillwatch.act.secret import ServiceSecret
from stillwatch.console.access.cookies import form_token, is_form_token, is_from_here

SECRET = ServiceSecret(bytes(range(32)))
GOOD = form_token(SECRET, "a" * 64)


def request(**headers: str) -> Request:
    """A request with these headers."""
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": told})


def test_a_token_is_of_one_session_and_one_service() -> None:
    """Another digest, another secret, another use: another token."""
    assert is_form_token(SECRET, "a" * 64, GOOD)
    assert not is_form_token(SECRET, "b" * 64, GOOD)
    assert not is_form_token(ServiceSecret(bytes(32)), "a" * 64, GOOD)
    other = base64.urlsafe_b64encode(SECRET.mac("another use", b"a" * 64)).decode()
    assert not is_form_token(SECRET, "a" * 64, other)


@given(st.one_of(st.text(max_size=120), st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_nothing_else_is_a_token(told: str) -> None:
    """Whatever is sent, it is refused and no failure."""
    assert is_form_token(SECRET, "a" * 64, told) is (told == GOOD)


@pytest.mark.parametrize(
    "told", ["", GOOD[:-1], GOOD + GOOD, GOOD + "\n", " " + GOOD, GOOD.swapcase(), "=" * 44, "A" * 101]
)
def test_spellings_of_a_token(told: str) -> None:
    """There is one."""
    assert not is_form_token(SECRET, "a" * 64, told)


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"origin": "http://watch.example"}, True),
        ({"origin": "https://watch.example"}, True),
        ({"origin": "https://watch.example", "sec_fetch_site": "same-origin"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://watch.example.evil.example"}, False),
        ({"origin": "https://watch.example:8443"}, False),
        ({"origin": "https://watch.example@evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "watch.example"}, False),
        ({"origin": "http://[::1"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": "https://watch.example", "sec_fetch_site": "cross-site"}, False),
    ],
)
def test_where_a_form_comes_from(headers: dict[str, str], is_ours: bool) -> None:  # noqa: FBT001 - a case
    """Of this very host, as far as the browser says."""
    assert is_from_here(request(host="watch.example", **headers)) is is_ours


def test_a_proxy_may_ask_under_another_host() -> None:
    """What browsers come to counts as here, and nothing else does because of it."""
    there = "https://watch.example"
    assert is_from_here(request(host="10.0.0.7:8470", origin=there), there)
    assert not is_from_here(request(host="10.0.0.7:8470", origin="https://evil.example"), there)
    assert not is_from_here(request(host="10.0.0.7:8470", origin=there))
