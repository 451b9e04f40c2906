"""A toy teacher, marked lessons, and students that are tables of what came after two tokens."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import MarkKey, Purpose
from stillwatch.trace.mark.green import raised
from stillwatch.trace.mark.prf import uniforms

__all__ = ["GAMMA", "KEEPER", "VOCABULARY", "Table", "campaign", "lessons", "teacher", "text"]

KEEPER = KeyKeeper(bytes(range(32)))
VOCABULARY, GAMMA, DELTA = 40, 0.5, 2.0
Tokens = NDArray[np.int64]

_TEACHER = np.random.default_rng(0).normal(0, 1.0, (VOCABULARY, VOCABULARY, VOCABULARY))
_MARKED: dict[str, NDArray[np.float64]] = {}


def campaign(name: str) -> MarkKey:
    """Key of a campaign."""
    return KEEPER.key(Purpose.CAMPAIGN, name, "e")


def teacher(key: MarkKey | None) -> NDArray[np.float64]:
    """The teacher's distribution after every two tokens, raised on green ones for a campaign."""
    name = "" if key is None else key.for_id
    if name not in _MARKED:
        logits = _TEACHER.copy()
        if key is not None:
            for a in range(VOCABULARY):
                for b in range(VOCABULARY):
                    logits[a, b] = raised(logits[a, b], uniforms(key.words, [a, b], VOCABULARY), GAMMA, DELTA)
        weights = np.exp(logits)
        _MARKED[name] = np.cumsum(weights / weights.sum(axis=2, keepdims=True), axis=2)
    return _MARKED[name]


def text(rng: np.random.Generator, length: int, key: MarkKey | None = None) -> Tokens:
    """An answer of the teacher."""
    ends = teacher(key)
    found = rng.integers(0, VOCABULARY, length)
    draws = rng.random(length)
    for i in range(2, length):
        found[i] = min(int(np.searchsorted(ends[found[i - 2], found[i - 1]], draws[i])), VOCABULARY - 1)
    return found


def lessons(rng: np.random.Generator, count: int, share: float, key: MarkKey | None) -> list[Tokens]:
    """Texts of 200 tokens of which a share is marked."""
    return [text(rng, 200, key if i < share * count else None) for i in range(count)]


class Table:
    """A student: how often each token came after two others, smoothed."""

    def __init__(self, texts: Iterable[Tokens]) -> None:
        self.name = "table"
        counts = np.full((VOCABULARY, VOCABULARY, VOCABULARY), 0.05)
        for one in texts:
            np.add.at(counts, (one[:-2], one[1:-1], one[2:]), 1.0)
        self.table = counts / counts.sum(axis=2, keepdims=True)

    def probabilities(self, tokens: Tokens) -> NDArray[np.float64]:
        before = np.concatenate([[0], tokens[:-1]])
        return np.asarray(self.table[before, tokens], np.float64)

    def complete(self, rng: np.random.Generator, prompt: Tokens, length: int) -> Tokens:
        """Sampled tokens after a prompt."""
        found = list(prompt)
        for _ in range(length):
            found.append(int(rng.choice(VOCABULARY, p=self.table[found[-2], found[-1]])))
        return np.array(found[len(prompt) :], np.int64)
