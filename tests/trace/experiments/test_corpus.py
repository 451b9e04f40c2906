"""Words of public text: no text is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.experiments.corpus import Words, library_texts

WORDS = Words(library_texts(200_000), 1000)


@given(st.text(max_size=60))
def test_text_comes_back(text: str) -> None:
    """Any text that is UTF-8 is decoded as it was, in ids of the vocabulary."""
    ids = WORDS.encode(text)
    assert WORDS.decode(ids) == text
    assert ((ids >= 0) & (ids < 1000)).all()


def test_pieces_shorten_the_library() -> None:
    """Frequent pieces make less than 0.7 tokens a byte of unseen sources."""
    text = "".join(library_texts(300_000))[250_000:]
    assert len(WORDS.encode(text)) < 0.7 * len(text.encode())


def test_hashes_tell_tokenizers_apart() -> None:
    """The hash depends on the pieces; too small a vocabulary is refused."""
    assert Words(["a bb"], 300).sha256 != Words(["a cc"], 300).sha256
    with pytest.raises(InvalidInput, match="above 256, got 256"):
        Words([], 256)
