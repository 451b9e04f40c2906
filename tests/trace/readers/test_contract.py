"""What every reader of the folder keeps to, on its own examples."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace import readers
from stillwatch.trace.readers import READERS
from stillwatch.trace.readers.example import Example
from stillwatch.trace.readers.read import read

SUPPORT = {"__init__", "example", "green_lists", "read", "settings", "tails"}
"""Modules that are no reader."""
CASES = [pytest.param(example, id=f"{each.name}-{i}") for each in READERS for i, example in enumerate(each.examples())]


def text_of(example: Example, random: np.random.Generator, n_tokens: int) -> NDArray[np.int64]:
    """Text of a model with favourite tokens and much repetition, made without any key."""
    words = np.minimum(random.zipf(1.3, n_tokens), example.vocabulary).astype(np.int64) - 1
    return np.concatenate([words, words[: n_tokens // 4], words[n_tokens // 2 :]])


def test_every_module_is_listed() -> None:
    """A reader's module that `READERS` does not name would never be used."""
    modules = {path.stem for path in Path(readers.__file__).parent.glob("*.py") if not path.stem.startswith("_kernels")}
    assert modules - SUPPORT == {each.__module__.rsplit(".", 1)[-1] for each in READERS}


def test_names_differ() -> None:
    """A report names the scheme."""
    assert len({each.name for each in READERS}) == len(READERS)


@pytest.mark.parametrize("example", CASES)
@pytest.mark.parametrize("n_tokens", [0, 1, 2, 5, 60])
def test_one_score_for_each_of_the_last_tokens(example: Example, n_tokens: int) -> None:
    """Contexts and scores are aligned; a text that is too short has none."""
    text = np.random.default_rng(n_tokens).integers(0, example.vocabulary, n_tokens)
    contexts, scores = example.reader.contexts(text), example.reader.scores(text)
    expected = max(n_tokens - example.reader.width, 0)
    assert contexts.shape == scores.shape == (expected,)
    assert (contexts.dtype.name, scores.dtype.name) == ("uint64", "float64")


@pytest.mark.parametrize("example", CASES)
def test_a_score_is_of_its_place_alone(example: Example) -> None:
    """A tail of a text has the tail's contexts and scores, and reading leaves no state."""
    text = text_of(example, np.random.default_rng(0), 60)
    whole, part = example.reader.scores(text), example.reader.scores(text[20:])
    np.testing.assert_array_equal(whole[len(whole) - len(part) :], part)
    np.testing.assert_array_equal(example.reader.contexts(text)[-len(part) :], example.reader.contexts(text[20:]))
    np.testing.assert_array_equal(example.reader.scores(text), whole)


@pytest.mark.parametrize("example", CASES)
def test_contexts_hold_no_key(example: Example) -> None:
    """Scores change with the key, contexts do not: which places count is no choice that favours anybody."""
    text = text_of(example, np.random.default_rng(1), 200)
    np.testing.assert_array_equal(example.reader.contexts(text), example.under(1).contexts(text))
    assert (example.reader.scores(text) != example.under(1).scores(text)).any()


@pytest.mark.parametrize("example", CASES)
def test_equal_contexts_come_from_what_seeds(example: Example) -> None:
    """A run of different tokens has different contexts, and when it comes again it has them again."""
    contexts = example.reader.contexts(np.tile(np.arange(12), 3))
    np.testing.assert_array_equal(contexts[-12:], contexts[-24:-12])
    assert len(np.unique(contexts)) == 12


@pytest.mark.parametrize("example", CASES)
def test_marked_text_is_found_and_other_text_is_not(example: Example) -> None:
    """Text of the engine's own drawing is far out; text made without the key is not."""
    random = np.random.default_rng(2)
    marked = [example.marked(random, 120) for _ in range(8)]
    assert read(example.reader, marked).log_p < np.log(1e-4)
    assert read(example.under(1), marked).log_p > np.log(1e-4)
    innocent = [text_of(example, random, 120) for _ in range(20)]
    assert read(example.reader, innocent).log_p > np.log(1e-4)


@pytest.mark.parametrize("example", CASES)
def test_no_tokens_say_nothing(example: Example) -> None:
    """The tail of nothing, and of a sum that everybody reaches, is 1."""
    assert example.reader.log_tail(0.0, 0) == 0.0
    assert example.reader.log_tail(0.0, 9) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("example", CASES)
def test_the_tail_falls(example: Example) -> None:
    """More of the sum is never likelier."""
    totals = example.reader.null_mean * 40 * np.linspace(0.5, 1.5, 21)
    tails = [example.reader.log_tail(float(np.ceil(total)), 40) for total in totals]
    assert (np.diff(tails) <= 1e-12).all()
    assert tails[0] > -0.2 > -1.5 > tails[-1]


@pytest.mark.parametrize("example", CASES)
def test_innocent_texts_reach_a_tail_as_often_as_it_says(example: Example) -> None:
    """Among 400 texts, each under a key of its own, p-values at or below a level are as many as it says.

    Sums of whole numbers have p-values in steps; there the place within a step is drawn, which makes them uniform.
    """
    random = np.random.default_rng(3)
    p = np.array([_p_of_random_text(example, number, random) for number in range(1, 401)])
    for level in (0.5, 0.1, 0.03):
        low, high = clopper_pearson(int((p <= level).sum()), len(p), 0.9999)
        assert low <= level <= high


def _p_of_random_text(example: Example, number: int, random: np.random.Generator) -> float:
    found = read(example.under(number), [random.integers(0, example.vocabulary, 40)])
    p = float(np.exp(found.log_p))
    if found.total != round(found.total):
        return p
    further = float(np.exp(example.reader.log_tail(found.total + 1, found.count)))
    return further + random.random() * (p - further)


@pytest.mark.parametrize("example", CASES)
def test_the_tail_is_finite_at_depth(example: Example) -> None:
    """Where the chance is below the smallest float its logarithm is still a number."""
    most = example.reader.null_mean * 1.8 * 10_000
    assert -200_000 < example.reader.log_tail(float(round(most)), 10_000) < -800
