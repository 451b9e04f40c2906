"""The open test: taught students are found, innocent ones are not, and the bound is a bound."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.trace.student.taught import GAMMA, KEEPER, VOCABULARY, Table, campaign, lessons, teacher, text

from stillwatch.errors import InvalidInput
from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace.keys.key import key_words
from stillwatch.trace.mark.prf import uniforms
from stillwatch.trace.student._kernels_green import green_mass
from stillwatch.trace.student.contexts import Asking, ServedContexts
from stillwatch.trace.student.open_weights import OpenTest, chernoff, exam, open_test, rank

KEY = campaign("c-1")
DECOYS = KEEPER.decoys(KEY, 199)


def outcome(student: Table, seed: int = 9, budget: int = 1500) -> OpenTest:
    """The exam of a student on unmarked text of the teacher."""
    rng = np.random.default_rng(seed)
    weighed = exam(student, (text(rng, 200) for _ in range(20)), Asking(2, budget=budget))
    return open_test(weighed, KEY, DECOYS, GAMMA)


@pytest.mark.parametrize("share", [0.05, 0.2, 1.0])
def test_a_taught_student_is_found(share: float) -> None:
    """Of 2,000 lessons a twentieth, a fifth and all marked: p < 1e-5, and the real key first among 200."""
    found = outcome(Table(lessons(np.random.default_rng(1), 2000, share, KEY)))
    assert found.log_p < math.log(1e-5)
    assert found.log_rank == pytest.approx(math.log(1 / 200))


class Teacher:
    """The unmarked teacher as the provider has it."""

    name = "teacher"

    def probabilities(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        ends = teacher(None)
        before = np.concatenate([[0], tokens[:-1]])
        return np.asarray(np.diff(ends[before, tokens], axis=1, prepend=0.0), np.float64)


def test_against_the_teacher_less_is_enough() -> None:
    """At one lesson in fifty marked the excess over the unmarked teacher finds what probabilities alone do not show."""
    rng = np.random.default_rng(1)
    student = Table(lessons(rng, 1000, 0.02, KEY))
    texts = [text(rng, 200) for _ in range(20)]
    alone = open_test(exam(student, texts, Asking(2)), KEY, DECOYS, GAMMA)
    against = open_test(exam(student, texts, Asking(2), Teacher()), KEY, DECOYS, GAMMA)
    assert against.log_p < alone.log_p
    assert against.log_p < math.log(1e-3)


def test_innocents_are_innocent_against_the_teacher_too() -> None:
    """Under 600 keys that taught nobody the bound is small no oftener than it says."""
    rng = np.random.default_rng(2)
    student = Table(lessons(rng, 200, 0.0, None))
    weighed = exam(student, [text(rng, 2000)], Asking(2), Teacher())
    assert weighed.weights.min() < 0
    masses = green_mass(key_words(KEEPER.decoys(KEY, 600)), weighed.contexts, weighed.tokens, weighed.weights, GAMMA)
    bounds = np.array([chernoff(float(mass), weighed.weights.ravel(), GAMMA) for mass in masses])
    for level in (0.1, 0.01):
        assert clopper_pearson(int((bounds <= math.log(level)).sum()), 600, 0.999)[0] <= level


def test_innocent_students_are_not_found() -> None:
    """Twenty-four students of unmarked lessons, and one of another campaign's: no p-value below 1 in 500."""
    students = [Table(lessons(np.random.default_rng(100 + i), 100, 0.0, None)) for i in range(24)]
    students.append(Table(lessons(np.random.default_rng(99), 300, 1.0, campaign("c-2"))))
    found = [outcome(student, 50 + i, 400) for i, student in enumerate(students)]
    assert min(one.log_p for one in found) > math.log(2e-3)
    ranks = np.exp([one.log_rank for one in found])
    assert 0.25 < ranks.mean() < 0.75


def test_ranks_of_innocent_keys_are_uniform() -> None:
    """On one student every unused key in turn is the real one: as many small ranks as there should be."""
    student = Table(lessons(np.random.default_rng(2), 500, 0.0, None))
    weighed = exam(student, [text(np.random.default_rng(3), 2000)], Asking(2))
    masses = green_mass(key_words(KEEPER.decoys(KEY, 2000)), weighed.contexts, weighed.tokens, weighed.weights, GAMMA)
    bounds = np.array([chernoff(float(mass), weighed.weights.ravel(), GAMMA) for mass in masses])
    for level in (0.1, 0.01):
        assert clopper_pearson(int((bounds <= math.log(level)).sum()), 2000, 0.999)[0] <= level


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9), st.sampled_from([0.25, 0.5]), st.floats(0, 1))
def test_the_bound_is_never_below_the_tail(weights: list[float], gamma: float, place: float) -> None:
    """Against all outcomes of a few coins, counted."""
    total = place * sum(w for w in weights if w > 0)
    tail = 0.0
    for coins in product((0, 1), repeat=len(weights)):
        if sum(w for w, coin in zip(weights, coins, strict=True) if coin) >= total:
            tail += math.prod(gamma if coin else 1 - gamma for coin in coins)
    assert chernoff(total, np.array(weights), gamma) >= math.log(tail) - 1e-6 if tail else True


def test_the_bound_goes_deep() -> None:
    """Ten thousand coins that all came up: the exact log, -10,000 ln 2, is reached."""
    assert chernoff(1e4, np.ones(10_000), 0.5) == pytest.approx(-1e4 * math.log(2), rel=1e-3)


def test_mass_is_that_of_the_twin() -> None:
    """The kernel's sum against numbers of the vocabulary, key by key."""
    weighed = exam(
        Table(lessons(np.random.default_rng(4), 50, 0.0, None)), [text(np.random.default_rng(5), 60)], Asking(2)
    )
    for key in (KEY, *DECOYS[:3]):
        expected = 0.0
        for context, tokens, weights in zip(weighed.contexts, weighed.tokens, weighed.weights, strict=True):
            numbers = uniforms(key.words, context, VOCABULARY)
            expected += float(weights[numbers[tokens] < GAMMA].sum())
        found = green_mass(key_words([key]), weighed.contexts, weighed.tokens, weighed.weights, GAMMA)[0]
        assert found == pytest.approx(expected, rel=1e-12)


def test_served_contexts_tell_more() -> None:
    """With one lesson in a hundred marked, asking where it was served finds what asking everywhere does not see."""
    rng = np.random.default_rng(6)
    taught = lessons(rng, 400, 0.02, KEY)
    student, served = Table(taught), ServedContexts(2)
    for one in taught[:8]:
        served.add(one)
    texts = [text(rng, 200) for _ in range(60)]
    everywhere = open_test(exam(student, texts, Asking(2)), KEY, DECOYS, GAMMA)
    there = open_test(exam(student, texts, Asking(2, served)), KEY, DECOYS, GAMMA)
    assert there.count < everywhere.count
    assert there.log_p < everywhere.log_p


def test_the_wrong_filter_convicts_and_ours_does_not() -> None:
    """An innocent student asked where *context and token* were served looks taught; by context alone it does not."""
    rng = np.random.default_rng(7)
    served_texts = [text(rng, 200, KEY) for _ in range(40)]
    student = Table(lessons(rng, 400, 0.0, None))
    served = ServedContexts(2)
    pairs = set()
    for one in served_texts:
        served.add(one)
        pairs |= set(zip(one[:-2].tolist(), one[1:-1].tolist(), one[2:].tolist(), strict=True))
    texts = [text(rng, 200) for _ in range(60)]
    ours = open_test(exam(student, texts, Asking(2, served)), KEY, DECOYS, GAMMA)
    asking, weights, is_green = Asking(2), [], []
    for one in texts:
        for place in asking.places(one):
            a, b, token = one[place - 2 : place + 1].tolist()
            if (a, b, token) in pairs:
                weights.append(1.0)
                is_green.append(bool(uniforms(KEY.words, [a, b], VOCABULARY)[token] < GAMMA))
    wrong = chernoff(float(sum(is_green)), np.array(weights), GAMMA)
    assert wrong < math.log(1e-6)
    assert ours.log_p > math.log(1e-2)


def test_what_cannot_be_tested_is_refused() -> None:
    """Texts without any context, and no decoys."""
    student = Table(lessons(np.random.default_rng(8), 10, 0.0, None))
    with pytest.raises(InvalidInput, match="no context counts"):
        exam(student, [np.array([1, 2])], Asking(2))
    weighed = exam(student, [text(np.random.default_rng(5), 60)], Asking(2))
    with pytest.raises(InvalidInput, match="at least 1 key"):
        open_test(weighed, KEY, [], GAMMA)


def test_a_teacher_of_another_vocabulary_is_refused() -> None:
    """Their probabilities cannot be held against one another."""

    class Wider(Teacher):
        def probabilities(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
            return np.pad(super().probabilities(tokens), ((0, 0), (0, 1)))

    student = Table(lessons(np.random.default_rng(8), 10, 0.0, None))
    with pytest.raises(InvalidInput, match="share a vocabulary, got 40 and 41"):
        exam(student, [text(np.random.default_rng(5), 60)], Asking(2), Wider())


def test_a_budget_is_kept() -> None:
    """No more places than asked for; of texts that repeat one another only the first counts."""
    student = Table(lessons(np.random.default_rng(8), 10, 0.0, None))
    one = text(np.random.default_rng(5), 300)
    assert len(exam(student, [one] * 50, Asking(2, budget=100)).contexts) == 100
    assert len(exam(student, [one] * 50, Asking(2)).contexts) == len(exam(student, [one], Asking(2)).contexts)
    with pytest.raises(InvalidInput, match="budget"):
        Asking(2, budget=0)


def test_ties_count_against_us() -> None:
    """A decoy with the same mass is above."""
    assert math.exp(rank(1.0, np.array([1.0, 0.0, 0.0]))) == pytest.approx(0.5)


def test_a_filter_by_served_contexts_convicts_no_innocent() -> None:
    """Which contexts were served depends on the key through the tokens before them, never on their own numbers.

    An innocent student under 60 keys, each with answers of its own: no more small p-values than there should be.
    """
    rng = np.random.default_rng(11)
    student = Table(lessons(rng, 60, 0.0, None))
    texts = [text(rng, 200) for _ in range(15)]
    ranks, bounds = [], []
    for i in range(60):
        key, served = campaign(f"served {i}"), ServedContexts(2)
        for _ in range(3):
            served.add(text(rng, 200, key))
        found = open_test(exam(student, texts, Asking(2, served)), key, KEEPER.decoys(key, 39), GAMMA)
        ranks.append(math.exp(found.log_rank))
        bounds.append(found.log_bound)
    assert clopper_pearson(sum(rank <= 0.1 for rank in ranks), 60, 0.999)[0] <= 0.1
    assert clopper_pearson(sum(bound <= math.log(0.1) for bound in bounds), 60, 0.999)[0] <= 0.1
    assert 0.35 < np.mean(ranks) < 0.65
