"""Tokens of arbitrary text."""

import numpy as np
import pytest
from hypothesis import given, settings
from tests.sketch.texts import TEXTS

from stillwatch.sketch import twins
from stillwatch.sketch.tokens import tokens_of

WRITTEN = (
    ("Résumé", "RESUME"),
    ("ﬁne", "fine"),
    ("straße", "STRASSE"),
    ("ｆｕｌｌ", "full"),
    ("𝐛𝐨𝐥𝐝", "bold"),
    ("ΣΊΣΥΦΟΣ", "σισυφος"),
    ("Ёлка", "елка"),
    ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ("re\u00adsult", "result"),
    ("re\u200bsult", "result"),
)


def as_tuples(text: str) -> list[twins.Token]:
    """Tokens of the kernel in the twin's form."""
    words, spans = tokens_of(text)
    return [(int(word), int(first), int(end)) for word, (first, end) in zip(words, spans, strict=True)]


@given(TEXTS)
@settings(max_examples=400)
def test_kernel_agrees_with_twin(text: str) -> None:
    """Hashes, kinds, scripts and bytes of all tokens."""
    assert as_tuples(text) == twins.tokens(text)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 15, 16, 17, 31, 32, 62, 63, 64, 65, 127, 128, 129, 200])
@pytest.mark.parametrize("tail", ["", " b", "é", "1", " 中"])
def test_words_across_blocks(size: int, tail: str) -> None:
    """Words end, start and go on at the edges of 64-byte blocks, at any offset."""
    for lead in ("", " ", "x " * 31, "9" * 63):
        text = lead + "a" * size + tail
        assert as_tuples(text) == twins.tokens(text)


@pytest.mark.parametrize(("one", "other"), WRITTEN)
def test_one_word_written_two_ways(one: str, other: str) -> None:
    """Case, marks, ligatures, width and hidden characters do not matter."""
    assert tokens_of(one)[0].tolist() == tokens_of(other)[0].tolist()


def test_scripts_without_spaces_give_a_token_a_sign() -> None:
    """Chinese, Japanese and Thai are not one giant token."""
    assert len(tokens_of("请你写出一个程序")[0]) == 8
    assert len(tokens_of("カタカナ")[0]) == 4
    assert len(tokens_of("한국어 문장")[0]) == 2


@pytest.mark.parametrize(
    "text", ["word " * 200_000, "a" * 1_000_000, "é" * 500_000, "\0" * 1_000_000, "中" * 300_000, "﷽" * 90_000]
)
def test_huge_texts(text: str) -> None:
    """A megabyte of one thing is cut without harm, and every token lies inside."""
    words, spans = tokens_of(text)
    assert spans.size == 0 or (spans.min() >= 0 and spans.max() <= len(text.encode()))
    assert len(np.unique(words)) <= 20
