"""A student's exam: is it greener than chance, after contexts that were served, in text that bears no mark.

Only the first place of each context counts, and only contexts that were served: a choice by context, never by token.
Both tails are those of `stillwatch.trace.student`: open, Chernoff's bound and the rank among keys that were never used;
closed, one drawn token a context, binomial.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import MarkKey, key_words
from stillwatch.trace.mark import _kernels_prf as kernels
from stillwatch.trace.mark import green, prf
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.student.open_weights import Weighed, open_test

__all__ = ["Answers", "Result", "examine", "places", "token_numbers"]


@dataclass(frozen=True, slots=True)
class Result:
    """What an exam found.

    contexts        Contexts asked about, each once.
    z               Open statistic in standard deviations of its null: for the eye only.
    log_p_open      Natural log of an upper bound of the open p-value.
    log_p_closed    Natural log of the exact closed p-value; one drawn token a context.
    p_rank          Rank of the key among itself and the keys that were never used, over their number.
    """

    contexts: int
    z: float
    log_p_open: float
    log_p_closed: float
    p_rank: float


def places(asked: NDArray[np.int64], served: NDArray[np.int64] | None, width: int, least: int = 1) -> NDArray[np.int64]:
    """Places in a text whose context comes there first and was served; the token at the place is no matter.

    asked       Unmarked text to ask in.
    served      All that was served, one row; None takes every context.
    least       Times that a context must have been served.

    >>> places(np.array([1, 2, 3, 1, 2, 9]), np.array([1, 2, 7]), 2).tolist()
    [2]
    """
    contexts = prf.contexts(asked, width)
    _, first = np.unique(contexts, return_index=True)
    first.sort()
    if served is not None:
        known, counts = np.unique(prf.contexts(served, width), return_counts=True)
        first = first[np.isin(contexts[first], known[counts >= least])]
    return np.asarray(first + width, np.int64)


def token_numbers(of_seeds: NDArray[np.uint64], tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """As `prf.uniforms_from`, for a row of tokens a seed: shape (seeds, k).

    >>> bool((token_numbers(np.array([3], np.uint64), np.array([[8, 9]]))[0] == prf.uniforms_from(3, [8, 9])).all())
    True
    """
    x = of_seeds[:, None] + (tokens.astype(np.uint64) + np.uint64(1)) * kernels.GOLDEN
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return np.asarray(((x >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a student says at each place.

    tokens          Token ids by place, shape (places, k): its k likeliest, or all.
    probabilities   Of those tokens, same shape; what is left out is not counted.
    drawn           One drawn token a place, shape (places,).
    """

    tokens: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    drawn: NDArray[np.int64]


def examine(
    text: NDArray[np.int64],
    at: NDArray[np.int64],
    answers: Answers,
    key: MarkKey,
    decoys: Sequence[MarkKey],
    scheme: Scheme,
) -> Result:
    """Ask whether a student knows a key's green lists.

    text, at    Unmarked text and `places` in it.
    decoys      Keys that were never used, for the rank; at least 1.
    scheme      Width and share of green tokens that the mark was made with.
    Raises      InvalidInput when answers and places do not go together or no decoy is given.
    """
    if len(answers.tokens) != len(at):
        message = f"an exam needs an answer for each place, got {len(answers.tokens)} for {len(at)}"
        raise InvalidInput(message)
    if not len(at):
        return Result(0, 0.0, 0.0, 0.0, 1.0)
    contexts = text[at[:, None] - np.arange(scheme.campaign_width, 0, -1)]
    found = open_test(Weighed(contexts, answers.tokens, answers.probabilities), key, decoys, scheme.gamma)
    seeds = kernels.seeds_by_key(key_words([key]), text, at, scheme.campaign_width)[0]
    greens = int(green.is_green(token_numbers(seeds, answers.drawn[:, None]), scheme.gamma).sum())
    return Result(
        contexts=len(at),
        z=(found.total - found.expected) / found.spread,
        log_p_open=found.log_bound,
        log_p_closed=green.log_tail(greens, len(at), scheme.gamma),
        p_rank=float(np.exp(found.log_rank)),
    )
