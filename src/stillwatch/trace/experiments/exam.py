"""A student's exam: is it greener than chance, after contexts that were served, in text that bears no mark.

Only the first place of each context counts, and only contexts that were served: a choice by context, never by token.
Both tails are exact or conservative under the null that the student was made without the key, whose colours are then
independent coins. Closed: one drawn token a context, binomial. Open: the probability on green tokens, a sum of weighted
coins, by Chernoff's bound; and the rank among keys that were never used, exact under any dependence.
References: Fernandez et al. (2023), WIFS; Sander et al. (2024), NeurIPS; Chernoff (1952), Ann. Math. Stat. 23, 493-507.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from stillwatch.errors import InvalidInput
from stillwatch.trace.experiments import _kernels_exam as kernels_exam
from stillwatch.trace.mark import _kernels_prf as kernels
from stillwatch.trace.mark import green, prf

__all__ = ["Answers", "Result", "examine", "log_weighted_tail", "masses_twin", "places", "token_numbers"]

_TILTS: Final = (-12.0, 12.0)


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


def log_weighted_tail(total: float, weights: NDArray[np.float64], gamma: float) -> float:
    """Natural log of a bound on P(sum of weights of heads >= total), coins of chance gamma: the least Chernoff bound.

    weights     0 or more, any shape.

    >>> exact = 5 / 16
    >>> bool(np.exp(log_weighted_tail(3.0, np.ones(4), 0.5)) >= exact)
    True
    >>> log_weighted_tail(1.0, np.ones(4), 0.5)
    0.0
    """
    flat = weights[weights > 0]
    if total <= gamma * flat.sum():
        return 0.0
    total = min(total, float(flat.sum()))

    def bound(log_tilt: float) -> float:
        t = np.exp(log_tilt)
        return float(np.logaddexp(np.log1p(-gamma), np.log(gamma) + t * flat).sum() - t * total)

    # Any tilt gives a bound, so a search that stops early costs power and never truth.
    best = minimize_scalar(bound, bounds=_TILTS, method="bounded", options={"xatol": 1e-3})
    return min(float(best.fun), 0.0)


def _greens(
    words: tuple[int, int], text: NDArray[np.int64], at: NDArray[np.int64], width: int, tokens: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Numbers of some tokens at each place under a key, shape of `tokens` (places, k)."""
    found = kernels.seeds_by_key(np.array([words], np.uint64), text, at, width)[0]
    return np.asarray(token_numbers(found, tokens), np.float64)


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
    keys: list[tuple[int, int]],
    *,
    width: int = 2,
    gamma: float = 0.5,
) -> Result:
    """Ask whether a student knows a key's green lists.

    text, at    Unmarked text and `places` in it.
    keys        Words of the key under test, then of keys that were never used, for the rank.
    Raises      InvalidInput when answers and places do not go together or no key is given.
    """
    if len(answers.tokens) != len(at) or not keys:
        message = (
            f"an exam needs a key and an answer for each place, got {len(keys)} keys, {len(answers.tokens)} answers"
        )
        raise InvalidInput(message)
    if not len(at):
        return Result(0, 0.0, 0.0, 0.0, 1.0)
    chances = np.ascontiguousarray(answers.probabilities, np.float64)
    tokens = np.ascontiguousarray(answers.tokens, np.int64)
    masses = np.asarray(kernels_exam.masses(np.array(keys, np.uint64), text, at, width, tokens, chances, gamma))
    drawn = _greens(keys[0], text, at, width, answers.drawn[:, None])[:, 0]
    spread = np.sqrt(gamma * (1 - gamma) * (answers.probabilities**2).sum())
    return Result(
        contexts=len(at),
        z=float((masses[0] - gamma * answers.probabilities.sum()) / spread),
        log_p_open=log_weighted_tail(masses[0], answers.probabilities, gamma),
        log_p_closed=green.log_tail(int(green.is_green(drawn, gamma).sum()), len(at), gamma),
        p_rank=float((masses >= masses[0]).mean()),
    )


def masses_twin(
    text: NDArray[np.int64],
    at: NDArray[np.int64],
    answers: Answers,
    keys: list[tuple[int, int]],
    *,
    width: int,
    gamma: float,
) -> NDArray[np.float64]:
    """Probability on green tokens by key, shape (keys,): the twin of the kernel."""
    greens = [green.is_green(_greens(words, text, at, width, answers.tokens), gamma) for words in keys]
    return np.array([(answers.probabilities * found).sum() for found in greens])
