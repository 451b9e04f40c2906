"""Words of conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.policy.expression.conditions import conditions

from stillwatch.act.policy.expression.parse import parse
from stillwatch.act.policy.expression.tokens import TokenKind, WrongExpression, squeezed, tokens


def test_places_and_kinds() -> None:
    """Each word has its place; space and comments are none."""
    found = tokens("a.b >= 1.5e3 // why\n && 'x'")
    assert [(t.kind, t.text, t.at) for t in found][3:] == [
        (TokenKind.SIGN, ">=", 4),
        (TokenKind.NUMBER, "1.5e3", 7),
        (TokenKind.SIGN, "&&", 21),
        (TokenKind.TEXT, "x", 24),
        (TokenKind.END, "", 27),
    ]


@pytest.mark.parametrize(
    "text", ["1u", "0x1F", ".5", "1.", "1e5", "r'x'", "b'x'", "'a\nb'", "'\\n'", "'open", "`a`", "é"]
)
def test_other_spellings_of_cel_are_refused(text: str) -> None:
    """What CEL knows and conditions do not need is refused, so that nothing is read in two ways."""
    with pytest.raises(WrongExpression):
        parse(text)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n"), max_size=30))
def test_texts_are_data(text: str) -> None:
    """Any text between quotes is one word with that text."""
    written = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    assert [token.text for token in tokens(written)] == [text, ""]


@given(conditions)
def test_squeezed_says_the_same(text: str) -> None:
    """Words stay as they are, also what looks like a comment inside a text."""
    laid_out = text.replace(" && ", " // both\n &&\t ")
    assert squeezed(laid_out) == squeezed(text)
    assert [t.text for t in tokens(squeezed(text))] == [t.text for t in tokens(text)]
