"""Tuning: what is chosen on traffic whose best setting is known."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.bench.baselines.toy import ToyTraffic, sent

from stillwatch.bench.baselines import BASELINES
from stillwatch.bench.baselines.volume import Volume
from stillwatch.bench.tuning import (
    FALSE_RATE,
    VALIDATION_SEEDS,
    Labelled,
    Provenance,
    Tuned,
    TunedSet,
    load_tuned,
    save_tuned,
    tune,
    tune_all,
)
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.model.baseline import Setting, Traffic

N_LEGITIMATE = 2000


class Fixed:
    """A baseline whose scores are written down: one array a setting, for every traffic."""

    name = "fixed"
    title = "fixed"
    source = "none"

    def __init__(self, *scores: NDArray[np.float64]) -> None:
        self._scores = scores

    def settings(self) -> tuple[Setting, ...]:
        return tuple({"row": i} for i in range(len(self._scores)))

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        assert traffic.n_exchanges == N_LEGITIMATE + 10
        return self._scores[int(setting["row"])]


@pytest.fixture(scope="module")
def labelled() -> Labelled:
    """Ten attackers after two thousand others."""
    traffic = ToyTraffic([sent(f"a{i:05}", i) for i in range(N_LEGITIMATE + 10)])
    return Labelled(traffic, np.arange(N_LEGITIMATE + 10) >= N_LEGITIMATE)


def scores(n_found: int, *, n_above: int = 0) -> NDArray[np.float64]:
    """Scores that put `n_found` attackers over all legitimate accounts, and `n_above` legitimate ones on top."""
    legitimate = np.linspace(0, 1, N_LEGITIMATE)
    legitimate[:n_above] = 9
    return np.append(legitimate, np.where(np.arange(10) < n_found, 5.0, -1.0))


def test_the_better_recall_wins(labelled: Labelled) -> None:
    """Of three, seven and four attackers found: seven."""
    found = tune(Fixed(scores(3), scores(7), scores(4)), [labelled])
    assert (found.setting, found.recall) == ({"row": 1}, 0.7)
    assert [tried.recall for tried in found.tried] == [0.3, 0.7, 0.4]


def test_of_equal_recalls_the_better_order_wins(labelled: Labelled) -> None:
    """Two false accounts in two thousand are allowed, so both find seven; the one without them is better."""
    found = tune(Fixed(scores(7, n_above=2), scores(7)), [labelled])
    assert [tried.recall for tried in found.tried] == [0.7, 0.7]
    assert found.setting == {"row": 1}


def test_three_in_two_thousand_are_too_many(labelled: Labelled) -> None:
    """With a third legitimate account on top, nothing below it may be accused."""
    assert tune(Fixed(scores(7, n_above=3)), [labelled]).recall == 0


def test_the_first_of_equals_wins(labelled: Labelled) -> None:
    """Equal in everything: what the authors recommend."""
    assert tune(Fixed(scores(5), scores(5)), [labelled]).setting == {"row": 0}


def test_the_threshold_keeps_the_false_positive_rate(labelled: Labelled) -> None:
    """From the threshold on at most one legitimate account in a thousand is accused, and lower would be too many."""
    values = np.append(np.random.default_rng(0).normal(size=N_LEGITIMATE), np.full(10, 2.0))
    found = tune(Fixed(values), [labelled, labelled])
    legitimate = values[:N_LEGITIMATE]
    assert (legitimate >= found.threshold).mean() <= FALSE_RATE
    assert (legitimate >= np.nextafter(found.threshold, -np.inf)).mean() > FALSE_RATE


def test_traffic_without_both_kinds_is_refused(labelled: Labelled) -> None:
    """Without an attacker there is nothing to find."""
    nobody = Labelled(labelled.traffic, np.zeros(N_LEGITIMATE + 10, np.bool_))
    with pytest.raises(InvalidInput, match="got 1 of 2"):
        tune(Fixed(scores(1)), [labelled, nobody])


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    """All fields, infinite thresholds too."""
    tuned = Tuned("volume", {"per": 0}, -math.inf, 0.5, 0.25)
    where = Provenance("stillwatch.simulate", (1, 2), 0.01, (5, 6), ("ab", "cd"), "grammar")
    saved = TunedSet(where, {"volume": tuned}, {"other": "not installed"})
    save_tuned(saved, tmp_path / "tuned.json")
    assert load_tuned(tmp_path / "tuned.json") == saved


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"{", UnreadableSource),
        (b"[]", IncompatibleVersion),
        (b'{"layout": 9}', IncompatibleVersion),
        (b'{"layout": 1, "provenance": {}, "baselines": 3}', UnreadableSource),
        (b" " * (1 << 20) + b"{}", UnreadableSource),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    """Each says to tune again."""
    (tmp_path / "tuned.json").write_bytes(content)
    with pytest.raises(error, match="tune the baselines again"):
        load_tuned(tmp_path / "tuned.json")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """Not the same as a damaged one."""
    with pytest.raises(MissingData, match=r"tuned\.json"):
        load_tuned(tmp_path / "tuned.json")


def test_the_package_has_tuned_baselines() -> None:
    """Every baseline has an entry whose setting is in its grid, or a reason; tuned on the validation seeds alone."""
    tuned = load_tuned()
    assert tuned.provenance.generator == "stillwatch.simulate"
    assert tuned.provenance.seeds == VALIDATION_SEEDS
    assert {b.name for b in BASELINES} == set(tuned.baselines) | set(tuned.not_run)
    for baseline in BASELINES:
        if baseline.name in tuned.baselines:
            assert dict(tuned.baselines[baseline.name].setting) in [dict(s) for s in baseline.settings()]


def test_tuning_from_the_simulator_on() -> None:
    """Traffic is written, read and labelled, and what cannot run has its reason."""

    class Absent(Fixed):
        name = "absent"

        def score(self, _traffic: Traffic, _setting: Setting, /) -> NDArray[np.float64]:
            msg = "extra 'embed' is not installed"
            raise MissingData(msg)

    said: list[str] = []
    found = tune_all([Volume(), Absent(scores(1))], seeds=(301,), scale=1 / 1000, on_progress=said.append)
    assert said == ["simulate seed 301", "tune volume", "tune absent"]
    assert found.not_run == {"absent": "extra 'embed' is not installed"}
    assert (found.provenance.prompts, len(found.baselines["volume"].tried)) == ("grammar", 3)
    assert found.provenance.n_exchanges[0] > 10_000
