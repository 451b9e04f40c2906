"""Exams of students: brute force, innocent students, and a student that knows."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, kstest

from stillwatch.errors import InvalidInput
from stillwatch.trace.experiments import _kernels_exam as kernels
from stillwatch.trace.experiments.exam import Answers, examine, log_weighted_tail, masses_twin, places
from stillwatch.trace.mark.prf import uniforms

VOCABULARY = 40
TEXT = np.random.default_rng(0).integers(0, VOCABULARY, 900)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.05, 0.95), st.floats(0, 1))
def test_the_bound_is_above_the_exact_tail(weights: list[float], gamma: float, share: float) -> None:
    """Over all outcomes of few weighted coins, P(sum >= total) is never above the bound."""
    total = share * sum(weights)
    exact = 0.0
    for heads in product([0, 1], repeat=len(weights)):
        if np.dot(heads, weights) >= total:
            exact += gamma ** sum(heads) * (1 - gamma) ** (len(heads) - sum(heads))
    assert exact <= np.exp(log_weighted_tail(total, np.array(weights), gamma)) * (1 + 1e-9)


def test_the_bound_is_sharp() -> None:
    """With equal weights the bound is near the binomial tail far out: its log within 8 % at p = 1e-25."""
    exact = float(binom.logsf(779, 1200, 0.5))
    assert exact > log_weighted_tail(780.0, np.ones(1200), 0.5) * 1.08
    assert exact < -50


def test_places_are_first_and_served() -> None:
    """Brute force: the first place of each context, when it was served, whatever token follows."""
    asked, served = TEXT[:400] % 12, TEXT[400:500] % 12
    known = {tuple(served[i : i + 2]) for i in range(len(served) - 2)}
    seen: set[tuple[int, ...]] = set()
    wanted = []
    for at in range(2, len(asked)):
        context = tuple(asked[at - 2 : at])
        if context not in seen and context in known:
            wanted.append(at)
        seen.add(context)
    assert places(asked, served, 2).tolist() == wanted
    twice = [at for at in wanted if sum((served[i : i + 2] == asked[at - 2 : at]).all() for i in range(98)) >= 2]
    assert places(asked, served, 2, least=2).tolist() == twice
    assert twice
    assert len(places(asked, None, 2)) == len({tuple(asked[i : i + 2]) for i in range(398)})


def _answers(rng: np.random.Generator, count: int, tilt: np.ndarray | None = None) -> Answers:
    raw = rng.dirichlet(np.full(VOCABULARY, 0.3), count)
    if tilt is not None:
        raw = raw * tilt
        raw /= raw.sum(1, keepdims=True)
    tokens = np.tile(np.arange(VOCABULARY), (count, 1))
    drawn = np.array([rng.choice(VOCABULARY, p=row) for row in raw])
    return Answers(tokens, raw, drawn)


def test_innocent_students() -> None:
    """Over 200 keys an innocent student's rank is uniform, and neither tail lies below the uniform."""
    rng = np.random.default_rng(3)
    at = places(TEXT, None, 2)[:300]
    results = []
    for i in range(200):
        keys = [(int(a), int(b)) for a, b in rng.integers(0, 2**63, (20, 2))]
        results.append(examine(TEXT, at, _answers(np.random.default_rng(i % 20), len(at)), keys))
    assert kstest([r.p_rank - rng.random() / 20 for r in results], "uniform").pvalue > 1e-3
    for tail in ("log_p_open", "log_p_closed"):
        found = np.exp([getattr(r, tail) for r in results])
        assert kstest(found, "uniform", alternative="greater").pvalue > 1e-3
    assert abs(np.std([r.z for r in results]) - 1) < 0.2


def test_a_student_that_knows() -> None:
    """A student whose probabilities lean to the green half is found in both ways, and only with the right key."""
    rng = np.random.default_rng(4)
    at = places(TEXT, None, 2)[:300]
    green = np.array([uniforms((5, 6), TEXT[i - 2 : i], VOCABULARY) < 0.5 for i in at])
    answers = _answers(rng, len(at), np.where(green, 2.0, 1.0))
    others = [(int(a), int(b)) for a, b in rng.integers(0, 2**63, (99, 2))]
    right = examine(TEXT, at, answers, [(5, 6), *others])
    wrong = examine(TEXT, at, answers, [others[0], (5, 6)])
    assert right.p_rank == 0.01
    assert right.log_p_open < np.log(1e-8)
    assert right.log_p_closed < np.log(1e-3)
    assert wrong.log_p_open > np.log(1e-3)


@given(st.integers(0, 2**30), st.floats(0.05, 0.95), st.integers(1, 5))
def test_the_kernel_is_its_twin(seed: int, gamma: float, width: int) -> None:
    """Compiled masses equal the plain ones for any keys, widths and shares of green, left out tokens included."""
    rng = np.random.default_rng(seed)
    at = rng.integers(width, len(TEXT), 7)
    chances = rng.random((7, 4)) * (rng.random((7, 4)) < 0.7)
    answers = Answers(rng.integers(0, VOCABULARY, (7, 4)), chances, np.zeros(7, np.int64))
    keys = rng.integers(0, 2**64, (3, 2), np.uint64)
    found = kernels.masses(keys, TEXT, at, width, answers.tokens, chances, gamma)
    pairs = [(int(a), int(b)) for a, b in keys]
    np.testing.assert_allclose(found, masses_twin(TEXT, at, answers, pairs, width=width, gamma=gamma), atol=1e-12)


def test_nothing_to_ask() -> None:
    """No places: no evidence. Answers that are of other places are refused."""
    nothing = _answers(np.random.default_rng(0), 0)
    assert examine(TEXT, np.zeros(0, np.int64), nothing, [(1, 2)]).p_rank == 1.0
    with pytest.raises(InvalidInput, match="1 keys, 0 answers"):
        examine(TEXT, np.array([4]), nothing, [(1, 2)])
