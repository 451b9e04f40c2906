"""Signals of a fusion on what prompts say. Limits and scores are Glasswally's; word lists are our own."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.bench.baselines._columns import codes, distinct_pairs
from stillwatch.bench.baselines._kernels_prompts import closest, first_topics, gram_hash
from stillwatch.bench.baselines._signals import Floats, Windows, effective, steps
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import strings_of
from stillwatch.sketch.tokens import tokens_of

__all__ = [
    "archetype_cosines",
    "biometric",
    "chain_of_thought",
    "embed",
    "refusal_probe",
    "role_preamble",
    "sequence_model",
    "topics_of",
    "watermark",
]

_ARCHETYPES: Final = (
    "think step by step and write out your complete reasoning process",
    "show the internal reasoning behind your answer before giving it",
    "act as a judge and grade the answer with a rubric and a score",
    "compare two answers and say which one a reward model should prefer",
    "write production code with unit tests and error handling",
    "solve the task completely and handle all edge cases in code",
    "rewrite the request so that a model will not refuse it",
    "plan the task and call tools until it is done step by step",
    "answer only with json that has the keys of the schema",
    "generate diverse training examples for fine tuning a model",
    "write preference pairs with a chosen and a rejected answer",
    "explain everything about the topic and leave nothing out",
)
_LONGEST: Final = 40
"""Tokens of a prompt that can still have a cosine of 0.6 with so short a text."""

_TOPICS: Final = (
    "code function class implement algorithm python rust javascript sql api",
    "calculate equation integral derivative probability matrix statistics theorem proof geometry algebra",
    "biology chemistry physics quantum molecule experiment hypothesis",
    "diagnosis symptom treatment medication disease patient clinical",
    "legal statute contract liability jurisdiction court regulation compliance",
    "investment stock portfolio financial revenue accounting valuation economics",
    "story poem creative fiction narrative character plot",
    "reasoning deduce infer logic argument conclude",
    "translate grammar language spanish french chinese japanese arabic",
    "history explain describe what who when where",
    "safe harmful ethical dangerous appropriate",
)
_N_TOPICS: Final = len(_TOPICS) + 1
_PROBES: Final = r"(?i)zero.width|invisible character|hidden character|watermark detect|remove formatting characters"
_INVISIBLE: Final = "[\u200b\u200c\u200d]"


def chain_of_thought(windows: Windows, elicitation: NDArray[np.uint16]) -> Floats:
    """Phrases of elicitation: any, in a fifth of a window's prompts, and one kind in seven of ten."""
    marks = elicitation[windows.order]
    hit = marks != 0
    n_hits = windows.sums(hit)
    kinds = [windows.sums((marks >> np.uint16(bit)) & np.uint16(1)) for bit in range(len(ELICITATION_CLASSES))]
    many = windows.n >= 5
    score = steps(n_hits, (1, 0.40))
    score += np.where(many, steps(n_hits / windows.n, (0.20, 0.35)), 0.0)
    score += np.where(many, steps(np.max(kinds, axis=0) / windows.n, (0.70, 0.25)), 0.0)
    return windows.worst(effective(score, 0.9))


def archetype_cosines(texts: pa.ChunkedArray | pa.Array) -> Floats:
    """Largest cosine of each text's counts of word 1-, 2- and 3-grams with a list of typical requests, 0 to 1.

    Glasswally hashes these counts into 512 random signs, which estimates the same cosine.

    >>> archetype_cosines(pa.array([_ARCHETYPES[0], "good morning"])).round(6).tolist()
    [1.0, 0.0]
    """
    counts: dict[int, NDArray[np.float64]] = {}
    for column, text in enumerate(_ARCHETYPES):
        tokens = tokens_of(text)[0]
        for size in (1, 2, 3):
            for first in range(len(tokens) - size + 1):
                gram = int(gram_hash(tokens, np.int64(first), np.int64(size)))
                counts.setdefault(gram, np.zeros(len(_ARCHETYPES)))[column] += 1
    grams = np.array(sorted(counts), np.uint64)
    weights = np.stack([counts[int(gram)] for gram in grams])
    return np.asarray(
        closest(strings_of(texts), fold_tables(), grams, weights / np.sqrt((weights**2).sum(axis=0)), _LONGEST)
    )


def embed(account: NDArray[np.int64], cosine: Floats, n_accounts: int) -> Floats:
    """Prompts close to a typical request: cosine above 0.6."""
    found = np.zeros(n_accounts)
    score = np.clip((cosine - 0.60) / 0.40, 0.0, 1.0)
    np.maximum.at(found, account, effective(score, cosine))
    return found


def biometric(windows: Windows, n_bytes: Floats, opening: NDArray[np.uint64], word: NDArray[np.uint64]) -> Floats:
    """Prompts built alike: one structure (length by hundreds and first word), one length, one opening.

    opening, word   Hash of the first six tokens and of the first one, in place of 30 characters and a verb.
    """
    length = n_bytes[windows.order]
    structure = word[windows.order] ^ (length // 100).astype(np.uint64)
    _, entropy = windows.commonest(structure)
    share, _ = windows.commonest(opening[windows.order])
    many = windows.n >= 10
    score = steps(entropy / np.log2(np.maximum(windows.n, 2)), (0.20, 0.45), (0.40, 0.20), below=True)
    score += steps(windows.spread(length), (0.10, 0.25), (0.20, 0.10), below=True)
    score += steps(share, (0.60, 0.30), (0.40, 0.15))
    sure = np.minimum(windows.n / 50, 1.0)
    return windows.worst(effective(np.where(many, score * (0.3 + 0.7 * sure), 0.0), sure))


def watermark(account: NDArray[np.int64], texts: pa.ChunkedArray, n_accounts: int) -> Floats:
    """Questions about invisible characters, and such characters in prompts."""
    asks = pc.fill_null(pc.match_substring_regex(texts, _PROBES), False).to_numpy()
    holds = pc.fill_null(pc.match_substring_regex(texts, _INVISIBLE), False).to_numpy()
    found = np.zeros(n_accounts)
    np.maximum.at(found, account, effective(0.50 * asks + 0.35 * holds, 0.80))
    return found


def role_preamble(windows: Windows, system: NDArray[np.uint64], elicitation: NDArray[np.uint16]) -> Floats:
    """One system prompt in most of a window's exchanges, and in those of many accounts."""
    text, marks = system[windows.order], elicitation[windows.order]
    known = text != 0
    place = codes(text)
    _, users = distinct_pairs(windows.account[known], place[known])[:2]
    n_users = np.append(np.bincount(users, minlength=int(place.max(initial=-1)) + 1), 0)[place]
    shared = steps(np.where(known, n_users, 0).astype(np.float64), (10, 0.50), (5, 0.35), (3, 0.18))
    collision = np.zeros(len(windows.n))
    np.maximum.at(collision, windows.window, shared)
    share, _ = windows.commonest(np.where(known, text, np.arange(len(text), dtype=np.uint64)))
    reuse = np.where(windows.sums(known) >= 5, steps(share, (0.80, 0.35), (0.60, 0.20)), 0.0)
    archetype = steps(windows.sums(known & (marks != 0)), (1, 0.10))
    score = collision + reuse + archetype
    sure = np.select([collision > 0, reuse > 0], [0.90, 0.75], 0.55)
    return windows.worst(effective(np.where(score >= 0.15, score, 0.0), sure))


def refusal_probe(windows: Windows, refusal: NDArray[np.int64]) -> Floats:
    """Refused exchanges, and of how many categories; the provider's own category stands for a word list.

    refusal     Category of each exchange as a number from 0, -1 when it was not refused.
    """
    kind = refusal[windows.order]
    hit = kind >= 0
    share = windows.sums(hit) / windows.n
    of = distinct_pairs(windows.window[hit], kind[hit])[0]
    n_kinds = np.bincount(of, minlength=len(windows.n)).astype(np.float64)
    score = steps(share, (0.60, 0.45), (0.40, 0.30), (0.25, 0.15)) + steps(n_kinds, (4, 0.40), (2, 0.20))
    sure = np.select([(n_kinds >= 4) & (share >= 0.40), n_kinds >= 2], [0.75, 0.55], 0.40)
    judged = (windows.n >= 5) & (share >= 0.25) & (score >= 0.20)
    return windows.worst(effective(np.where(judged, score, 0.0), sure))


def topics_of(texts: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """Topic of each text by its words, 0 to 11; 11 is none.

    >>> topics_of(pa.array(["Which court has jurisdiction?", "hm"])).tolist()
    [4, 11]
    """
    found = {int(tokens_of(word)[0][0]): i for i, words in reversed(list(enumerate(_TOPICS))) for word in words.split()}
    words = np.array(sorted(found), np.uint64)
    topic_of = np.array([found[int(word)] for word in words], np.int8)
    topic = first_topics(strings_of(texts), fold_tables(), words, topic_of)
    return np.where(topic < 0, _N_TOPICS - 1, topic).astype(np.int64)


def sequence_model(windows: Windows, topic: NDArray[np.int64]) -> Floats:
    """Broad topics in a predictable order: entropy of topics and of topics given the one before, each over log2 12."""
    here = topic[windows.order]
    _, entropy = windows.commonest(here.astype(np.uint64))
    broad = entropy / np.log2(_N_TOPICS)
    narrow = _transition_entropy(windows, here)
    n_topics = np.bincount(distinct_pairs(windows.window, here)[0], minlength=len(windows.n)).astype(np.float64)
    score = steps(broad, (0.80, 0.40), (0.65, 0.22)) + steps(n_topics, (10, 0.20))
    score += np.select([narrow <= 0.25, narrow <= 0.40], [0.40, 0.20], 0.0)
    sure = np.select([(broad >= 0.80) & (narrow <= 0.25), score >= 0.40], [0.80, 0.65], 0.50)
    judged = (windows.n >= 15) & (score >= 0.25)
    return windows.worst(effective(np.where(judged, score, 0.0), sure))


def _transition_entropy(windows: Windows, topic: NDArray[np.int64]) -> Floats:
    """Mean entropy of the next topic over topics that are followed twice or more, over log2 12; 0.5 without any."""
    follows = np.ones(len(topic), np.bool_)
    follows[windows.first] = False
    at = np.flatnonzero(follows)
    origin = windows.window[at] * _N_TOPICS + topic[at - 1]
    source, _, count = distinct_pairs(origin, topic[at])
    sources, place = np.unique(source, return_inverse=True)
    total = np.bincount(place, weights=count, minlength=len(sources))
    share = count / total[place] if len(place) else np.zeros(0)
    entropy = np.bincount(place, weights=-share * np.log2(share), minlength=len(sources)) / np.log2(_N_TOPICS)
    often = total >= 2
    of = sources[often] // _N_TOPICS
    n = np.bincount(of, minlength=len(windows.n))
    mean = np.bincount(of, weights=entropy[often], minlength=len(windows.n)) / np.maximum(n, 1)
    return np.where(n > 0, mean, 0.5)
