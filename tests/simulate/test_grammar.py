"""The built-in grammar is varied, and nobody's sentences become a template."""

import re

import numpy as np
import pytest

from stillwatch.simulate.grammar import CIRCLES, Grammar, invent_names
from stillwatch.simulate.sections import read_sections

GRAMMAR = Grammar()
TOKEN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]|[^\W\d_]+|\d+")
SLOT = re.compile(r"\{[TAVQND]\}")


def vocabulary(side: str, slot: str) -> set[str]:
    """All words of a side for a slot."""
    return {word for subject in GRAMMAR.subjects if subject.side == side for word in subject.words.get(slot, ())}


def test_subjects_are_many_and_in_several_languages() -> None:
    """About forty subjects in English, and five more languages on both sides."""
    english = [subject for subject in GRAMMAR.subjects if subject.language == "en"]
    assert len(english) >= 40
    for side in ("legit", "attack"):
        languages = {subject.language for subject in GRAMMAR.subjects if subject.side == side}
        assert languages == {"en", "es", "de", "fr", "zh", "ja"}


@pytest.mark.parametrize("slot", ["T", "N"])
def test_attack_words_are_not_peoples(slot: str) -> None:
    """Things and names of the attack subjects are in no ordinary subject."""
    assert not vocabulary("attack", slot) & (vocabulary("legit", slot) | vocabulary("evaluation", slot))


def test_subjects_have_words_enough() -> None:
    """Every ordinary English subject has a hundred and fifty words and more of its own."""
    for subject in GRAMMAR.subjects:
        if subject.side == "legit" and subject.language == "en":
            assert sum(len(words) for words in subject.words.values()) > 150


def test_frames_are_no_templates() -> None:
    """No frame has a fixed run of nine tokens, a slot of digits counting as fixed; none is all fixed."""
    for section, frames in read_sections("frames").items():
        for frame in frames:
            fixed = SLOT.split(frame.replace("{D}", " 0 "))
            assert len(fixed) > 1, (section, frame)
            assert max(len(TOKEN.findall(part)) for part in fixed) <= 7, (section, frame)


def test_texts_differ(rng: np.random.Generator) -> None:
    """Two thousand questions are hardly ever the same."""
    texts = GRAMMAR.texts(rng, "question", rng.choice(GRAMMAR.topics("legit"), 2_000), 2.0).to_pylist()
    assert len(set(texts)) > 1_950
    assert not any("{" in text for text in texts)


def test_texts_stay_with_their_topic(rng: np.random.Generator) -> None:
    """A text uses words of its own subject."""
    topics = rng.choice(GRAMMAR.topics("attack"), 200)
    for topic, text in zip(topics, GRAMMAR.texts(rng, "exam", topics, 0.0).to_pylist(), strict=True):
        words = GRAMMAR.subjects[int(topic) // CIRCLES].words
        assert any(word in text for slot in words for word in words[slot])


def test_expand_leaves_nothing_open(rng: np.random.Generator) -> None:
    """Every template piece can be worded, with no choice or slot left."""
    for lines in read_sections("templates").values():
        for line in lines:
            worded = GRAMMAR.expand(rng, line, 0)
            assert worded
            assert not SLOT.search(worded)
            assert "|" not in worded


def test_names_are_different(rng: np.random.Generator) -> None:
    """Invented names do not repeat."""
    names = invent_names(rng, 3_000)
    assert len(set(names)) == 3_000
