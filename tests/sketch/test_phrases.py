"""Phrase counts."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sketch.texts import PROMPTS, TEXTS

from stillwatch.errors import InvalidInput
from stillwatch.sketch import PhraseCounts, twins
from stillwatch.sketch._kernels_counts import gram_counts, grams_of
from stillwatch.sketch.tokens import tokens_of

CORPUS = st.lists(st.one_of(PROMPTS, TEXTS), max_size=12)


def counted(texts: list[str], size: int = 20_000) -> PhraseCounts:
    """Counts of all texts; with room for many, hardly two phrases share a counter."""
    return PhraseCounts.empty(size).add(pa.array(texts, pa.string()), np.ones(len(texts), np.bool_))


def looked_up(counts: PhraseCounts, text: str) -> list[int]:
    """Counts of the 4-grams of `text`."""
    words = tokens_of(text)[0]
    grams, found = np.empty(len(words), np.uint64), np.zeros(len(words), np.uint32)
    n = grams_of(words, len(words), grams)
    assert grams[:n].tolist() == twins.grams([int(word) for word in words])
    gram_counts(counts.cells, grams, n, found)
    return [int(count) for count in found[:n]]


@given(CORPUS)
def test_counts_are_prompts_that_hold_the_phrase(texts: list[str]) -> None:
    """A phrase counts once in a prompt however often it stands there."""
    phrases = [twins.grams([word for word, _, _ in twins.tokens(text)]) for text in texts]
    truth = Counter(phrase for held in phrases for phrase in set(held))
    counts = counted(texts)
    for text, held in zip(texts, phrases, strict=True):
        assert looked_up(counts, text) == [truth[phrase] for phrase in held]
    assert counts.n_prompts == sum(1 for text in texts if text)


@given(CORPUS)
def test_counts_are_never_too_low(texts: list[str]) -> None:
    """In a small table phrases share counters, which can only raise them."""
    phrases = [twins.grams([word for word, _, _ in twins.tokens(text)]) for text in texts]
    truth = Counter(phrase for held in phrases for phrase in set(held))
    counts = PhraseCounts(np.zeros(32, np.uint32), np.zeros(1 << 16, np.uint32), 0)
    counts.add(pa.array(texts, pa.string()), np.ones(len(texts), np.bool_))
    for text, held in zip(texts, phrases, strict=True):
        assert all(found >= truth[p] for found, p in zip(looked_up(counts, text), held, strict=True))


@given(CORPUS, st.data())
def test_order_and_parts_do_not_matter(texts: list[str], data: st.DataObject) -> None:
    """Any order, any cut into batches, and any order of merging give the same counters."""
    shuffled = data.draw(st.permutations(texts))
    cut = data.draw(st.integers(0, len(texts)))
    first, second = counted(shuffled[:cut]), counted(shuffled[cut:])
    assert first.merge(second) == second.merge(first) == counted(texts)


def test_only_rows_of_the_mask_count() -> None:
    """The caller picks one row per distinct prompt; null and empty prompts are none."""
    texts = pa.array(["a b c d", "e f g h", None, ""])
    counts = PhraseCounts.empty(10).add(texts, np.array([True, False, True, True]))
    assert looked_up(counts, "a b c d e f g h") == [1, 0, 0, 0, 0]
    assert counts.n_prompts == 1


def test_a_long_prompt_does_not_make_its_own_template() -> None:
    """A line repeated 100,000 times counts once."""
    assert set(looked_up(counted(["one two three four five " * 100_000]), "one two three four five")) == {1}


def test_size_follows_the_number_of_prompts() -> None:
    """128 bytes a prompt; lines begin at a cache line."""
    counts = PhraseCounts.empty(1_000_000)
    assert counts.size_bytes == 128_000_000
    assert counts.cells.ctypes.data % 64 == 0


def test_what_does_not_fit_is_refused() -> None:
    """Counters of two sizes, and a mask of another length."""
    with pytest.raises(InvalidInput, match="one size"):
        PhraseCounts.empty(10_000).merge(PhraseCounts.empty(20_000))
    with pytest.raises(InvalidInput, match="one entry per text, got 2 for 1"):
        PhraseCounts.empty(1).add(pa.array(["a"]), np.ones(2, np.bool_))
