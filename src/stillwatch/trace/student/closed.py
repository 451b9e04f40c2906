"""The test of a model that can only be asked: of one token for each new context, how many are green."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.tokenizer import Tokenizer
from stillwatch.trace.keys.key import MarkKey
from stillwatch.trace.leak import _kernels_scores as kernels
from stillwatch.trace.mark import green
from stillwatch.trace.student.contexts import Asking
from stillwatch.trace.student.sequential import Sequential
from stillwatch.trace.suspects.suspect import Answer

__all__ = ["ClosedTest", "check_prompts", "closed_test"]

_MARKED: Final = math.log(1e-4)


@dataclass(slots=True)
class ClosedTest:
    """Outcome for one key.

    asked, answered     Questions, and those with a completion.
    problems            How often each problem came.
    greens, count       Green tokens among places that count.
    bets                Evidence that may be looked at at any time.
    """

    gamma: float
    asked: int = 0
    answered: int = 0
    problems: dict[str, int] = field(default_factory=dict)
    greens: int = 0
    count: int = 0
    bets: Sequential = field(init=False)

    def __post_init__(self) -> None:
        """Start without any bet."""
        self.bets = Sequential(self.gamma)

    @property
    def log_p(self) -> float:
        """Natural log of the exact binomial tail: for a number of questions that was fixed before."""
        return green.log_tail(self.greens, self.count, self.gamma)


def check_prompts(prompts: Iterable[str], tokenizer: Tokenizer, key: MarkKey, width: int, gamma: float) -> None:
    """Refuse prompts that hold the mark: a model repeats its prompt, and any model would look taught.

    Raises      InvalidInput when they are marked with a p-value below 1e-4.
    """
    asking, greens, count = Asking(width, budget=1 << 40), 0, 0
    for prompt in prompts:
        tokens = tokenizer.encode(prompt)
        numbers = _numbers(key, tokens, asking.places(tokens), width)
        greens, count = greens + int((numbers < gamma).sum()), count + len(numbers)
    if green.log_tail(greens, count, gamma) < _MARKED:
        message = f"the prompts hold the mark of {key.purpose.value} {key.for_id}: ask with text that was not served"
        raise InvalidInput(message)


def closed_test(
    answers: Iterable[Answer], tokenizer: Tokenizer, keys: Sequence[MarkKey], gamma: float, asking: Asking
) -> list[ClosedTest]:
    """Test keys on answers; contexts of prompts are met before any completion, and count nowhere.

    asking      Chooses places; its width is the scheme's for campaigns.
    """
    found = [ClosedTest(gamma) for _ in keys]
    held = list(answers)
    for one in held:
        asking.places(tokenizer.encode(one.prompt), start=1 << 62)
    for one in held:
        tokens, start = _tokens(one, tokenizer)
        places = asking.places(tokens, start) if one.completion else np.zeros(0, np.int64)
        for key, test in zip(keys, found, strict=True):
            test.asked += 1
            test.answered += bool(one.completion)
            if not one.completion:
                problem = one.problem or "said nothing"
                test.problems[problem] = test.problems.get(problem, 0) + 1
            is_green = green.is_green(_numbers(key, tokens, places, asking.width), gamma)
            test.greens += int(is_green.sum())
            test.count += len(places)
            test.bets.add(is_green)
    return found


def _tokens(one: Answer, tokenizer: Tokenizer) -> tuple[NDArray[np.int64], int]:
    """Prompt and completion as tokens, each encoded alone, and where the completion starts."""
    prompt, completion = tokenizer.encode(one.prompt), tokenizer.encode(one.completion or "")
    return np.concatenate([prompt, completion]).astype(np.int64), len(prompt)


def _numbers(key: MarkKey, tokens: NDArray[np.int64], places: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    return np.asarray(kernels.numbers_of(np.array(key.words, np.uint64), tokens, places, width), np.float64)
