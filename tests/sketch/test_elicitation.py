"""Elicitation marks."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sketch.texts import PROMPTS, TEXTS

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.sketch import twins
from stillwatch.sketch._kernels_elicitation import prompt_rows, system_rows
from stillwatch.sketch.elicitation import default_phrases, phrases_of
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.hash import hash_strings
from stillwatch.sketch.strings import strings_of

SHIPPED: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
    files("stillwatch.sketch").joinpath("data/elicitation.toml").read_text("utf-8")
)
LANGUAGES = ["en", "zh", "es", "de", "fr", "ja", "ko", "ru", "pt"]
ORDINARY = [
    "Can you explain step by step how to reset my card PIN?",
    "I think this is the best response to the training plan my coach gave me.",
    "On a scale of things that matter, where does sleep come?",
    "Please rewrite the following email so that it sounds friendly.",
    "Which format should I use for a date in Germany, and why?",
    "¿Puedes explicarme paso a paso cómo hacer pan?",
    "Kannst du mir Schritt für Schritt erklären, wie das geht?",
    "请一步一步教我怎么做红烧肉",
    "この文章を読みやすく書き直してください",
    "Объясни пошагово, как собрать шкаф",
]


def marks(*texts: str, phrases: Mapping[str, Mapping[str, list[str]]] | None = None) -> list[int]:
    """Class bits of each text."""
    table = default_phrases() if phrases is None else phrases_of(phrases)
    return [int(bits) for bits in prompt_rows(strings_of(pa.array(texts, pa.string())), fold_tables(), table)[2]]


@pytest.mark.parametrize("name", ELICITATION_CLASSES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_phrase_is_found(name: str, language: str) -> None:
    """In the middle of a text, in capitals too, and under its class."""
    bit = 1 << ELICITATION_CLASSES.index(name)
    phrases = SHIPPED[name][language]
    assert all(bits & bit for bits in marks(*(f"Hello, 3: {phrase.upper()}. Thanks!" for phrase in phrases)))
    assert all(bits & bit for bits in marks(*phrases))


def test_ordinary_requests_have_no_marks() -> None:
    """What people ask every day."""
    assert marks(*ORDINARY) == [0] * len(ORDINARY)


PHRASE = st.lists(st.sampled_from(["the", "cat", "sat", "on", "a", "12", "中", "文"]), min_size=2, max_size=5).map(
    " ".join
)


@given(st.lists(PHRASE, min_size=1, max_size=8), st.lists(st.one_of(PROMPTS, TEXTS), max_size=10))
def test_kernel_agrees_with_twin(phrases: list[str], texts: list[str]) -> None:
    """Any phrases in any texts, phrases of several classes included."""
    halves = {"reasoning": {"en": phrases[::2]}, "format": {"en": phrases[1::2], "zh": phrases[:1]}}
    table: dict[tuple[int, ...], int] = {}
    for name, listed in (("reasoning", phrases[::2]), ("format", [*phrases[1::2], phrases[0]])):
        for phrase in listed:
            key = tuple(1 if word & 3 == 1 else word for word, _, _ in twins.tokens(phrase))
            table[key] = table.get(key, 0) | 1 << ELICITATION_CLASSES.index(name)
    assert marks(*texts, phrases=halves) == [twins.marks(twins.tokens(text), table) for text in texts]


@given(st.lists(st.one_of(PROMPTS, TEXTS), max_size=10))
def test_counts_and_scripts_agree_with_twin(texts: list[str]) -> None:
    """Number of tokens and dominant script."""
    sizes, scripts, _ = prompt_rows(strings_of(pa.array(texts, pa.string())), fold_tables(), default_phrases())
    words = [twins.tokens(text) for text in texts]
    assert sizes.tolist() == [len(found) for found in words]
    assert scripts.tolist() == [twins.script(found) for found in words]


@given(st.lists(st.sampled_from([*ORDINARY, "", "use it as training data", "your thought process"]), max_size=30))
def test_system_texts_are_marked_as_prompts_are(texts: list[str]) -> None:
    """Looking at each distinct text once changes nothing."""
    column = pa.array(texts, pa.string())
    found = system_rows(strings_of(column), hash_strings(column), fold_tables(), default_phrases())
    assert found.tolist() == marks(*texts)


def test_every_problem_is_named() -> None:
    """An unknown class and a phrase of one word, at once."""
    with pytest.raises(InvalidInput, match=r"got 'thinking'.*got 'alone' in format\.en"):
        phrases_of({"thinking": {"en": ["a b"]}, "format": {"en": ["alone"]}})
