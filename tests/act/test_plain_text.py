"""Text of people: bounded, without control characters, never repeated in an error."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.plain_text import plain_text
from stillwatch.errors import InvalidInput


@given(st.text(max_size=60))
def test_what_is_left_can_be_stored_and_shown(text: str) -> None:
    """No control character but the line feed is left, nor half a character, whatever comes."""
    kept = plain_text(text, "note", most=1000)
    assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"} for c in kept)
    kept.encode()
    assert plain_text(kept, "note", most=1000) == kept


@pytest.mark.parametrize("text", ["secret-words" * 10, "", "\x00\x01"])
def test_too_long_or_too_short_is_named_and_not_repeated(text: str) -> None:
    """The message says which field and how long, and holds nothing of the text."""
    with pytest.raises(InvalidInput, match="note must have 1 to 40 characters") as raised:
        plain_text(text, "note", least=1, most=40)
    assert "secret" not in str(raised.value)


def test_a_huge_text_is_refused_before_it_is_looked_at() -> None:
    """Text far beyond the limit is refused by its length alone."""
    with pytest.raises(InvalidInput, match="at most 10 characters, got 1000000"):
        plain_text("\x00" * 1_000_000, "note", most=10)
