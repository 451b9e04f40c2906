"""Text from strangers: nothing hidden stays hidden, nothing else changes."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.report.visible import clipped, pieces, visible

from .examples import HOSTILE

HIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    """What is drawn holds no control, format, private, unassigned or surrogate character."""
    assert not HIDDEN & {unicodedata.category(c) for c in visible(text)}


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    """The pieces give the text back, marks read as the characters that they stand for."""
    back = "".join(chr(int(p.text.replace("U+", "0x"), 0)) if p.is_mark else p.text for p in pieces(text))
    assert back == text


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="ᅟᅠㅤﾠ\u2800")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Letters, digits and punctuation of any script are not touched."""
    assert visible(text) == text


def test_layout_characters_may_stay() -> None:
    """A page that lays out line feeds keeps them; a table does not."""
    assert visible("a\nb", layout="\n") == "a\nb"
    assert visible("a\nb") == "a⟨U+000A⟩b"


def test_hostile_text_shows_its_tricks() -> None:
    """Direction overrides, zero widths and terminal escapes are written out."""
    shown = visible(HOSTILE)
    assert all(f"⟨U+{code}⟩" in shown for code in ("202E", "200B", "001B", "0000", "2028"))


def test_clipped_says_that_something_is_missing() -> None:
    """A clipped text ends in an ellipsis and has the length asked for."""
    assert clipped("x" * 99, 10) == "x" * 9 + "…"
    assert clipped("x" * 10, 10) == "x" * 10
