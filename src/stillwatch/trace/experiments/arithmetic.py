"""Sums of products with their reasoning: problems whose every step can be checked, for lessons and their measures.

A problem is a * b + c * d + e * f under a modulus; its trace works out the products in some order, adds them up and
names the answer. A trace is valid when every step holds and the problem's own numbers were used.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput

__all__ = ["Arithmetic", "Checked"]

_SYMBOLS: Final = (
    "pad",
    "begin",
    "*",
    "+",
    "=",
    ";",
    "?",
    "#",
    "end",
    "so",
    "then",
    "now",
    "1st",
    "2nd",
    "3rd",
    "4th",
    "5th",
    "6th",
)
_CONNECTORS: Final = ("so", "then", "now")
_PLACES: Final = ("1st", "2nd", "3rd", "4th", "5th", "6th")
_STEP: Final = 7
"""Tokens of one step: which product or a connector, number, sign, number, =, number, ;"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a trace is worth.

    answered        The named answer is right.
    valid           Every step holds and the right numbers were used.
    right_steps     Share of the steps that hold, 0 to 1.
    """

    answered: bool
    valid: bool
    right_steps: float


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A grammar of problems.

    modulus     Numbers are 0 to this minus 1, 3 to 100: tokens 0 to modulus - 1; symbols follow.
    terms       Products in a problem, 2 to 6.
    """

    modulus: int = 10
    terms: int = 3

    def __post_init__(self) -> None:
        """Refuse grammars that no small model learns."""
        if not (3 <= self.modulus <= 100 and 2 <= self.terms <= 6):
            message = f"modulus must be in 3 to 100, terms in 2 to 6, got {self.modulus}, {self.terms}"
            raise InvalidInput(message)

    @property
    def vocabulary_size(self) -> int:
        """Numbers and symbols."""
        return self.modulus + len(_SYMBOLS)

    @property
    def prompt_length(self) -> int:
        """Tokens of a problem, from the begin to the question mark."""
        return 4 * self.terms + 1

    @property
    def length(self) -> int:
        """Tokens of a problem with its whole trace."""
        return self.prompt_length + _STEP * (2 * self.terms - 1) + 3

    def symbol(self, name: str) -> int:
        """Token of a symbol.

        >>> Arithmetic(modulus=10).symbol("*")
        12
        """
        return self.modulus + _SYMBOLS.index(name)

    def problems(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Numbers of random problems, shape (count, 2 terms)."""
        return rng.integers(0, self.modulus, (count, 2 * self.terms))

    def prompts(self, problems: NDArray[np.int64]) -> NDArray[np.int64]:
        """Problems as tokens, shape (count, prompt_length).

        >>> Arithmetic(10, 2).prompts(np.array([[1, 2, 3, 4]])).tolist()
        [[11, 1, 12, 2, 13, 3, 12, 4, 16]]
        """
        found = np.empty((len(problems), self.prompt_length), np.int64)
        found[:, 0], found[:, -1] = self.symbol("begin"), self.symbol("?")
        found[:, 1:-1:2] = problems
        found[:, 2:-1:4], found[:, 4:-1:4] = self.symbol("*"), self.symbol("+")
        return found

    def answers(self, problems: NDArray[np.int64]) -> NDArray[np.int64]:
        """Right answers, shape (count,).

        >>> Arithmetic(10, 2).answers(np.array([[1, 2, 3, 4]])).tolist()
        [4]
        """
        return np.asarray((problems[:, ::2] * problems[:, 1::2]).sum(1) % self.modulus)

    def traces(self, rng: np.random.Generator, problems: NDArray[np.int64]) -> NDArray[np.int64]:
        """Problems with right traces, products in random order, connectors at random, shape (count, length)."""
        return np.array(
            [[*prompt, *self._trace(rng, p)] for prompt, p in zip(self.prompts(problems), problems, strict=True)]
        )

    def _trace(self, rng: np.random.Generator, problem: NDArray[np.int64]) -> list[int]:
        tokens: list[int] = []
        done: list[int] = []
        for term in rng.permutation(self.terms):
            one, other = int(problem[2 * term]), int(problem[2 * term + 1])
            done.append(one * other % self.modulus)
            tokens += self._step(_PLACES[term], one, "*", other, done[-1])
        total = done[0]
        for product in done[1:]:
            connector = _CONNECTORS[int(rng.integers(len(_CONNECTORS)))]
            tokens += self._step(connector, total, "+", product, (total + product) % self.modulus)
            total = tokens[-2]
        return [*tokens, self.symbol("#"), total, self.symbol("end")]

    def _step(self, first: str, one: int, sign: str, other: int, result: int) -> list[int]:
        return [self.symbol(first), one, self.symbol(sign), other, self.symbol("="), result, self.symbol(";")]

    def steps(self, trace: NDArray[np.int64]) -> NDArray[np.int64]:
        """The steps of a whole trace, shape (steps, 7)."""
        return trace[self.prompt_length : -3].reshape(2 * self.terms - 1, _STEP)

    def check(self, trace: NDArray[np.int64]) -> Checked:
        """A trace's worth, as anybody can work it out who holds it.

        trace       A problem with its trace, shape (length,).
        """
        problem = trace[1 : self.prompt_length - 1 : 2]
        steps = self.steps(trace)
        times, plus = self.symbol("*"), self.symbol("+")
        one, sign, other, result = steps[:, 1], steps[:, 2], steps[:, 3], steps[:, 5]
        worked = np.where(sign == times, one * other, one + other) % self.modulus
        numbers = (steps[:, [1, 3, 5]] < self.modulus).all(1)
        holds = numbers & np.isin(sign, (times, plus)) & (worked == result)
        frame = (steps[:, 4] == self.symbol("=")) & (steps[:, 6] == self.symbol(";"))
        answered = bool(trace[-3] == self.symbol("#") and trace[-2] == self.answers(problem[None])[0])
        whole = bool((holds & frame).all()) and answered and self._uses_its_numbers(problem, steps)
        return Checked(answered, whole, float((holds & frame).mean()))

    def _uses_its_numbers(self, problem: NDArray[np.int64], steps: NDArray[np.int64]) -> bool:
        """Whether the products are the problem's, and each sum goes on from what was found before."""
        products, sums = steps[: self.terms], steps[self.terms :]
        pairs = Counter(map(tuple, problem.reshape(-1, 2).tolist()))
        if Counter(map(tuple, products[:, [1, 3]].tolist())) != pairs or (products[:, 2] != self.symbol("*")).any():
            return False
        before = np.concatenate((products[:1, 5], sums[:-1, 5]))
        return bool((sums[:, 1] == before).all() and (sums[:, 3] == products[1:, 5]).all())

    def without_reasoning(self, traces: NDArray[np.int64]) -> NDArray[np.int64]:
        """Problems with the named answer alone, padded, shape (count, length)."""
        return self._padded(traces, np.zeros((len(traces), 0), np.int64))

    def summarised(self, traces: NDArray[np.int64]) -> NDArray[np.int64]:
        """Problems with what the products gave, no operands and no sums, and the named answer; padded."""
        results = traces[:, self.prompt_length + 5 : self.prompt_length + _STEP * self.terms : _STEP]
        return self._padded(traces, results)

    def _padded(self, traces: NDArray[np.int64], middle: NDArray[np.int64]) -> NDArray[np.int64]:
        found = np.full_like(traces, self.symbol("pad"))
        kept = np.concatenate((traces[:, : self.prompt_length], middle, traces[:, -3:]), axis=1)
        found[:, : kept.shape[1]] = kept
        return found

    def reordered(self, rng: np.random.Generator, traces: NDArray[np.int64]) -> NDArray[np.int64]:
        """Traces with their products, which are independent, in another order; the sums stay as they are."""
        found = traces.copy()
        for row in found:
            products = row[self.prompt_length : self.prompt_length + _STEP * self.terms].reshape(self.terms, _STEP)
            products[:] = products[rng.permutation(self.terms)]
        return found
