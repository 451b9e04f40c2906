"""transformers' green lists: torch's shuffle without torch, and transformers' own processor as the oracle."""

from importlib import import_module
from math import erfc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.bench.trace_nulls.texts import KINDS, windows
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.mark_reader import MarkReader
from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace.readers import _kernels_twister as kernels
from stillwatch.trace.readers import green_lists
from stillwatch.trace.readers.green_lists import GreenLists
from stillwatch.trace.readers.kgw_lefthash import KgwLefthash
from stillwatch.trace.readers.kgw_selfhash import KgwSelfhash
from stillwatch.trace.readers.read import read

KEY = 987_654_321


def processor(scheme: str, window: int, vocabulary: int = 400) -> Any:
    """What transformers marks with."""
    pytest.importorskip("torch")
    process = pytest.importorskip("transformers.generation.logits_process")
    return process.WatermarkLogitsProcessor(vocabulary, "cpu", 0.25, 4.0, KEY, scheme, window)


def by_transformers(marker: Any, runs: NDArray[np.int64], targets: NDArray[np.int64]) -> list[bool]:
    """Whether transformers' own list after each run has the target."""
    torch = import_module("torch")
    return [
        target in marker._get_greenlist_ids(torch.tensor(run)).tolist()
        for run, target in zip(runs, targets.tolist(), strict=True)
    ]


@pytest.mark.parametrize("seed", [0, 5, 2**32 - 1, 2**40 + 7])
def test_words_are_those_of_a_mersenne_twister(seed: int) -> None:
    """Numpy's generator of the seed's low 32 bits, past its 624 words."""
    expected = np.random.RandomState(seed % 2**32).randint(0, 2**32, 2000, dtype=np.uint32)
    np.testing.assert_array_equal(kernels.raw_words(np.uint64(seed), 2000), expected)


def test_the_shuffle_by_hand() -> None:
    """Place i is swapped with place i + word % (n - i)."""
    words = kernels.raw_words(np.uint64(3), 20).tolist()
    order = list(range(20))
    for i in range(19):
        other = i + words[i] % (20 - i)
        order[i], order[other] = order[other], order[i]
    assert kernels.permutation(np.uint64(3), 20, 20).tolist() == order
    assert kernels.permutation(np.uint64(3), 20, 7).tolist() == order[:7]


def test_green_is_the_front_of_the_shuffle() -> None:
    """Seeds in any order, repeated ones among them; ids outside the vocabulary are not green."""
    random = np.random.default_rng(0)
    seeds = random.integers(0, 9, 200).astype(np.uint64)
    tokens = random.integers(-3, 55, 200)
    front = {int(seed): set(kernels.permutation(seed, 50, 12).tolist()) for seed in seeds}
    expected = [token in front[int(seed)] for seed, token in zip(seeds, tokens.tolist(), strict=True)]
    assert GreenLists(50, 0.25).have(seeds, tokens).tolist() == expected


def test_a_fitting_share_is_green() -> None:
    """Over seeds, each token as often as the chance says; the chance is no less than the share."""
    lists = GreenLists(1000, 0.25)
    seeds = np.arange(20_000, dtype=np.uint64)
    assert lists.have(seeds, np.full(20_000, 77)).mean() == pytest.approx(0.25, abs=0.012)
    assert 0.25 < lists.chance < 0.25 + 1e-6


@pytest.mark.parametrize(("vocabulary", "ratio"), [(3, 0.25), (100, 1.0), (100, 0.0)])
def test_some_but_not_all_must_be_green(vocabulary: int, ratio: float) -> None:
    """Otherwise there is no mark."""
    with pytest.raises(InvalidInput):
        GreenLists(vocabulary, ratio)


def test_a_device_needs_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setattr(green_lists, "import_module", lambda name: import_module(f"absent_{name}"))
    with pytest.raises(MissingData, match=r"stillwatch\[models\]"):
        GreenLists(100, device="cuda")


@pytest.mark.parametrize("window", [0, 17])
def test_windows_out_of_range_are_refused(window: int) -> None:
    """At least the token itself."""
    with pytest.raises(InvalidInput):
        KgwSelfhash(KEY, GreenLists(100), window)


def test_lefthash_counts_a_last_token_once() -> None:
    """Whatever stands before it."""
    contexts = KgwLefthash(KEY, GreenLists(100)).contexts(np.array([1, 2, 3, 9, 2, 4]))
    assert contexts[1] == contexts[4]
    assert len(set(contexts.tolist())) == 4


def test_selfhash_counts_a_token_once() -> None:
    """The same token after other ones may have the same seed and then has the same score."""
    reader = KgwSelfhash(KEY, GreenLists(100), 2)
    text = np.array([1, 50, 2, 50, 3, 50])
    contexts = reader.contexts(text)
    assert contexts[0] == contexts[2] == contexts[4]
    assert len(set(contexts.tolist())) == 3


def test_torch_draws_the_same_lists() -> None:
    """Without torch and by torch on a CPU."""
    pytest.importorskip("torch")
    random = np.random.default_rng(1)
    seeds = np.sort(random.integers(0, 2**63, 20)).astype(np.uint64)
    seeds = np.r_[seeds, seeds + np.uint64(2**63)]
    tokens = random.integers(0, 5000, 40)
    ours, torchs = GreenLists(5000), GreenLists(5000, device="cpu")
    np.testing.assert_array_equal(ours.have(seeds, tokens), torchs.have(seeds, tokens))
    np.testing.assert_array_equal(ours.shuffled(7, 1_000_003, 5000), torchs.shuffled(7, 1_000_003, 5000))


@pytest.mark.parametrize("width", [1, 3])
def test_lefthash_scores_are_those_of_transformers(width: int) -> None:
    """The last token seeds, whatever `context_width` says."""
    marker = processor("lefthash", width)
    text = np.random.default_rng(2).integers(0, 400, 150)
    runs = np.lib.stride_tricks.sliding_window_view(text, width + 1)
    expected = by_transformers(marker, runs[:, :-1], runs[:, -1])
    found = KgwLefthash(KEY, GreenLists(400)).scores(text)[width - 1 :]
    assert found.tolist() == expected


@pytest.mark.parametrize("window", [1, 2, 4])
def test_selfhash_scores_are_those_of_transformers(window: int) -> None:
    """Products that wrap below zero included."""
    marker = processor("selfhash", window)
    text = np.random.default_rng(3).integers(0, 400, 150)
    runs = np.lib.stride_tricks.sliding_window_view(text, window)
    expected = by_transformers(marker, runs, runs[:, -1])
    assert KgwSelfhash(KEY, GreenLists(400), window).scores(text).tolist() == expected


def by_defaults(scores: NDArray[np.float64]) -> float:
    """The p-value of `WatermarkDetector` with its defaults: every place counts, normal distribution."""
    spread = np.sqrt(len(scores) * 0.25 * 0.75)
    return 0.5 * erfc((scores.sum() - 0.25 * len(scores)) / spread / np.sqrt(2))


def test_the_defaults_of_transformers_convict_program_text() -> None:
    """Trap: repeats counted as evidence. 200 tokens of Python under 1,200 keys, at a nominal 1 %."""
    texts = [tokens % 1000 for tokens in windows(KINDS["program text"](), 200, 1200)]
    readers = [KgwLefthash(KEY + 2 * number, GreenLists(1000)) for number in range(len(texts))]
    theirs = [by_defaults(reader.scores(text)) for reader, text in zip(readers, texts, strict=True)]
    ours = [read(reader, [text]).log_p for reader, text in zip(readers, texts, strict=True)]
    assert np.mean(np.array(theirs) <= 0.01) > 0.05
    assert clopper_pearson(int((np.array(ours) <= np.log(0.01)).sum()), len(ours), 0.999)[0] <= 0.01


def test_their_defaults_are_what_is_shown() -> None:
    """Transformers' own detector gives that p-value."""
    pytest.importorskip("torch")
    generation = pytest.importorskip("transformers")
    torch = import_module("torch")
    config = generation.GPT2Config(vocab_size=400, bos_token_id=399)
    marking = generation.WatermarkingConfig(hashing_key=KEY)
    text = np.random.default_rng(4).integers(0, 399, 100)
    theirs = generation.WatermarkDetector(config, "cpu", marking)(torch.tensor(text)[None], return_dict=True)
    assert theirs.p_value[0] == pytest.approx(by_defaults(KgwLefthash(KEY, GreenLists(400)).scores(text)), rel=1e-6)


@pytest.mark.parametrize("scheme", ["lefthash", "selfhash"])
def test_text_that_transformers_marks_is_found(scheme: str) -> None:
    """Random logits through transformers' own processor."""
    marker = processor(scheme, 2)
    torch = import_module("torch")
    torch.manual_seed(0)
    texts = torch.randint(0, 400, (6, 2))
    for _ in range(60):
        logits = marker(texts, 2.0 * torch.randn(6, 400))
        texts = torch.cat([texts, torch.multinomial(torch.softmax(logits, -1), 1)], dim=1)
    kinds: dict[str, MarkReader] = {
        "lefthash": KgwLefthash(KEY, GreenLists(400)),
        "selfhash": KgwSelfhash(KEY, GreenLists(400), 2),
    }
    for name, reader in kinds.items():
        log_p = read(reader, texts.numpy()).log_p
        assert log_p < np.log(1e-6) if name == scheme else log_p > np.log(1e-3)
