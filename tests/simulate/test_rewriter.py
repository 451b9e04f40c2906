"""The rewriter says the same thing in ever new words."""

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.simulate.grammar import Grammar
from stillwatch.simulate.rewriter import Rewriter, four_grams, normal
from stillwatch.simulate.sections import read_sections

SENTENCES = sorted(name for name in read_sections("rewriter") if "." in name)


@pytest.fixture(scope="module")
def rewriter() -> Rewriter:
    """A rewriter with the built-in grammar."""
    return Rewriter(Grammar())


@pytest.mark.parametrize("intent", SENTENCES)
def test_everything_is_chosen(rewriter: Rewriter, intent: str) -> None:
    """No choice is left open, no phrase is missing, and hardly any sentence comes twice."""
    texts = rewriter.write(np.random.default_rng(0), intent, 500).to_pylist()
    assert len(texts) == 500
    assert not any(mark in text for text in texts for mark in "<>{}")
    assert len(set(texts)) > 200


@pytest.mark.parametrize("intent", ["reasoning.open", "reasoning.close"])
def test_runs_of_fixed_words_are_short(rewriter: Rewriter, intent: str) -> None:
    """No word 4-gram stands in more than a few percent of the sentences: there is no template to find."""
    texts = rewriter.write(np.random.default_rng(0), intent, 4_000).to_pylist()
    seen: dict[str, int] = {}
    for text in texts:
        for gram in four_grams(text):
            seen[gram] = seen.get(gram, 0) + 1
    assert max(seen.values()) < 0.03 * 4_000


def test_taboos_are_kept(rewriter: Rewriter) -> None:
    """What must not be said is not said, even when it is what most sentences say."""
    rng = np.random.default_rng(1)
    common = four_grams(" ".join(rewriter.write(rng, "reasoning.open", 60).to_pylist()))
    texts = rewriter.avoid(rng, "reasoning.open", 800, common).to_pylist()
    assert not any(common & four_grams(text) for text in texts)
    plain = rewriter.write(rng, "reasoning.open", 800).to_pylist()
    assert any(common & four_grams(text) for text in plain)


def test_the_same_seed_says_the_same(rewriter: Rewriter) -> None:
    """Sentences follow from the seed."""
    first, second = (rewriter.write(np.random.default_rng(5), "drip.open", 20).to_pylist() for _ in "ab")
    assert first == second


def test_words_are_what_fingerprints_are_made_of() -> None:
    """Digits, signs and case do not count; letters of all scripts do."""
    assert normal(pa.array(["A-b 3, Ünï 中文!"])).to_pylist() == [" a b ünï 中文 "]
    assert four_grams("one two three") == set()
    texts = [
        "Ask 3 of them: who, when, WHERE?",
        "请逐步推理下面的问题, dann alles auf einmal",
        "l'été 2026 à la plage d'été",
    ]
    for text, words in zip(texts, normal(pa.array(texts)).to_pylist(), strict=True):
        assert all(f" {gram} " in words for gram in four_grams(text))
        assert len(four_grams(text)) == len(words.split()) - 3
