"""Tokens: words that can be read back, secrets that show nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.web.tokens import Token, fresh_token, hash_secret, matches, parse_token

LOOKUP, SECRET = "0123456789abcdef", "s" * 43


def test_a_token_is_a_word_that_can_be_read_back() -> None:
    """The word parses to the token; a changed secret does not match, nor does a missing or broken hash."""
    token = fresh_token("abc")
    hashed = hash_secret(token)
    assert parse_token(token.text, "abc") == token
    assert matches(token, hashed)
    assert not matches(fresh_token("abc"), hashed)
    assert not matches(token, None)
    assert not matches(token, "no hash")


def test_a_secret_shows_nowhere_but_in_its_text() -> None:
    """Neither where a token is printed nor in what is stored of it; and no two are alike."""
    tokens = [fresh_token("abc") for _ in range(50)]
    assert not any(token.secret in repr(token) for token in tokens)
    assert tokens[0].secret not in hash_secret(tokens[0])
    assert len({token.lookup for token in tokens} | {token.secret for token in tokens}) == 100


@pytest.mark.parametrize(
    "text",
    [
        f"abd.{LOOKUP}.{SECRET}",
        f"ABC.{LOOKUP}.{SECRET}",
        f"abc.{LOOKUP.upper()}.{SECRET}",
        f"abc.{LOOKUP}.{SECRET}\n",
        f" abc.{LOOKUP}.{SECRET}",
        f"abc.{LOOKUP}.{SECRET[1:]}=",
        f"abc.{LOOKUP}{SECRET}.",
        f"abc.{LOOKUP}." + "s" * 100_000,
    ],
)
def test_what_has_another_shape_is_none(text: str) -> None:
    """Another prefix, capitals, white space, padding, or more than there may be."""
    assert parse_token(f"abc.{LOOKUP}.{SECRET}", "abc") == Token("abc", LOOKUP, SECRET)
    assert parse_token(text, "abc") is None


@given(st.text(max_size=80))
def test_any_text_is_read_or_none(text: str) -> None:
    """Nothing raises, and what is read reads back to the very same text."""
    found = parse_token(text, "abc")
    assert found is None or found.text == text
