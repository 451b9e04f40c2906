"""The built-in grammar: subjects with words of their own and sentence frames in several languages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.sections import read_sections

__all__ = ["CIRCLES", "Grammar", "Subject", "invent_names"]

CIRCLES = 6
"""Circles of related words a subject falls into; a topic is one circle of one subject."""

_SLOT = re.compile(r"\{([TAVQND])\}")
_LISTS = {"T": "things", "A": "aspects", "V": "actions", "Q": "qualities"}
_NAMES = 120
_MOST_DETAILS = 6
_SYLLABLES = "ba be bo da di do fa fe ga go ja ka ke ko la le li lo ma mi mo na ni no pa pe po ra re ri ro sa se so ta ti to va ve vi za zo"  # noqa: E501
_ENDINGS = "n r l s x m th ck nd ra ly on ix ea um"
_EAST = {"zh": ("王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊洋艳"), "ja": ("佐鈴高田伊渡山中小加", "藤木橋中辺本村林島野")}


_EAST_TITLES = {
    "legit": {"zh": "", "ja": "さん"},
    "attack": {"zh": "同学", "ja": "氏"},
}


def invent_names(rng: np.random.Generator, n: int) -> list[str]:
    """Different invented proper names, capitalised.

    >>> len(set(invent_names(np.random.default_rng(0), 50)))
    50
    """
    syllables, endings = np.array(_SYLLABLES.split()), np.array(_ENDINGS.split())
    names: dict[str, None] = {}
    while len(names) < n:
        parts = rng.choice(syllables, (n, 3))
        shorts = rng.random(n) < 0.4
        ends = rng.choice(endings, n)
        for (first, second, third), short, end in zip(parts, shorts, ends, strict=True):
            names[(first + second + ("" if short else third) + end).capitalize()] = None
    return list(names)[:n]


@dataclass(frozen=True, slots=True)
class Subject:
    """A field of talk: `words` by slot letter; `side` is legit, attack or evaluation."""

    side: str
    language: str
    name: str
    words: dict[str, tuple[str, ...]]


def _subjects() -> list[Subject]:
    """Every subject of the word files, each with proper names of its own."""
    sections = {**read_sections("subjects_en"), **read_sections("subjects_world")}
    rng = np.random.default_rng(20260907)
    names = iter(invent_names(rng, _NAMES * len(sections)))
    subjects = []
    for key, lines in sections.items():
        side, _, name = key.partition(": ")
        side, _, language = side.partition(".")
        lists = dict(line.split(": ", 1) for line in lines)
        words = {slot: tuple(lists[title].split(", ")) for slot, title in _LISTS.items() if title in lists}
        own = [next(names) for _ in range(_NAMES)]
        if language in _EAST:
            family, given = _EAST[language]
            own = [a + b + _EAST_TITLES[side][language] for a in family for b in given]
        subjects.append(Subject(side, language or "en", name, {**words, "N": tuple(own)}))
    return subjects


@dataclass(slots=True)
class Grammar:
    """Writes sentences for topics. A topic is ``subject * CIRCLES + circle``."""

    subjects: list[Subject] = field(default_factory=_subjects)
    _frames: dict[str, tuple[str, ...]] = field(default_factory=lambda: read_sections("frames"))
    _tables: dict[str, tuple[pa.Array, IntArray, IntArray]] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the words of all subjects by slot."""
        self._tables = {slot: self._table(slot) for slot in (*_LISTS, "N")}

    def _table(self, slot: str) -> tuple[pa.Array, IntArray, IntArray]:
        """All words of a slot, and where each subject's begin and how many they are."""
        lists = [subject.words.get(slot, ("",)) for subject in self.subjects]
        sizes = np.array([len(words) for words in lists], np.int64)
        return pa.array([word for words in lists for word in words]), np.cumsum(sizes) - sizes, sizes

    def topics(self, side: str) -> IntArray:
        """Topics of one side: legit, attack or evaluation."""
        chosen = [i for i, subject in enumerate(self.subjects) if subject.side == side]
        return (np.array(chosen, np.int64)[:, None] * CIRCLES + np.arange(CIRCLES)).ravel()

    def words(self, rng: np.random.Generator, slot: str, topics: IntArray) -> pa.Array:
        """One word per row, near its topic's circle."""
        if slot == "D":
            return pc.cast(pa.array(np.maximum(2, rng.lognormal(3.0, 1.2, len(topics)).astype(np.int64))), pa.string())
        words, starts, sizes = self._tables[slot]
        subject, circle = np.divmod(topics, CIRCLES)
        place = ((circle + 1.3 * rng.standard_normal(len(topics))) / CIRCLES) % 1.0
        return words.take(pa.array(starts[subject] + (place * sizes[subject]).astype(np.int64)))

    def _fill(self, rng: np.random.Generator, frame: str, topics: IntArray) -> pa.Array:
        """The frame once per topic, its slots filled."""
        parts = _SLOT.split(frame)
        pieces: list[pa.Array | str] = [
            self.words(rng, part, topics) if i % 2 else part for i, part in enumerate(parts) if i % 2 or part
        ]
        return pc.binary_join_element_wise(*pieces, "")

    def sentences(self, rng: np.random.Generator, kind: str, topics: IntArray) -> pa.Array:
        """One sentence of a kind of frame per topic, in the language of its subject."""
        languages = np.array([subject.language for subject in self.subjects])[topics // CIRCLES]
        places, texts = [], []
        for language in np.unique(languages):
            frames = self._frames.get(f"{language}.{kind}") or self._frames[f"{language}.question"]
            rows = np.flatnonzero(languages == language)
            choice = rng.integers(len(frames), size=len(rows))
            for number, frame in enumerate(frames):
                mine = rows[choice == number]
                if len(mine):
                    places.append(mine)
                    texts.append(self._fill(rng, frame, topics[mine]))
        order = np.empty(len(topics), np.int64)
        order[np.concatenate(places)] = np.arange(len(topics))
        return pa.concat_arrays(texts).take(pa.array(order))

    def texts(self, rng: np.random.Generator, kind: str, topics: IntArray, details: float = 1.3) -> pa.Array:
        """A sentence of a kind and, on average, `details` more about the same topic; exam items have givens."""
        further = "given" if kind in {"exam", "puzzle"} else "detail"
        text = self.sentences(rng, kind, topics)
        wanted = np.minimum(rng.geometric(1 / (1 + details), len(topics)) - 1, _MOST_DETAILS)
        for round_ in range(_MOST_DETAILS):
            mask = wanted > round_
            if not mask.any():
                break
            more = pc.replace_with_mask(
                pa.array([""] * len(topics)), pa.array(mask), self._spaced(rng, further, topics[mask])
            )
            text = pc.binary_join_element_wise(text, more, "")
        return text

    def _spaced(self, rng: np.random.Generator, kind: str, topics: IntArray) -> pa.Array:
        """Sentences with a space before each."""
        return pc.binary_join_element_wise("", self.sentences(rng, kind, topics), " ")

    def expand(self, rng: np.random.Generator, pattern: str, topic: int) -> str:
        """One wording of a template piece: ``(a|b)`` picks one, slots are filled from the topic.

        >>> Grammar().expand(np.random.default_rng(0), "(Grade|Rate) it.", 0)
        'Rate it.'
        """
        chosen = re.sub(r"\(([^()|]*(?:\|[^()|]*)+)\)", lambda m: str(rng.choice(m[1].split("|"))), pattern)
        topics = np.array([topic], np.int64)
        return _SLOT.sub(lambda m: str(self.words(rng, m[1], topics)[0].as_py()), chosen)

    def paragraph(self, rng: np.random.Generator, patterns: Sequence[str], topic: int, n_sentences: int) -> str:
        """`n_sentences` different pieces, worded for a topic and joined."""
        order = rng.permutation(len(patterns))[:n_sentences]
        return " ".join(self.expand(rng, patterns[i], topic) for i in order)
