"""The closed test: sampled tokens, prompts that count nowhere, and looking early without being fooled."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.trace.student.taught import GAMMA, VOCABULARY, Table, campaign, lessons, text

from stillwatch.errors import InvalidInput
from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace.student.closed import ClosedTest, check_prompts, closed_test
from stillwatch.trace.student.contexts import Asking, ServedContexts
from stillwatch.trace.student.sequential import Sequential
from stillwatch.trace.suspects.suspect import Answer

KEY = campaign("c-1")


class Numbers:
    """A tokenizer of numbers with spaces between."""

    name, sha256, vocabulary_size = "numbers", "ab" * 32, VOCABULARY

    def encode(self, told: str) -> NDArray[np.int64]:
        return np.array([int(word) for word in told.split()], np.int64)

    def decode(self, tokens: NDArray[np.int64]) -> str:
        return " ".join(map(str, tokens))


TOKENIZER = Numbers()


def answers(
    student: Table, seed: int, prompts: int = 60, prompt: Callable[..., NDArray[np.int64]] = text
) -> list[Answer]:
    """What a student says after prompts."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(prompts):
        asked = prompt(rng, 20)
        said = student.complete(rng, asked, 60)
        found.append(Answer(str(i), TOKENIZER.decode(asked), TOKENIZER.decode(said)))
    return found


def outcome(said: list[Answer], served: ServedContexts | None = None) -> ClosedTest:
    """Test for the campaign."""
    return closed_test(said, TOKENIZER, [KEY], GAMMA, Asking(2, served))[0]


def test_a_taught_student_is_found_by_what_it_says() -> None:
    """All lessons marked: both the fixed test and the one at any time."""
    found = outcome(answers(Table(lessons(np.random.default_rng(1), 1000, 1.0, KEY)), 2))
    assert found.log_p < math.log(1e-6)
    assert found.bets.log_p < math.log(1e-4)
    assert (found.asked, found.answered, found.problems) == (60, 60, {})


def test_innocent_students_are_not() -> None:
    """Twenty students of unmarked lessons."""
    for i in range(20):
        found = outcome(answers(Table(lessons(np.random.default_rng(10 + i), 100, 0.0, None)), i, prompts=20))
        assert found.log_p > math.log(1e-3)


def test_marked_prompts_fool_the_naive_and_are_refused() -> None:
    """A model that repeats marked prompts looks taught where prompts count; here they count nowhere and are refused."""
    rng = np.random.default_rng(3)
    prompts = [text(rng, 200, KEY) for _ in range(10)]
    parrot = [Answer(str(i), TOKENIZER.decode(p), TOKENIZER.decode(p)) for i, p in enumerate(prompts)]
    naive = closed_test([one._replace(prompt="") for one in parrot], TOKENIZER, [KEY], GAMMA, Asking(2))[0]
    assert naive.log_p < math.log(1e-6)
    assert outcome(parrot).count <= 10
    with pytest.raises(InvalidInput, match="hold the mark of campaign c-1"):
        check_prompts((one.prompt for one in parrot), TOKENIZER, KEY, 2, GAMMA)
    check_prompts((TOKENIZER.decode(text(rng, 200)) for _ in range(10)), TOKENIZER, KEY, 2, GAMMA)


def test_repeated_answers_count_once() -> None:
    """One answer said a hundred times is one answer."""
    said = answers(Table(lessons(np.random.default_rng(4), 50, 0.0, None)), 5, prompts=1)
    assert outcome(said * 100).count == outcome(said).count


def test_failures_are_counted_by_their_reason() -> None:
    """Nothing, an error, and an answer: each once, and the evidence reached is that of the answer."""
    said = answers(Table(lessons(np.random.default_rng(4), 50, 0.0, None)), 5, prompts=1)
    more = [Answer("a", "1 2", None, "status 429"), Answer("b", "1 2", None), Answer("c", "1 2", "")]
    found = outcome([*said, *more])
    assert (found.asked, found.answered) == (4, 1)
    assert found.problems == {"status 429": 1, "said nothing": 2}
    assert outcome([]).log_p == 0.0


def test_only_served_contexts_count_when_asked_for() -> None:
    """A filter by context leaves fewer places and no other ones."""
    said = answers(Table(lessons(np.random.default_rng(6), 300, 1.0, KEY)), 7)
    served = ServedContexts(2)
    served.add(text(np.random.default_rng(8), 300, KEY))
    assert 0 < outcome(said, served).count < outcome(said).count
    assert outcome(said, ServedContexts(2)).count == 0


def test_looking_every_day_is_wrong_with_p_values_and_right_with_bets() -> None:
    """Innocent sequences looked at after each token: p-values fire far too often, bets at most as often as said."""
    rng = np.random.default_rng(9)
    fired_p = fired_bets = 0
    for _ in range(1000):
        is_green = rng.random(300) < 0.5
        above = np.cumsum(is_green) - 0.5 * np.arange(1, 301)
        fired_p += bool((above[20:] / np.sqrt(0.25 * np.arange(21, 301)) > 2.3263).any())
        bets = Sequential(0.5)
        bets.add(is_green)
        fired_bets += bets.log_p <= math.log(0.01)
    assert clopper_pearson(fired_p, 1000, 0.999)[0] > 0.02
    assert clopper_pearson(fired_bets, 1000, 0.999)[0] <= 0.01


@pytest.mark.parametrize("gamma", [0.0, 1.0, -1.0])
def test_a_share_of_nothing_is_refused(gamma: float) -> None:
    """Gamma must leave both colours."""
    with pytest.raises(InvalidInput, match="gamma"):
        Sequential(gamma)
