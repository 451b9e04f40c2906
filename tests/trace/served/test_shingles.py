"""Keyed shingles, against their plain twin."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trace.served.world import SECRET, edited, texts

from stillwatch.errors import InvalidInput
from stillwatch.trace.served.secret import IndexSecret
from stillwatch.trace.served.shingles import KEPT_SHARE, distinct_shingles, placed_shingles, shingles_twin

WORDS = st.text(st.sampled_from("ab1 é我-"), max_size=60)


@given(st.lists(WORDS, max_size=6), st.binary(min_size=16, max_size=16))
def test_kernels_find_what_the_twin_finds(batch: list[str], key: bytes) -> None:
    """In order with places, and as ascending sets, for texts of several scripts under any secret."""
    secret = IndexSecret(key)
    column = pa.array(batch, pa.string())
    placed, (values, offsets) = placed_shingles(column, secret), distinct_shingles(column, secret)
    for row, text in enumerate(batch):
        part = slice(placed.offsets[row], placed.offsets[row + 1])
        expected = shingles_twin(text, secret)
        assert list(zip(placed.values[part].tolist(), placed.places[part].tolist(), strict=True)) == expected
        assert values[offsets[row] : offsets[row + 1]].tolist() == sorted({value for value, _ in expected})


def test_a_quarter_is_kept_whatever_the_batch() -> None:
    """Of 86 shingles a text about a quarter stays, and what is found in a long batch is found row by row."""
    column = pa.array(texts(500, seed=3))
    values, offsets = distinct_shingles(column, SECRET)
    assert abs(len(values) / (500 * 86) - KEPT_SHARE) < 0.01
    for row in (0, 250, 499):
        alone, _ = distinct_shingles(column.slice(row, 1), SECRET)
        assert alone.tolist() == values[offsets[row] : offsets[row + 1]].tolist()


def test_another_secret_keeps_other_shingles() -> None:
    """Hashes under two secrets have nothing in common, so that guesses need the secret."""
    column = pa.array(texts(50, seed=3))
    one, _ = distinct_shingles(column, SECRET)
    other, _ = distinct_shingles(column, IndexSecret(bytes(16)))
    assert not set(one.tolist()) & set(other.tolist())


def test_case_and_punctuation_do_not_matter() -> None:
    """The tokens are those of the sketches: folded words."""
    (text,) = texts(1, seed=4)
    louder = text.upper().replace(" ", ", ")
    assert shingles_twin(louder, SECRET) == shingles_twin(text, SECRET)
    assert shingles_twin(edited(text, 1.0), SECRET) != shingles_twin(text, SECRET)


def test_secrets_are_separate_and_hidden() -> None:
    """Epochs give other secrets, a short one is refused, and neither repr nor message shows any."""
    master = bytes(range(32))
    first, second = IndexSecret.of(master, "1"), IndexSecret.of(master, "2")
    assert first.sign != second.sign
    assert first.secret.hex() not in repr(first)
    assert repr(first.secret) not in repr(first)
    with pytest.raises(InvalidInput, match="32 bytes or more, got 31"):
        IndexSecret.of(bytes(31), "1")
    with pytest.raises(InvalidInput, match="16 bytes, got 3"):
        IndexSecret(b"abc")
