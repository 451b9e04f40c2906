"""Topic sketches: alike for one subject, unrelated for two."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.sketch.exchanges import exchanges

from stillwatch.sketch import PhraseCounts, segments, twins
from stillwatch.sketch._kernels_topic import N_WORDS, topic_of

SUBJECTS = {
    "boats": "harbour sail mast anchor keel rudder tide captain deck rope hull voyage",
    "bread": "flour yeast oven dough crust butter knead loaf bakery rise salt sourdough",
    "stars": "galaxy telescope orbit nebula comet planet lunar eclipse photon cosmic gravity asteroid",
    "中文": "股票 市场 投资 基金 利率 银行 债券 收益 风险 资产 交易 价格",
}
COMMON = ["what", "is", "the", "way", "to", "say", "how", "i", "can", "do", "this", "and"]


def prompts(subject: str, n: int, seed: int) -> list[str]:
    """Prompts of six content words and ten common ones."""
    rng = np.random.default_rng(seed)
    words = SUBJECTS[subject].split()
    return [
        " ".join(rng.permutation([*rng.choice(words, 6, replace=False), *rng.choice(COMMON, 10, replace=False)]))
        for _ in range(n)
    ]


def signs(topics: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Topics as rows of +1 and -1."""
    bits = np.unpackbits(np.array(topics, np.uint64).view(np.uint8).reshape(-1, 8), axis=1)
    return bits.astype(np.float64) * 2 - 1


def test_one_subject_is_alike_and_two_are_not() -> None:
    """Mean cosine is clear within a subject and near zero between two."""
    texts = [text for i, subject in enumerate(SUBJECTS) for text in prompts(subject, 300, i)]
    counts = PhraseCounts.empty(2000).add(pa.array(texts), np.ones(len(texts), np.bool_))
    rows, _ = segments(exchanges(len(texts), prompt_text=texts), counts)
    vectors = signs(rows["topic"].to_pylist()).reshape(len(SUBJECTS), 300, 64)
    cosine = np.einsum("aix,bjx->ab", vectors, vectors) / (300 * 300 * 64)
    across = cosine[~np.eye(len(SUBJECTS), dtype=np.bool_)]
    assert np.diag(cosine).min() > 0.3
    assert np.abs(across).mean() < 0.1
    assert np.abs(across).max() < np.diag(cosine).min() / 2


def test_numbers_are_not_a_subject() -> None:
    """A prompt of numbers has no topic."""
    counts = PhraseCounts.empty(1).add(pa.array(["1 2 3 4"]), np.ones(1, np.bool_))
    rows, _ = segments(exchanges(2, prompt_text=["1 2 3 4", "about 7"]), counts)
    assert [bool(topic) for topic in rows["topic"].to_pylist()] == [False, True]


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 63)), max_size=30))
def test_kernel_agrees_with_twin(counted: list[tuple[int, int]]) -> None:
    """Weights by the bits of a count, then the signs of the sums."""
    scale = np.arange(64, dtype=np.int32) % 9
    words = np.zeros(N_WORDS, np.uint32)
    for feature, bits in counted:
        words[feature & (N_WORDS - 1)] = 1 << bits % 32
    features = np.array([feature for feature, _ in counted], np.uint64)
    weights, sums = np.empty(len(counted), np.int32), np.empty(64, np.int32)
    weighted = ((f, int(scale[int(words[f & (N_WORDS - 1)]).bit_length() - 1])) for f, _ in counted)
    assert topic_of(words, scale, features, len(counted), weights, sums) == twins.topic(weighted)
