"""Reading over many texts: unique contexts, memory, and why sums of sums convict innocents."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace.mark import gumbel
from stillwatch.trace.readers.read import Reading, read, share_marked
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel


def test_reading_equals_one_long_bookkeeping() -> None:
    """Totals are those of a dictionary that keeps the first score of each context."""
    random = np.random.default_rng(1)
    reader, texts = VllmGumbel(9, 1), [random.integers(0, 30, 50) for _ in range(20)]
    first: dict[int, float] = {}
    for text in texts:
        for context, score in zip(reader.contexts(text).tolist(), reader.scores(text).tolist(), strict=True):
            first.setdefault(context, score)
    found = read(reader, iter(texts))
    assert (found.texts, found.count, found.repeats_left_out) == (20, len(first), 20 * 49 - len(first))
    assert found.total == pytest.approx(sum(first.values()), rel=1e-12)
    assert found.log_p == pytest.approx(gumbel.log_tail(found.total, found.count))


def test_a_text_repeated_adds_nothing() -> None:
    """A thousand copies are one text."""
    text = np.random.default_rng(2).integers(0, 5000, 300)
    once, often = read(VllmGumbel(9), [text]), read(VllmGumbel(9), (text for _ in range(1000)))
    assert (once.total, once.count, once.log_p) == (often.total, often.count, often.log_p)
    assert often.repeats_left_out == 999 * 296


def test_full_memory_is_said() -> None:
    """Past it tokens are counted and left alone, and the p-value is that of the rest."""
    texts = [np.random.default_rng(seed).integers(0, 50_000, 604) for seed in range(5)]
    found = read(VllmGumbel(9), texts, 1024)
    assert (found.count, found.beyond_memory) == (1024, 5 * 600 - 1024)
    assert found.log_p > np.log(1e-4)


@pytest.mark.parametrize("texts", [[], [[]], [[1, 2, 3]], [np.zeros(0, np.int64)]])
def test_nothing_to_read(texts: list[list[int]]) -> None:
    """No text, an empty one and a short one say nothing."""
    found = read(VllmGumbel(9), texts)
    assert (found.count, found.total, found.log_p, found.mean) == (0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("text", [[1.5] * 9, [-1] * 9, [2**32] * 9, [[1, 2]] * 9])
def test_what_is_no_text_is_refused(text: list[object]) -> None:
    """Token ids are whole numbers of 32 bits in one row."""
    with pytest.raises(InvalidInput):
        read(VllmGumbel(9), [np.array(text)])


def corpus(random: np.random.Generator) -> list[NDArray[np.int64]]:
    """Forty innocent texts that quote a common stock of phrases, as human texts do."""
    stock = [random.integers(0, 5000, 20) for _ in range(6)]
    return [np.concatenate([stock[i] for i in random.integers(0, 6, 8)]) for _ in range(40)]


def test_adding_up_texts_convicts_innocents() -> None:
    """Trap: what summing engine detectors does, against contexts that are unique over the corpus."""
    random = np.random.default_rng(4)
    added, ours = [], []
    for key in range(300):
        reader, texts = VllmGumbel(key), corpus(random)
        alone = [read(reader, [text]) for text in texts]
        added.append(gumbel.log_tail(sum(one.total for one in alone), sum(one.count for one in alone)))
        ours.append(read(reader, texts).log_p)
    assert np.mean(np.array(added) <= np.log(0.01)) > 0.2
    assert min(added) < np.log(1e-9)
    low, high = clopper_pearson(int((np.array(ours) <= np.log(0.1)).sum()), len(ours), 0.999)
    assert low <= 0.1 <= high
    assert min(ours) > np.log(1e-5)


def test_share_between_none_and_all() -> None:
    """Clipped to 0 and 1; nothing read is nothing marked."""
    assert share_marked(Reading(1, 10, 9.0, 0.0, 0), 1.0, 2.0) == 0.0
    assert share_marked(Reading(1, 10, 30.0, 0.0, 0), 1.0, 2.0) == 1.0
    assert share_marked(Reading(0, 0, 0.0, 0.0, 0), 1.0, 2.0) == 0.0
    with pytest.raises(InvalidInput):
        share_marked(Reading(1, 10, 9.0, 0.0, 0), 1.0, 1.0)
