"""A rewriter: says the same thing anew for every prompt, and writes the templates of operators who copy nobody."""

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.grammar import Grammar
from stillwatch.simulate.sections import read_sections

__all__ = ["Rewriter", "four_grams", "normal"]

_CHOICE = re.compile(r"<([A-Za-z.]+)>|\{([TAVQND])\}")
_WORDS = re.compile(r"[^\W\d_]+")
_TRIES = 40


def normal(texts: pa.Array) -> pa.Array:
    """Words of letters in lower case with one space round each: what the fingerprints of prompts are made of.

    >>> normal(pa.array(["Think: step-by-step!"]))[0].as_py()
    ' think step by step '
    """
    words = pc.utf8_trim(pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\pL]+", " "), " ")
    return pc.binary_join_element_wise(" ", words, " ", "")


def four_grams(text: str) -> set[str]:
    """Word 4-grams of a text.

    >>> sorted(four_grams("Think step by step, now."))
    ['step by step now', 'think step by step']
    """
    words = _WORDS.findall(text.lower())
    return {" ".join(words[i : i + 4]) for i in range(len(words) - 3)}


@dataclass(slots=True)
class Rewriter:
    """Composes sentences of one intent from short phrases; `grammar` gives names and numbers."""

    grammar: Grammar
    sections: dict[str, tuple[str, ...]] = field(default_factory=lambda: read_sections("rewriter"))

    def knows(self, intent: str) -> bool:
        """Say whether there are sentences for an intent such as ``reasoning.open``."""
        return intent in self.sections

    def write(self, rng: np.random.Generator, intent: str, n: int, topics: IntArray | None = None) -> pa.Array:
        """`n` sentences of an intent, drawn independently.

        topics    Topics whose names the sentences use; None for any of the attackers' side.
        """
        if topics is None:
            topics = rng.choice(self.grammar.topics("attack"), n)
        return self._sentences(rng, intent, topics)

    def _sentences(self, rng: np.random.Generator, name: str, topics: IntArray) -> pa.Array:
        """One line of a section per topic, with everything in it chosen."""
        lines = self.sections[name]
        if not any(_CHOICE.search(line) for line in lines):
            return pa.array(lines).take(pa.array(rng.integers(len(lines), size=len(topics))))
        choice = rng.integers(len(lines), size=len(topics))
        order = np.argsort(choice, kind="stable")
        texts = [self._line(rng, line, topics[choice == i]) for i, line in enumerate(lines)]
        place = np.empty(len(topics), np.int64)
        place[order] = np.arange(len(topics))
        return pa.concat_arrays(texts).take(pa.array(place))

    def _line(self, rng: np.random.Generator, line: str, topics: IntArray) -> pa.Array:
        """One line once per topic."""
        if not len(topics):
            return pa.array([], pa.string())
        pieces: list[pa.Array | str] = []
        for i, part in enumerate(_CHOICE.split(line)):
            if i % 3 == 0:
                pieces += [part] if part else []
            elif part is not None:
                pieces.append(self._phrase(rng, part, topics) if i % 3 == 1 else self.grammar.words(rng, part, topics))
        if len(pieces) == 1 and isinstance(pieces[0], str):
            return pa.array([line] * len(topics))
        return pc.binary_join_element_wise(*pieces, "")

    def _phrase(self, rng: np.random.Generator, name: str, topics: IntArray) -> pa.Array:
        """A phrase per topic; with a capital if its name has one."""
        texts = self._sentences(rng, name.lower(), topics)
        if name.islower():
            return texts
        first = pc.utf8_upper(pc.utf8_slice_codeunits(texts, 0, 1))
        return pc.binary_join_element_wise(first, pc.utf8_slice_codeunits(texts, 1), "")

    def paragraph(self, rng: np.random.Generator, intent: str, n_sentences: int) -> str:
        """Some sentences of an intent, as one operator's fixed template."""
        return " ".join(self.write(rng, intent, n_sentences).to_pylist())

    def avoid(self, rng: np.random.Generator, intent: str, n: int, taboo: set[str]) -> pa.Array:
        """`n` sentences of an intent that hold none of the `taboo` word 4-grams, while any can be found."""
        texts = self.write(rng, intent, n)
        for _ in range(_TRIES):
            plain = normal(texts)
            bad = np.zeros(n, bool)
            for gram in sorted(taboo):
                bad |= pc.match_substring(plain, f" {gram} ").to_numpy(zero_copy_only=False)
            if not bad.any():
                break
            fresh = self.write(rng, intent, int(bad.sum()))
            texts = pc.replace_with_mask(texts, pa.array(bad), fresh)
        return texts
