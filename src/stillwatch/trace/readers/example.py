"""What a reader of this folder gives beside the contract: examples that its tests and its pages run on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.mark_reader import MarkReader
from stillwatch.trace.mark import gumbel

__all__ = ["EngineReader", "Example", "drawn_by_numbers", "drawn_from", "likelier", "shaped"]

Tokens = NDArray[np.int64]
Floats = NDArray[np.float64]


class EngineReader(MarkReader, Protocol):
    """A reader that knows its null and can show itself.

    null_mean   Mean score of a token that the key had no part in.
    public_key  Whether the key is one that is printed in the scheme's documents: anybody can find, and forge, its mark.
    """

    null_mean: float
    public_key: bool

    @classmethod
    def examples(cls) -> "tuple[Example, ...]":
        """The reader under made-up keys, one for each way it is commonly set."""
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """A reader and a text generator that marks as its engine does.

    under       The same under a key that the number names; none is the reader's own.
    vocabulary  Ids are 0 to this minus 1.
    marked      Text of so many tokens under the reader's key, from a model with about 3 nats a token.
    """

    reader: EngineReader
    under: Callable[[int], EngineReader]
    vocabulary: int
    marked: Callable[[np.random.Generator, int], Tokens]


def shaped(random: np.random.Generator, vocabulary: int) -> Floats:
    """Distribution of one token: log-normal weights, as a model's are, shape (vocabulary,).

    >>> round(float(shaped(np.random.default_rng(0), 100).sum()), 9)
    1.0
    """
    weights = np.exp(2.0 * random.standard_normal(vocabulary))
    return np.asarray(weights / weights.sum())


def drawn_from(
    choose: Callable[[np.random.Generator, Tokens, Floats], int], width: int, vocabulary: int
) -> Callable[[np.random.Generator, int], Tokens]:
    """A text generator: `choose` gives the next token after the last `width`, under a distribution.

    >>> text = drawn_from(lambda random, context, shares: int(shares.argmax()), 2, 10)
    >>> len(text(np.random.default_rng(0), 7))
    7
    """

    def marked(random: np.random.Generator, n_tokens: int) -> Tokens:
        text = random.integers(0, vocabulary, n_tokens)
        for at in range(width, n_tokens):
            text[at] = choose(random, text[at - width : at], shaped(random, vocabulary))
        return text

    return marked


def drawn_by_numbers(
    numbers: Callable[[Tokens, int], Floats], width: int, vocabulary: int
) -> Callable[[np.random.Generator, int], Tokens]:
    """A text generator of a Gumbel scheme: `numbers` gives those of the vocabulary after a context.

    >>> text = drawn_by_numbers(lambda context, size: np.full(size, 0.5), 1, 10)
    >>> len(text(np.random.default_rng(0), 3))
    3
    """
    return drawn_from(lambda _, context, shares: gumbel.draw(shares, numbers(context, vocabulary)), width, vocabulary)


def likelier(random: np.random.Generator, shares: Floats, green: NDArray[np.bool_]) -> int:
    """Token from a distribution whose green tokens' logits were raised by 2 nats.

    >>> likelier(np.random.default_rng(0), np.array([0.0, 1.0]), np.array([True, False]))
    1
    """
    raised = np.where(green, np.exp(2.0), 1.0) * shares
    return int(random.choice(len(shares), p=raised / raised.sum()))
