"""Trigram teachers and students: probabilities by brute force, and the whole experiment in seconds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.experiments.corpus import Words, library_texts
from stillwatch.trace.experiments.exam import Result, examine, places
from stillwatch.trace.experiments.trigram import Trigram
from stillwatch.trace.keys.key import MarkKey, Purpose, derive
from stillwatch.trace.mark.options import Scheme

VOCABULARY = 400
SCHEME = Scheme(delta=2.0)
KEY, OTHER, UNUSED = (derive(bytes(32), Purpose.CAMPAIGN, name, "epoch") for name in ("one", "other", "unused"))


@pytest.fixture(scope="module")
def teacher() -> Trigram:
    """A table of Python's library."""
    texts = list(library_texts(400_000))
    words = Words(texts, VOCABULARY)
    return Trigram(np.concatenate([words.encode(text) for text in texts]), VOCABULARY)


@pytest.fixture(scope="module")
def served(teacher: Trigram) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Marked answers, unmarked answers, and unmarked text to ask in."""
    start = np.array([32, 300])
    marked = teacher.text(np.random.default_rng(1), start, 12_000, SCHEME, KEY.words)
    plain, asked = (teacher.text(np.random.default_rng(seed), start, 12_000) for seed in (2, 3))
    return marked, plain, asked


def _sat(student: Trigram, key: MarkKey, marked: NDArray[np.int64], asked: NDArray[np.int64]) -> Result:
    at = places(asked, marked, 2)
    return examine(asked, at, student.answers(np.random.default_rng(4), asked, at), key, [UNUSED], SCHEME)


def test_probabilities_by_brute_force() -> None:
    """A row is the counts with the shorter context's row as so many occurrences more, and sums to 1."""
    tokens = np.random.default_rng(0).integers(0, 6, 300)
    model = Trigram(tokens, 6, smoothing=2.0)
    alone = np.bincount(tokens, minlength=6) + 1 / 6
    alone /= alone.sum()
    for before, last in ((1, 2), (5, 5), (0, 3)):
        after_one = [tokens[i + 1] for i in range(299) if tokens[i] == last]
        after_two = [tokens[i + 2] for i in range(298) if (tokens[i], tokens[i + 1]) == (before, last)]
        one = (np.bincount(after_one, minlength=6) + 2 * alone) / (len(after_one) + 2)
        two = (np.bincount(after_two, minlength=6) + 2 * one) / (len(after_two) + 2)
        np.testing.assert_allclose(model.probabilities(before, last), two)
        assert model.probabilities(before, last).sum() == pytest.approx(1.0)


def test_a_student_inherits_the_mark(served: tuple[NDArray[np.int64], ...]) -> None:
    """A student of marked answers is found at p < 1e-5, not under another key; an innocent one is not found."""
    marked, plain, asked = served
    student = Trigram(marked, VOCABULARY)
    assert _sat(student, KEY, marked, asked).log_p_open < np.log(1e-5)
    assert _sat(student, OTHER, marked, asked).log_p_open > np.log(1e-3)
    assert _sat(Trigram(plain, VOCABULARY), KEY, marked, asked).log_p_open > np.log(1e-3)


def test_more_mark_more_evidence(served: tuple[NDArray[np.int64], ...]) -> None:
    """The open statistic rises with the share of marked answers."""
    marked, plain, asked = served
    half = np.concatenate((marked[:6000], plain[6000:]))
    found = [_sat(Trigram(texts, VOCABULARY), KEY, marked, asked).z for texts in (plain, half, marked)]
    assert found[0] < found[1] < found[2]


def test_accounts_change_no_likelihood(teacher: Trigram) -> None:
    """The account layer's text is as likely to the teacher as an ordinary one: within 5 % a token."""
    start = np.array([32, 300])

    def nats(text: NDArray[np.int64]) -> float:
        pairs = zip(text[:-2], text[1:-1], text[2:], strict=True)
        return -float(np.mean([np.log(teacher.probabilities(int(a), int(b))[c]) for a, b, c in pairs]))

    marked = teacher.text(np.random.default_rng(5), start, 6000, SCHEME, account=KEY.words)
    assert nats(marked) == pytest.approx(nats(teacher.text(np.random.default_rng(6), start, 6000)), rel=0.05)


def test_too_little_text() -> None:
    """A text of two tokens, or no smoothing, is refused."""
    with pytest.raises(InvalidInput, match=r"got 2 and 4\.0"):
        Trigram(np.array([1, 2]), 5)
    with pytest.raises(InvalidInput, match=r"got 3 and 0\.0"):
        Trigram(np.array([1, 2, 3]), 5, smoothing=0.0)
