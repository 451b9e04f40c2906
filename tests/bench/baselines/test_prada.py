"""PRADA on windows whose distances are known."""

import numpy as np
import pytest
from scipy.stats import shapiro
from tests.bench.baselines.texts import TextTraffic, sentences

from stillwatch.bench.baselines.prada import Prada, lowest_normality


def test_normality_is_the_lowest_of_all_tests() -> None:
    """After every tenth distance, without outliers, W is scipy's; the smallest one counts."""
    distances = np.concatenate([np.random.default_rng(3).normal(1, 0.1, 40), np.repeat([0.2, 1.2], 20), [9.0] * 10])
    tests = []
    for n in range(30, 91, 10):
        seen = distances[:n]
        kept = seen[np.abs(seen - seen.mean()) < 3 * seen.std()]
        if len(kept) > 30:
            tests.append(shapiro(kept).statistic)
    assert lowest_normality(distances, 30) == pytest.approx(min(tests))
    assert len(tests) > 3


@pytest.mark.parametrize("distances", [np.arange(20.0), np.ones(200), np.zeros(0)])
def test_what_cannot_be_tested_is_nan(distances: np.ndarray) -> None:
    """Too few distances, and distances that are all the same, have no W."""
    assert np.isnan(lowest_normality(distances, 20))


def test_finds_prompts_in_bursts_of_near_copies() -> None:
    """An account whose distances have two heaps stands over accounts that write freely; small ones are not judged."""
    rng = np.random.default_rng(5)
    prompts = {f"person{i}": sentences(rng, 150, "w") for i in range(6)}
    prompts["synthetic"] = [text for seed in sentences(rng, 75, "w") for text in (seed, f"{seed} again")]
    prompts["small"] = sentences(rng, 90, "w")
    traffic = TextTraffic(prompts, trusted=list(prompts))
    scores = dict(zip(sorted(prompts), Prada().score(traffic, {"min_distances": 100}), strict=True))
    assert scores.pop("small") == -np.inf
    assert max(scores, key=lambda name: scores[name]) == "synthetic"
    assert min(scores.values()) >= 0
