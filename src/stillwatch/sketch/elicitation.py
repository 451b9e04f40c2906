"""Phrases people use who collect training data: read from a data file, turned into tokens for the kernel."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import accumulate

import numpy as np

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.sketch._kernels_elicitation import BUCKET_BITS, MAP_BITS, Phrases, phrase_key
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK
from stillwatch.sketch.tokens import tokens_of

__all__ = ["default_phrases", "phrases_of"]


@cache
def default_phrases() -> Phrases:
    """Phrases that come with the package, ``sketch/data/elicitation.toml``."""
    text = files("stillwatch.sketch").joinpath("data/elicitation.toml").read_text("utf-8")
    return phrases_of(tomllib.loads(text))


def phrases_of(classes: Mapping[str, Mapping[str, list[str]]]) -> Phrases:
    """Phrases by class and language as the kernel reads them.

    classes    Class of ELICITATION_CLASSES to language to phrases of at least two tokens; digits match digits.
    Raises     InvalidInput naming every unknown class and every phrase too short.

    >>> len(phrases_of({"reasoning": {"en": ["think step by step"]}})[2])
    1
    """
    problems = [
        f"class must be one of {ELICITATION_CLASSES}, got {name!r}"
        for name in classes
        if name not in ELICITATION_CLASSES
    ]
    entries: dict[tuple[int, ...], int] = {}
    for name, language, phrase in _all(classes):
        words = tuple(int(DIGITS if token & KIND_MASK == DIGITS else token) for token in tokens_of(phrase)[0])
        if len(words) < 2:
            problems.append(f"a phrase needs two tokens, got {phrase!r} in {name}.{language}")
        elif name in ELICITATION_CLASSES:
            entries[words] = entries.get(words, 0) | 1 << ELICITATION_CLASSES.index(name)
    if problems:
        raise InvalidInput("; ".join(problems))
    return _packed(entries)


def _all(classes: Mapping[str, Mapping[str, list[str]]]) -> Iterator[tuple[str, str, str]]:
    for name, languages in classes.items():
        for language, phrases in languages.items():
            yield from ((name, language, phrase) for phrase in phrases)


def _packed(entries: dict[tuple[int, ...], int]) -> Phrases:
    keyed = sorted((int(phrase_key(np.uint64(words[0]), np.uint64(words[1]))), words) for words in entries)
    keys = np.array([key for key, _ in keyed], np.uint64)
    bitmap = np.zeros(1 << MAP_BITS, np.uint8)
    bitmap[keys >> np.uint64(64 - MAP_BITS)] = 1
    edges = np.arange((1 << BUCKET_BITS) + 1)
    return (
        np.packbits(bitmap, bitorder="little").view(np.uint64),
        np.searchsorted(keys >> np.uint64(64 - BUCKET_BITS), edges).astype(np.int32),
        keys,
        np.array([0, *accumulate(len(words) for _, words in keyed)], np.int32),
        np.array([word for _, words in keyed for word in words], np.uint64),
        np.array([entries[words] for _, words in keyed], np.uint16),
    )
