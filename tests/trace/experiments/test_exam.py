"""Exams of students: brute force, innocent students, and a student that knows."""

import numpy as np
import pytest
from scipy.stats import kstest

from stillwatch.errors import InvalidInput
from stillwatch.trace.experiments.exam import Answers, examine, places
from stillwatch.trace.keys.key import MarkKey, Purpose, derive
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import uniforms

VOCABULARY = 40
TEXT = np.random.default_rng(0).integers(0, VOCABULARY, 900)


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


def _keys(epoch: str, count: int) -> list[MarkKey]:
    return [derive(bytes(32), Purpose.CAMPAIGN, f"campaign {i}", epoch) for i in range(count)]


def _two() -> tuple[MarkKey, list[MarkKey]]:
    key, decoy = _keys("epoch", 2)
    return key, [decoy]


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
        key, *decoys = _keys(f"epoch {i}", 20)
        results.append(examine(TEXT, at, _answers(np.random.default_rng(i % 20), len(at)), key, decoys, Scheme()))
    assert kstest([r.p_rank - rng.random() / 20 for r in results], "uniform").pvalue > 1e-3
    for tail in ("log_p_open", "log_p_closed"):
        found = np.exp([getattr(r, tail) for r in results])
        assert kstest(found, "uniform", alternative="greater").pvalue > 1e-3
    assert abs(np.std([r.z for r in results]) - 1) < 0.2


def test_a_student_that_knows() -> None:
    """A student whose probabilities lean to the green half is found in both ways, and only with the right key."""
    rng = np.random.default_rng(4)
    at = places(TEXT, None, 2)[:300]
    key, *others = _keys("epoch", 100)
    green = np.array([uniforms(key.words, TEXT[i - 2 : i], VOCABULARY) < 0.5 for i in at])
    answers = _answers(rng, len(at), np.where(green, 2.0, 1.0))
    right = examine(TEXT, at, answers, key, others, Scheme())
    wrong = examine(TEXT, at, answers, others[0], [key], Scheme())
    assert right.p_rank == pytest.approx(0.01)
    assert wrong.p_rank == 1.0
    assert right.log_p_open < np.log(1e-8)
    assert right.log_p_closed < np.log(1e-3)
    assert wrong.log_p_open > np.log(1e-3)


def test_nothing_to_ask() -> None:
    """No places: no evidence. Answers that are of other places are refused."""
    nothing = _answers(np.random.default_rng(0), 0)
    assert examine(TEXT, np.zeros(0, np.int64), nothing, *_two(), Scheme()).p_rank == 1.0
    with pytest.raises(InvalidInput, match="got 0 for 1"):
        examine(TEXT, np.array([4]), nothing, *_two(), Scheme())
