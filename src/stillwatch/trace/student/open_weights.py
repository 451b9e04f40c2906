"""The test of a model whose probabilities can be read: how much of them lies on green tokens.

T is the sum, over contexts that count and tokens that are green, of a weight times the probability that the suspect
gives the token; where the provider has the unmarked teacher, times how much more than the teacher does. Weights see no
key. A context weighs by how free the suspect is there and against how much its numbers vary over keys: where a token is
certain there is nothing to learn, and where few tokens share the probability a coin decides much.

Two p-values, both valid whatever the model: the real key's rank among keys that were never used, exact under any
dependence; and a Chernoff bound, since over keys T is a sum of independent weighted coins whose weights are known. The
bound goes as deep as the evidence, the rank ends at one over the number of keys.
References: Sander et al. (2024), NeurIPS, radioactivity; Chernoff (1952), Ann. Math. Stat. 23, 493-507.
"""

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import MarkKey, key_words
from stillwatch.trace.student import _kernels_green as kernels
from stillwatch.trace.student.contexts import Asking
from stillwatch.trace.suspects.suspect import OpenSuspect

__all__ = ["OpenTest", "Weighed", "chernoff", "exam", "open_test", "rank"]

LIKELY: Final = 64
"""Tokens looked at after a context, the likeliest; the choice sees no key, and the rest adds next to nothing."""
_HIGHEST_TILT: Final = 700.0
_STEADY: Final = 1e-3
"""Added to a context's variance, so that one where suspect and teacher agree by chance does not outweigh all others."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a suspect thinks after contexts.

    contexts    Shape (contexts, width).
    tokens      The likeliest tokens, shape (contexts, LIKELY or fewer).
    weights     Weight of the context times the suspect's probability, or times its excess over the teacher's.
    """

    contexts: NDArray[np.int64]
    tokens: NDArray[np.int64]
    weights: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OpenTest:
    """Outcome for one key.

    total, expected, spread     T, its mean and standard deviation over keys.
    decoys      T under keys that were never used.
    log_rank    Natural log of the rank's p-value.
    log_bound   Natural log of Chernoff's bound.
    log_p       Natural log of the smaller, paid for two.
    """

    total: float
    expected: float
    spread: float
    count: int
    decoys: NDArray[np.float64]
    log_rank: float
    log_bound: float
    log_p: float


def exam(
    suspect: OpenSuspect, texts: Iterable[NDArray[np.int64]], asking: Asking, teacher: OpenSuspect | None = None
) -> Weighed:
    """Ask a suspect at every place that counts.

    texts       Token texts without a mark, in the suspect's tokens.
    teacher     The provider's own model without a mark, of the same vocabulary; None where it is not at hand.
    Raises      InvalidInput when no place counts, or suspect and teacher have other vocabularies.
    """
    rows: list[NDArray[np.int64]] = []
    tokens: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.float64]] = []
    for text in texts:
        places = asking.places(text)
        if not len(places):
            continue
        found = suspect.probabilities(text)[places - 1]
        usual = np.zeros_like(found) if teacher is None else teacher.probabilities(text)[places - 1]
        if found.shape != usual.shape:
            message = f"suspect and teacher must share a vocabulary, got {found.shape[1]} and {usual.shape[1]} tokens"
            raise InvalidInput(message)
        likely, excess = _weighed(found, usual)
        rows.append(text[places[:, None] - np.arange(asking.width, 0, -1)])
        tokens.append(likely)
        weights.append(excess)
        if asking.count >= asking.budget:
            break
    if not rows:
        message = "no context counts: texts are too short, repeat one another, or none of their contexts was served"
        raise InvalidInput(message)
    return Weighed(np.concatenate(rows), np.concatenate(tokens).astype(np.int64), np.concatenate(weights))


def _weighed(found: NDArray[np.float64], usual: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The likeliest tokens of each row, and their weighted excess."""
    size = min(LIKELY, found.shape[1])
    likely = np.argpartition(-(found + usual), size - 1, axis=1)[:, :size]
    of_suspect, of_teacher = (np.take_along_axis(one, likely, axis=1) for one in (found, usual))
    excess = of_suspect - of_teacher
    freedom = 1.0 - (of_suspect**2).sum(axis=1)
    weights = np.maximum(freedom, 0.0) / ((excess**2).sum(axis=1) + _STEADY)
    return likely, excess * weights[:, None]


def open_test(weighed: Weighed, key: MarkKey, decoys: Sequence[MarkKey], gamma: float) -> OpenTest:
    """Test one key.

    decoys      Keys drawn as the real one and never used, at least 1; with 999 no rank is below 1 in 1,000.
    gamma       Share of green tokens of the scheme.
    Raises      InvalidInput without decoys.
    """
    if not decoys:
        message = "decoys must be at least 1 key"
        raise InvalidInput(message)
    masses = _masses(key_words([key, *decoys]), weighed, gamma)
    total, others = float(masses[0]), masses[1:]
    weights = weighed.weights.ravel()
    log_rank, log_bound = rank(total, others), chernoff(total, weights, gamma)
    return OpenTest(
        total,
        float(gamma * weights.sum()),
        float(np.sqrt(gamma * (1 - gamma) * (weights**2).sum())),
        len(weighed.contexts),
        others,
        log_rank,
        log_bound,
        min(0.0, min(log_rank, log_bound) + math.log(2)),
    )


def _masses(words: NDArray[np.uint64], weighed: Weighed, gamma: float) -> NDArray[np.float64]:
    parts = np.array_split(words, max(1, len(words) // 64))
    with ThreadPoolExecutor() as pool:
        found = pool.map(
            lambda part: kernels.green_mass(part, weighed.contexts, weighed.tokens, weighed.weights, gamma), parts
        )
        return np.concatenate(list(found))


def rank(total: float, decoys: NDArray[np.float64]) -> float:
    """Natural log of (1 + decoys at or above) / (decoys + 1): exact, since under the null all keys are alike.

    >>> round(math.exp(rank(3.0, np.array([1.0, 2.0, 3.0]))), 3)
    0.5
    """
    return math.log((1 + int((decoys >= total).sum())) / (len(decoys) + 1))


def chernoff(total: float, weights: NDArray[np.float64], gamma: float) -> float:
    """Natural log of a bound on P(sum of w B >= total), B independent coins that come up with probability gamma.

    weights     Any sign.

    >>> chernoff(1.0, np.array([1.0, 1.0]), 0.5)
    0.0
    >>> round(math.exp(chernoff(2.0, np.array([1.0, 1.0]), 0.5)), 3)
    0.25
    """
    used = weights[weights != 0]
    if not used.size or total <= gamma * used.sum():
        return 0.0
    values, counts = np.unique(used, return_counts=True) if used.size < 1 << 16 else (used, np.ones(used.size))

    def bound(tilt: float) -> float:
        return float((counts * np.logaddexp(math.log1p(-gamma), math.log(gamma) + tilt * values)).sum() - tilt * total)

    highest = _HIGHEST_TILT / float(np.abs(values).max())
    best = minimize_scalar(bound, bounds=(0.0, highest), method="bounded", options={"xatol": 1e-9 * highest})
    return float(min(0.0, best.fun))
