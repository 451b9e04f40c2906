"""The two ways to ask a suspect."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answer", "ClosedSuspect", "OpenSuspect", "Question"]


class Question(NamedTuple):
    """A prompt with its id."""

    question_id: str
    prompt: str


class Answer(NamedTuple):
    """What a closed suspect said.

    completion  None when it said nothing, was cut by an error, or could not be asked.
    problem     Why there is no completion; empty otherwise.
    """

    question_id: str
    prompt: str
    completion: str | None
    problem: str = ""


class OpenSuspect(Protocol):
    """A model whose probabilities can be read: somebody has its weights."""

    @property
    def name(self) -> str:
        """As reports call it."""
        ...

    def probabilities(self, tokens: NDArray[np.int64], /) -> NDArray[np.float64]:
        """Distribution of the next token after each token, shape (tokens, vocabulary); each row sums to 1."""
        ...


class ClosedSuspect(Protocol):
    """A model that can only be asked."""

    @property
    def name(self) -> str:
        """As reports call it."""
        ...

    def answers(self, questions: Iterable[Question], /) -> Iterator[Answer]:
        """An answer to each question, in any order; a failure is an answer with its problem."""
        ...
