"""How many tokens name an account: the least that any detector with these keys could need.

The score of a drawn token of probability p is -ln(1 - exp(-p E)), E exponential with mean 1: the race that it has won.
A sum of n scores names the account when its exact Gamma tail, times the number of accounts, is at most alpha: the
first step of Holm, which is where the account of a single leak stands.
References: Aaronson (2023); Fernandez et al. (2023), WIFS, section 3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammainccinv

from stillwatch.errors import InvalidInput

__all__ = ["Question", "needed_of_scores", "of_entropy", "tokens_needed"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a number of tokens.

    accounts    Accounts that are tested, at least 1.
    power       Chance to name the right one, in (0, 1).
    alpha       Chance to name any wrong one, in (0, 1).
    """

    accounts: int = 1
    power: float = 0.95
    alpha: float = 1e-3

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if self.accounts < 1 or not 0 < self.power < 1 or not 0 < self.alpha < 1:
            message = f"accounts must be 1 or more, power and alpha in (0, 1), got {self}"
            raise InvalidInput(message)


def of_entropy(entropy: float, vocabulary_size: int = 2000) -> NDArray[np.float64]:
    """Zipf's distribution of an entropy: what the next token looks like to a test of power.

    entropy     Nats, above 0.05 and below ln(vocabulary_size).
    Raises      InvalidInput outside that range.

    >>> p = of_entropy(1.0)
    >>> round(float(-(p * np.log(p)).sum()), 6), round(float(p.sum()), 6)
    (1.0, 1.0)
    """
    ranks = np.log(np.arange(1, vocabulary_size + 1))
    if not 0.05 < entropy < np.log(vocabulary_size):
        message = f"entropy must be in 0.05 to ln {vocabulary_size} = {np.log(vocabulary_size):.2f} nats, got {entropy}"
        raise InvalidInput(message)
    steepness = brentq(lambda s: _entropy(_zipf(ranks, s)) - entropy, 0.0, 12.0)
    return _zipf(ranks, float(steepness))


def tokens_needed(probabilities: NDArray[np.float64], question: Question, texts: int = 4000, seed: int = 0) -> int:
    """Fewest tokens at which the share of texts that name their account reaches the power, by simulation.

    probabilities   Of the next token, the same at each place, shape (vocabulary,).
    texts           Simulated; 4,000 leave an error of about 2 % of the number.
    Raises          InvalidInput when 4,096 tokens are too few.

    >>> tokens_needed(np.full(100, 0.01), Question(), texts=500)
    3
    """
    generator = np.random.default_rng(seed)
    longest = 64
    while longest <= 4_096:
        drawn = generator.choice(len(probabilities), (texts, longest), p=probabilities)
        won = generator.exponential(size=drawn.shape)
        found = needed_of_scores(-np.log(-np.expm1(-probabilities[drawn] * won)), question)
        if found is not None:
            return found
        longest *= 2
    message = "4,096 tokens of this distribution do not reach the power asked for"
    raise InvalidInput(message)


def needed_of_scores(scores: NDArray[np.float64], question: Question) -> int | None:
    """Fewest tokens that reach the power, from scores of marked texts, shape (texts, tokens); None for more than these.

    >>> needed_of_scores(np.full((10, 3), 8.0), Question())
    1
    """
    counts = np.arange(1, scores.shape[1] + 1)
    least = gammainccinv(counts, question.alpha / question.accounts)
    share = (np.cumsum(scores, axis=1) >= least).mean(axis=0)
    enough = np.flatnonzero(share >= question.power)
    return int(counts[enough[0]]) if len(enough) else None


def _zipf(log_ranks: NDArray[np.float64], steepness: float) -> NDArray[np.float64]:
    weights = np.exp(-steepness * log_ranks)
    return np.asarray(weights / weights.sum(), np.float64)


def _entropy(p: NDArray[np.float64]) -> float:
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum())
