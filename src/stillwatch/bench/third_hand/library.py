"""What can be written about: sections of wording, a grammar of questions, and real prompts when there are some."""

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.bench.third_hand.spinning import Keys, Pattern, draw_keys, parse, picked, scattered, spun

__all__ = [
    "DOMAINS",
    "LANGUAGES",
    "ROLES",
    "Library",
    "nouns",
    "numbers",
    "open_library",
    "questions",
    "section",
    "topics",
]

DOMAINS: Final = ("math", "code", "science", "law", "medicine", "writing", "everyday", "zh", "es", "de", "ru")
LANGUAGES: Final = ("en", "zh", "es", "de", "ru")
ROLES: Final = ("harvest", "chat", "agent", "enterprise", "evaluation")
_LONGEST: Final = 1500


@cache
def _lines(name: str) -> dict[str, tuple[str, ...]]:
    """Lines of each section of a file of words."""
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in files(__package__).joinpath("words").joinpath(name).read_text("utf-8").splitlines():
        if line.startswith("@ "):
            here = found.setdefault(line[2:], [])
        elif line and not line.startswith("# "):
            here.append(line)
    return {key: tuple(lines) for key, lines in found.items()}


@cache
def section(name: str, language: str = "en") -> tuple[Pattern, ...]:
    """Patterns of a section of wording, in English where the language has none."""
    lines = _lines("prompts.txt")
    return tuple(parse(line) for line in lines.get(f"{name} {language}", lines[f"{name} en"]))


@cache
def _words(name: str) -> pa.Array:
    return pa.array([word.strip() for line in _lines("questions.txt")[name] for word in line.split(",")])


@cache
def _patterns(domain: str) -> tuple[Pattern, ...]:
    return tuple(parse(line) for line in _lines("questions.txt")[f"{domain}.patterns"])


def nouns(domain: int) -> tuple[str, ...]:
    """Topics of a domain."""
    return tuple(str(word) for word in _words(f"{DOMAINS[domain]}.nouns"))


def topics(domain: int) -> int:
    """How many topics a domain has."""
    return len(_words(f"{DOMAINS[domain]}.nouns"))


def _taken(words: pa.Array, keys: Keys, salt: int) -> pa.Array:
    return picked(words, (draw_keys(keys, salt) % np.uint64(len(words))).astype(np.int64))


def numbers(keys: Keys, salt: int, low: int, high: int) -> pa.Array:
    """Whole numbers from `low` up to, not including, `high`, as text."""
    return pc.cast(pa.array((draw_keys(keys, salt) % np.uint64(high - low)).astype(np.int64) + low), pa.string())


def questions(domain: NDArray[np.int64], topic: NDArray[np.int64], keys: Keys) -> pa.Array:
    """A question for each row; the topic counts modulo the topics of its domain."""
    parts, places = [], []
    for d in np.unique(domain):
        at = np.flatnonzero(domain == d)
        name, k = DOMAINS[d], keys[at]
        subjects = _words(f"{name}.nouns")
        about = topic[at] % len(subjects)
        near = (about + 1 + (draw_keys(k, 3) % np.uint64(5)).astype(np.int64)) % len(subjects)
        fields = {
            "t": picked(subjects, about),
            "u": picked(subjects, near),
            "a": _taken(_words(f"{name}.aspects"), k, 5),
            "w": _taken(_words("names"), k, 7),
            "g": _taken(_words("places"), k, 11),
            "n": numbers(k, 13, 3, 400),
            "m": numbers(k, 17, 2, 13),
        }
        parts.append(spun(_patterns(name), k, fields, 19))
        places.append(at)
    return scattered(parts, places) if parts else pa.array([], pa.string())


@dataclass(frozen=True, slots=True)
class Library:
    """Real prompts by role, in the order of their collection; empty without corpora."""

    real: dict[str, pa.Array] = field(default_factory=dict)

    def count(self, role: str) -> int:
        """Real prompts that a role has."""
        return len(self.real.get(role, ()))

    def near(self, role: str, topic: NDArray[np.int64], keys: Keys) -> pa.Array:
        """Real prompts close to a person's place in the collection, which is ordered by subject."""
        width = max(1, self.count(role) // 400)
        step = (draw_keys(keys, 23) % np.uint64(width)).astype(np.int64)
        return picked(self.real[role], (topic * width + step) % self.count(role))


def open_library(corpora: Path | None) -> Library:
    """Read the real prompts of a folder, cut at 1500 characters; None means the grammar alone."""
    if corpora is None:
        return Library()
    table = pq.read_table(corpora / "prompts.parquet", columns=["role", "text"])
    roles = pc.cast(table["role"], pa.string())
    real = {}
    for role in ROLES:
        texts = table["text"].filter(pc.equal(roles, role)).drop_null().combine_chunks()
        texts = pc.utf8_slice_codeunits(texts, 0, _LONGEST)
        if len(texts):
            real[role] = texts
    return Library(real)
