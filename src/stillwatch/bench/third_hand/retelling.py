"""One question in the words of many: pasted, framed, in part, retold or in a hurry, as each person is used to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.third_hand.clock import Ints
from stillwatch.bench.third_hand.library import section
from stillwatch.bench.third_hand.spinning import Choice

__all__ = ["STYLES", "Habits", "habits", "reworded", "styles"]

STYLES: Final = ("paste", "framed", "part", "retold", "hurry")
_USUAL: Final = np.array([2.2, 2.4, 1.5, 4.2, 1.7])
_LOYAL: Final = 0.65
"""Share of a person's questions that are put in the usual style."""
_SENTENCE: Final = re.compile(r"(?<=[.?!])\s+|\n+")
_CONDITION: Final = re.compile(r"(If|When|Given|Suppose|Assuming|In) ([^,.?!]{8,120}), (.{8,})", re.DOTALL)
_SIDE: Final = re.compile(r"\s*\([^()]{2,60}\)")
_WORD: Final = re.compile(r"[A-Za-z]{4,}")
_FILLERS: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "is",
        "are",
        "was",
        "were",
        "his",
        "her",
        "its",
        "their",
        "that",
        "to",
        "do",
        "does",
        "then",
    ]
)


@dataclass(frozen=True, slots=True)
class Habits:
    """How each person of a unit writes, column by column.

    mix     How common each style is in the unit.
    style   Usual one, a place in `STYLES`.
    slips   Share of the longer words with a typing error.
    small   Whether capitals are left out.
    loose   Share of the phrases that are said otherwise when a question is retold.
    """

    mix: NDArray[np.float64]
    style: Ints
    slips: NDArray[np.float64]
    small: NDArray[np.bool_]
    loose: NDArray[np.float64]


def habits(rng: np.random.Generator, people: int) -> Habits:
    """Draw them; where questions come on paper hardly anyone pastes, where they come as text many do."""
    mix = rng.dirichlet(_USUAL)
    return Habits(
        mix=mix,
        style=rng.choice(len(STYLES), people, p=mix),
        slips=rng.choice([0.0, 0.0, 0.01, 0.03, 0.07], people),
        small=rng.random(people) < 0.3,
        loose=rng.uniform(0.25, 0.95, people),
    )


def styles(rng: np.random.Generator, known: Habits, person: Ints, *, again: NDArray[np.bool_]) -> Ints:
    """Style of each question.

    again   Where the person asks the same again, and so in other words.
    """
    n = len(person)
    other = rng.choice(len(STYLES), n, p=known.mix)
    style = np.where(rng.random(n) < _LOYAL, known.style[person], other)
    return np.where(again & (style < STYLES.index("retold")) & (rng.random(n) < 0.9), STYLES.index("retold"), style)


@cache
def _table(name: str) -> tuple[re.Pattern[str], Mapping[str, tuple[str, ...]]]:
    """A section of alternatives as an expression that finds any of them, and what to say instead."""
    said: dict[str, tuple[str, ...]] = {}
    for pattern in section(name):
        choice = pattern[0]
        if not isinstance(choice, Choice):
            continue
        options = tuple("".join(map(str, option)) for option in choice.options)
        for i, option in enumerate(options if name == "swap" else options[:1]):
            said.setdefault(option.lower(), tuple(o for j, o in enumerate(options) if j != i))
    longest = sorted(said, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"\b({'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE), said


def _otherwise(text: str, name: str, share: float, rng: np.random.Generator) -> str:
    """Say some phrases in another way."""
    found, said = _table(name)

    def instead(match: re.Match[str]) -> str:
        if rng.random() >= share:
            return match[0]
        options = said[match[0].lower()]
        new = options[int(rng.random() * len(options))]
        return new[0].upper() + new[1:] if match[0][0].isupper() else new

    return found.sub(instead, text)


def _sentences(text: str) -> list[str]:
    return [part for part in _SENTENCE.split(text.strip()) if part] or [text]


def _turned(sentence: str) -> str:
    """Put a leading condition last."""
    match = _CONDITION.fullmatch(sentence)
    if not match:
        return sentence
    end = match[3][-1] if match[3][-1] in ".?!" else ""
    main = match[3].removesuffix(end)
    return f"{main[0].upper()}{main[1:]} {match[1].lower()} {match[2]}{end}"


def _asked(sentences: list[str]) -> int:
    """Place of the question itself."""
    asking = [i for i, s in enumerate(sentences) if s.endswith("?")]
    return asking[-1] if asking else len(sentences) - 1


def _part(text: str, rng: np.random.Generator) -> str:
    """The question with some of what leads to it, or the bigger half of a single sentence."""
    sentences = _sentences(text)
    if len(sentences) > 1:
        at, share = _asked(sentences), rng.uniform(0.2, 0.9)
        return " ".join(s for i, s in enumerate(sentences) if i == at or rng.random() < share)
    words = text.split(" ")
    cut = int(len(words) * rng.uniform(0.1, 0.4))
    return " ".join(words[cut:] if rng.random() < 0.6 else words[: len(words) - cut])


def _retold(text: str, loose: float, rng: np.random.Generator) -> str:
    """Other order, other phrases, less detail."""
    sentences = [_turned(s) if rng.random() < loose else s for s in _sentences(_SIDE.sub("", text))]
    at = _asked(sentences)
    kept = [s for i, s in enumerate(sentences) if i != at and rng.random() > 0.22 * loose]
    question = sentences[at]
    kept = [question, *kept] if rng.random() < 0.45 * loose else [*kept, question]
    return _otherwise(" ".join(kept), "swap", loose, rng)


def _hurried(text: str, rng: np.random.Generator) -> str:
    """Few sentences, short forms, hardly an article or a mark."""
    sentences, share = _sentences(text), rng.uniform(0.4, 1.0)
    at = _asked(sentences)
    brief = _otherwise(
        " ".join(s for i, s in enumerate(sentences) if i == at or rng.random() < share), "hurry", 0.9, rng
    )
    dropped = rng.uniform(0.2, 0.95)
    words = [w for w in brief.split() if w.lower() not in _FILLERS or rng.random() > dropped]
    return " ".join(words).rstrip(".?") if rng.random() < 0.7 else " ".join(words)


def _slipped(text: str, share: float, rng: np.random.Generator) -> str:
    """Typing errors: letters left out, doubled or swapped."""

    def slip(match: re.Match[str]) -> str:
        word = match[0]
        if rng.random() >= share:
            return word
        at, how = 1 + int(rng.random() * (len(word) - 2)), int(rng.random() * 3)
        return word[:at] + (word[at + 1 :], word[at] + word[at:], word[at + 1] + word[at] + word[at + 2 :])[how]

    return _WORD.sub(slip, text)


def _framed(text: str, around: tuple[str, str], rng: np.random.Generator) -> str:
    opening, closing = around
    glue = ("\n", " ", "\n\n", " ")[int(rng.random() * 4)]
    which = rng.random()
    return f"{opening if which < 0.75 else ''}{glue}{text}{glue}{closing if which > 0.45 else ''}".strip()


def reworded(
    rng: np.random.Generator,
    known: Habits,
    person: Ints,
    style: Ints,
    text: pa.Array,
    around: tuple[pa.Array, pa.Array],
) -> pa.Array:
    """Each text in the style of its row, with the slips of its writer.

    around  What the person may put before and after, one a row.
    """
    said = []
    columns = (text.to_pylist(), person.tolist(), style.tolist(), around[0].to_pylist(), around[1].to_pylist())
    for line, who, which, opening, closing in zip(*columns, strict=True):
        name, new = STYLES[which], line
        if name == "part":
            new = _part(line, rng)
        elif name == "retold":
            new = _retold(line, float(known.loose[who]), rng)
        elif name == "hurry":
            new = _hurried(line, rng)
        if name == "framed" or (name in ("part", "retold") and rng.random() < 0.45):
            new = _framed(new, (opening, closing), rng)
        if name in ("retold", "hurry"):
            new = _slipped(new, float(known.slips[who]), rng)
            new = new.lower() if known.small[who] or name == "hurry" else new
        said.append(new or line)
    return pa.array(said, pa.string())
