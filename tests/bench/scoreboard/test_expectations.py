"""Expectations: what is noise passes, what is worse does not, and unlike runs are not compared."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

from stillwatch.bench.scoreboard.expectations import Expectation, Expected
from stillwatch.bench.scoreboard.results import OURS, Board, Outcome
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData

from .boards import example_board


def board(recalls: dict[int, float], n_false: int = 0) -> Board:
    """Our outcomes alone, with a recall each."""
    whole = example_board(tuple(recalls))
    ours = [o for o in whole.outcomes if o.method == OURS]
    changed = [replace(o, recall={"0": recalls[o.seed], "0.001": 1.0}, n_false=n_false) for o in ours]
    return replace(whole, outcomes=tuple(changed), failures=())


def test_noise_passes_and_regressions_do_not() -> None:
    """A run inside the width of noise passes; one below is named with its limit, and only it."""
    expected = Expectation.of(board({1: 0.90, 2: 0.94, 3: 0.92, 4: 0.93}))
    assert expected.regressions(board({9: 0.86})) == []
    (worse,) = expected.regressions(board({9: 0.70}))
    assert worse.measure == "campaigns recall_0"
    assert "is 0.7, worse than" in str(worse)
    (false,) = expected.regressions(board({9: 0.92}, n_false=1))
    assert (false.measure, false.limit) == ("campaigns n_false", 0.5)


def test_better_is_never_a_regression() -> None:
    """Higher recall and fewer false accounts than ever seen pass."""
    expected = Expectation.of(board({1: 0.5, 2: 0.5, 3: 0.5}, n_false=3))
    assert expected.regressions(board({9: 1.0}, n_false=0)) == []


def test_the_limit_is_the_prediction_interval() -> None:
    """One-sided, 99 %, for the mean of as many seeds as the new run has; it rarely cries wolf."""
    limit = Expected(0.9, 0.05, 6, more_is_better=True).limit(2)
    assert limit == pytest.approx(0.9 - student.ppf(0.99, 5) * 0.05 * math.sqrt(1 / 2 + 1 / 6))
    rng = np.random.default_rng(1)
    draws = rng.normal(0.6, 0.05, (4000, 7))
    low = [Expected(float(d[:6].mean()), float(d[:6].std(ddof=1)), 6, more_is_better=True).limit(1) for d in draws]
    assert np.mean(draws[:, 6] < low) == pytest.approx(0.01, abs=0.006)


def test_a_measure_that_is_gone_is_a_regression() -> None:
    """A scan that failed must not look like no regression."""
    expected = Expectation.of(board({1: 0.9, 2: 0.9, 3: 0.9}))
    broken = replace(board({9: 0.9}), outcomes=(Outcome(OURS, "campaigns", 9, "failed: x"),))
    assert {r.measure for r in expected.regressions(broken)} == set(expected.measures)


def test_files_and_unlike_runs(tmp_path: Path) -> None:
    """What was saved is loaded; other scales, too few seeds, absent and damaged files are refused."""
    expected = Expectation.of(board({1: 0.9, 2: 0.8, 3: 0.9}))
    expected.save(tmp_path / "e.json")
    assert Expectation.load(tmp_path / "e.json") == expected
    other = board({9: 0.9})
    with pytest.raises(InvalidInput, match=r"scale 0\.05 is not 0\.0025"):
        expected.regressions(replace(other, setup=replace(other.setup, scale=0.05)))
    with pytest.raises(InvalidInput, match="at least 3 seeds, got 2"):
        Expectation.of(board({1: 0.9, 2: 0.9}))
    with pytest.raises(MissingData, match="--save-expectation"):
        Expectation.load(tmp_path / "none.json")
    for text in ("{", '{"format_version": 9}', "[]"):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(IncompatibleVersion):
            Expectation.load(tmp_path / "bad.json")
