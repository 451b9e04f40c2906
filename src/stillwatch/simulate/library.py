"""Everything anybody says: one table of texts, with pools of prompts by topic."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.corpora import Corpora, keyword_topics, unwrap
from stillwatch.simulate.grammar import CIRCLES, Grammar
from stillwatch.simulate.rewriter import Rewriter
from stillwatch.simulate.sections import read_sections

__all__ = ["Dialogues", "Library", "Pool", "open_library"]


class Pool(NamedTuple):
    """Prompts of one use, grouped by topic.

    texts     Places in the library, topic by topic.
    starts    First position of each topic.
    sizes     Texts of each topic, none empty.
    sources   Base corpus or subject of each topic.
    """

    texts: IntArray
    starts: IntArray
    sizes: IntArray
    sources: IntArray

    def draw(self, rng: np.random.Generator, topics: IntArray) -> IntArray:
        """One text for each topic, with replacement; topics wrap around."""
        wrapped = topics % len(self.sizes)
        place = (rng.random(len(topics)) * self.sizes[wrapped]).astype(np.int64)
        return np.asarray(self.texts[self.starts[wrapped] + place])

    def some_topic(self, rng: np.random.Generator) -> int:
        """A topic, the larger the likelier."""
        return int(rng.choice(len(self.sizes), p=self.weights()))

    def weights(self) -> FloatArray:
        """Share of the texts in each topic."""
        return np.asarray(self.sizes / self.sizes.sum())

    def shard(self, rng: np.random.Generator, n: int, spent: set[int] | None = None) -> IntArray:
        """A list of `n` different texts from as few sources as hold them; all that there are if fewer.

        spent    Sources that others have used: they come last, and what is used here is added.
        """
        found: list[IntArray] = []
        total = 0
        spent = set() if spent is None else spent
        shuffled = rng.permutation(np.unique(self.sources)).tolist()
        for source in sorted(shuffled, key=spent.__contains__):
            spent.add(source)
            topics = np.flatnonzero(self.sources == source)
            found.extend(self.texts[self.starts[t] : self.starts[t] + self.sizes[t]] for t in topics)
            total += int(self.sizes[topics].sum())
            if total >= n:
                break
        return rng.permutation(np.concatenate(found))[:n]


class Dialogues(NamedTuple):
    """Questions asked under a system prompt; places in the library. `firsts` is where each system prompt begins."""

    systems: IntArray
    texts: IntArray
    firsts: IntArray


def _pool(texts: IntArray, topics: IntArray, sources: IntArray) -> Pool:
    """Group texts by topic; a topic has the source of its first text."""
    order = np.argsort(topics, kind="stable")
    _, starts, sizes = np.unique(topics[order], return_index=True, return_counts=True)
    return Pool(texts[order], starts.astype(np.int64), sizes.astype(np.int64), sources[order][starts])


@dataclass(slots=True)
class Library:
    """Texts by place; place 0 is the empty text.

    rewriter         Writes what no piece says.
    dialogues        Questions with the system prompts they were asked under; None without corpora.
    spent_sources    Sources of attack prompts that campaigns of this run have used.
    pools    chat, support, record (what a form or ticket says), task and followup for ordinary use, evaluation, attack.
    """

    grammar: Grammar
    pools: dict[str, Pool] = field(default_factory=dict)
    origin: str = "grammar"
    pieces: dict[str, tuple[str, ...]] = field(default_factory=lambda: read_sections("templates"))
    dialogues: Dialogues | None = None
    rewriter: Rewriter = field(init=False)
    _topics: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    _parts: list[pa.Array] = field(default_factory=lambda: [pa.array([""])])
    _n_texts: int = 1
    spent_sources: set[int] = field(default_factory=set)
    _used: set[str] = field(default_factory=set)

    def add(self, texts: pa.Array) -> IntArray:
        """Put texts on the shelf and say where."""
        first = self._n_texts
        self._parts.append(texts)
        self._n_texts += len(texts)
        return np.arange(first, self._n_texts, dtype=np.int64)

    def add_text(self, text: str) -> int:
        """Put one text on the shelf and say where."""
        return int(self.add(pa.array([text]))[0])

    def text(self, place: int) -> str:
        """One text from the shelf."""
        first = self._n_texts
        for part in reversed(self._parts):
            first -= len(part)
            if place >= first:
                return str(part[place - first].as_py())
        message = f"place must be in [0, {self._n_texts}), got {place}"
        raise IndexError(message)

    def all_texts(self) -> pa.Array:
        """The whole shelf."""
        return pa.concat_arrays(self._parts)

    def wording(self, rng: np.random.Generator, piece: str, topic: int, n_sentences: int = 1) -> str:
        """A template's text: sentences of one piece of ``templates.txt``, worded for a topic."""
        return self.grammar.paragraph(rng, self.pieces[piece], topic, n_sentences)

    def fresh_wording(self, rng: np.random.Generator, piece: str, topic: int) -> str:
        """One sentence of a piece that this run has not used yet: operators write their own."""
        patterns = [line for line in self.pieces.get(piece, ()) if line not in self._used]
        intent = piece.removeprefix("harvest.")
        if not patterns and self.rewriter.knows(intent):
            return self.rewriter.paragraph(rng, intent, _SENTENCES.get(intent.rsplit(".", 1)[-1], 1))
        patterns = patterns or list(self.pieces[piece])
        chosen = patterns[int(rng.integers(len(patterns)))]
        self._used.add(chosen)
        return self.grammar.expand(rng, chosen, topic)

    def __post_init__(self) -> None:
        """Give the rewriter the library's names."""
        self.rewriter = Rewriter(self.grammar)

    def note_topics(self, pool: Pool) -> None:
        """Keep the topics of a pool's texts, for those who sort by them."""
        topics = np.full(self._n_texts, -1, np.int64)
        topics[: len(self._topics)] = self._topics
        topics[pool.texts] = np.repeat(np.arange(len(pool.sizes)), pool.sizes)
        self._topics = topics

    def topic_of(self, texts: IntArray) -> IntArray:
        """Topic of each text, comparable within one pool; -1 for texts whose topics nobody kept."""
        known = np.minimum(texts, len(self._topics) - 1)
        return np.where(texts < len(self._topics), self._topics[known], -1)

    def legit_topic(self, rng: np.random.Generator) -> int:
        """A topic of English talk for a service or tool."""
        english = [i for i, s in enumerate(self.grammar.subjects) if s.side == "legit" and s.language == "en"]
        return int(rng.choice(english)) * CIRCLES + int(rng.integers(CIRCLES))


_POOLS = {
    # pool: (side, frames, share of the exchanges, fewest, most, further sentences)
    "chat": ("legit", "question", 0.45, 8_000, 400_000, 2.2),
    "followup": ("legit", "followup", 0.05, 3_000, 40_000, 0.3),
    "support": ("legit", "support", 0.12, 4_000, 100_000, 0.6),
    "record": ("legit", "detail", 0.10, 4_000, 100_000, 2.0),
    "task": ("legit", "task", 0.08, 4_000, 80_000, 1.5),
    "evaluation": ("evaluation", "puzzle", 0.03, 2_500, 20_000, 0.8),
    "attack": ("attack", "exam", 0.30, 8_000, 300_000, 2.4),
}


def _grammar_pool(library: Library, rng: np.random.Generator, name: str, exchanges: int) -> None:
    """Write one pool with the built-in grammar."""
    side, kind, share, fewest, most, details = _POOLS[name]
    most = int(most * min(5.0, max(1.0, exchanges / _PLENTY)))
    n_texts = min(max(fewest, int(share * exchanges)), most)
    topics = library.grammar.topics(side)
    popular = rng.dirichlet(np.full(len(topics), 3.0))
    chosen = rng.choice(topics, n_texts, p=popular)
    texts = library.grammar.texts(rng, kind, chosen, details)
    first = np.sort(np.unique(texts.dictionary_encode().indices.to_numpy(), return_index=True)[1])
    chosen = chosen[first]
    library.pools[name] = _pool(library.add(texts.take(pa.array(first))), chosen, chosen // CIRCLES)


_SENTENCES = {"open": 3, "role": 3, "close": 2}
_PLENTY = 1_000_000
"""Exchanges up to which the most texts of a pool hold; bigger runs have bigger pools, to five times as many."""
_ALWAYS_WRITTEN = {"chat", "followup", "record", "attack"}
_LOTS = 80
_ROLES = {"chat": ("chat", "enterprise"), "support": ("enterprise",), "task": ("agent",), "evaluation": ("evaluation",)}

_LEGITIMATE = sorted({role for roles in _ROLES.values() for role in roles})


def _dialogues(library: Library, corpora: Corpora) -> Dialogues | None:
    """Questions of ordinary use that were recorded with a system prompt, prompt by prompt."""
    rows = corpora.rows("agent", "chat", "enterprise")
    systems = corpora.systems.take(pa.array(rows))
    rows = rows[systems.is_valid().to_numpy(zero_copy_only=False)]
    if not len(rows):
        return None
    coded = corpora.systems.take(pa.array(rows)).dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    order = np.argsort(codes, kind="stable")
    firsts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    texts = library.add(corpora.texts.take(pa.array(rows[order])))
    return Dialogues(library.add(coded.dictionary)[codes[order]], texts, firsts)


def _corpus_pool(library: Library, corpora: Corpora, name: str) -> Pool:
    """Pool of a real role, or of the harvest role for attacks."""
    rows = corpora.rows(*_ROLES.get(name, ("harvest",)))
    texts = corpora.texts.take(pa.array(rows))
    sources = corpora.sources[rows]
    if name == "attack":
        texts, sources = unwrap(texts, sources)
        # a text that ordinary people have too is nobody's evidence
        others = corpora.texts.take(pa.array(corpora.rows(*_LEGITIMATE)))
        rows = np.flatnonzero(~pc.is_in(texts, value_set=others).to_numpy(zero_copy_only=False))
        texts, sources = texts.take(pa.array(rows)), sources[rows]
    # topics of one base corpus stay together, so that neighbours in number are neighbours in kind
    _, topics = np.unique(sources * 1_000_000 + keyword_topics(texts), return_inverse=True)
    return _pool(library.add(texts), topics.astype(np.int64), sources)


def _both(first: Pool, second: Pool) -> Pool:
    """Topics of both pools."""
    return Pool(
        np.concatenate([first.texts, second.texts]),
        np.concatenate([first.starts, second.starts + len(first.texts)]),
        np.concatenate([first.sizes, second.sizes]),
        np.concatenate([first.sources, second.sources + 10_000]),
    )


def _in_lots(rng: np.random.Generator, texts: IntArray) -> Pool:
    """A pool cut into lots at random: campaigns that take different lots ask different questions of the same kinds."""
    lots = rng.integers(_LOTS, size=len(texts))
    return _pool(texts, lots, lots)


def open_library(rng: np.random.Generator, exchanges: int, corpora: Corpora | None) -> Library:
    """Shelve the prompts of a run: the grammar's, or the corpora's.

    With corpora, ordinary chat and attacks still take the grammar in beside them: the real prompts are too few for
    everybody to have some of their own.
    """
    library = Library(Grammar())
    for name in _POOLS:
        if corpora is None or name in _ALWAYS_WRITTEN:
            _grammar_pool(library, rng, name, exchanges // 2 if corpora is not None and name == "chat" else exchanges)
        if corpora is not None and name not in {"followup", "record"}:
            pool = _corpus_pool(library, corpora, name)
            library.pools[name] = _both(library.pools[name], pool) if name in _ALWAYS_WRITTEN else pool
    library.note_topics(library.pools["attack"])
    library.pools["attack"] = _in_lots(rng, library.pools["attack"].texts)
    if corpora is not None:
        library.origin = "corpora"
        library.dialogues = _dialogues(library, corpora)
    return library
