"""Methods against the truth of a world written by hand: every number was counted on paper."""

import math
from pathlib import Path

import numpy as np
import pytest

from stillwatch.bench.scoreboard.judging import judge_baseline, judge_scan
from stillwatch.bench.scoreboard.results import Outcome
from stillwatch.bench.scoreboard.truth import Truth, planted_times
from stillwatch.errors import MissingData

from .worlds_by_hand import FACTS, score_table, write_findings, write_world

SCORES = {"bad-1": 30.0, "bad-2": 12.0, "relay-1": 12.0, "class-1": 12.0, "class-2": 3.0, "ann": -math.inf}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world."""
    return write_world(tmp_path_factory.mktemp("world") / "w")


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    """Its truth."""
    return Truth.read(folder)


def test_truth_counts_accounts_and_exchanges(truth: Truth, tmp_path: Path) -> None:
    """Operators' accounts are attackers, people's exchanges on them are legitimate, one unit holds both pupils."""
    assert truth.campaign == ("relay-mixed", "slow-drip")
    assert truth.account_id.to_pylist() == ["ann", "bad-1", "bad-2", "class-1", "class-2", "relay-1"]
    assert truth.is_attacker.tolist() == [False, True, True, False, False, True]
    assert truth.sent[5].tolist() == [2, 0, 8]
    assert truth.planted.tolist() == [2, 10]
    assert truth.unit[3] == truth.unit[4] != truth.unit[0]
    with pytest.raises(MissingData, match="simulate"):
        Truth.read(tmp_path)


def test_times_of_a_campaign_ascend(folder: Path) -> None:
    """Only planted exchanges, by campaign."""
    times = planted_times(folder)
    assert {name: len(t) for name, t in times.items()} == {"relay-mixed": 2, "slow-drip": 10}
    assert (np.diff(times["slow-drip"]) >= 0).all()


def test_a_scan_is_judged_by_exchange(folder: Path, truth: Truth, tmp_path: Path) -> None:
    """Harvest accuses, unclear leaves a question open, and each campaign is told what became of it."""
    drip = [f"bad-1/slow-drip/{i}" for i in range(6)] + ["class-1/ok/0"]
    found = {"c1": ("harvest", drip), "c2": ("unclear", ["relay-1/relay-mixed/0", "class-2/ok/1"])}
    out = write_findings(tmp_path / "out", found, SCORES)
    judged = judge_scan(folder, truth, out, FACTS, "campaigns", 7)
    outcome = judged.outcome
    assert (outcome.n_planted, outcome.n_accused, outcome.n_right) == (12, 7, 6)
    assert (outcome.n_false, outcome.false_by_kind, outcome.open_by_kind) == (1, {"classrooms": 1}, {"classrooms": 1})
    assert (outcome.n_attackers, outcome.n_legitimate) == (3, 3)
    assert outcome.recall["0"] == pytest.approx(1 / 3)
    relay, slow = outcome.scenarios
    assert (slow.coverage, slow.found) == (0.6, False)
    assert slow.purity == pytest.approx(6 / 7)
    assert slow.outcome == "missed: 60% of it in one harvest campaign, not 90% its own"
    assert relay.outcome == "missed: 50% of it in one unclear campaign"
    assert (relay.exchange_recall, relay.account_recall) == (0.0, 0.0)
    assert judged.false.tolist() == [[1, 2], [0, 1]]
    assert judged.n_by_kind == {"classrooms": 2, "people": 1}


def test_a_scan_without_findings_has_zeros(folder: Path, truth: Truth, tmp_path: Path) -> None:
    """Nothing reported at all: every scenario is there with a recall of 0."""
    out = write_findings(tmp_path / "out", {}, SCORES)
    outcome = judge_scan(folder, truth, out, FACTS, "campaigns", 7).outcome
    assert [row.outcome for row in outcome.scenarios] == ["missed: not reported at all"] * 2
    assert (outcome.n_accused, outcome.n_right) == (0, 0)


def test_a_baseline_is_judged_by_account(truth: Truth) -> None:
    """From its threshold on (ties too) accounts are accused with all that they sent, a relay's people included."""
    blank = Outcome("volume", "campaigns", 7, "ok", setting={"minimum": 1.0})
    judged = judge_baseline(truth, score_table(SCORES), FACTS, blank, 12.0)
    outcome = judged.outcome
    assert (outcome.n_planted, outcome.n_accused, outcome.n_right) == (12, 23, 12)
    assert (outcome.n_false, outcome.false_by_kind) == (1, {"classrooms": 1})
    assert [row.coverage for row in outcome.scenarios] == [1.0, 1.0]
    assert not any(row.found for row in outcome.scenarios)
    assert outcome.setting == {"minimum": 1.0}
    strict = judge_baseline(truth, score_table(SCORES), FACTS, blank, 13.0).outcome
    assert [row.found for row in strict.scenarios] == [False, True]
    nobody = judge_baseline(truth, score_table(SCORES), FACTS, blank, math.inf).outcome
    assert (nobody.n_accused, nobody.n_false) == (0, 0)
    judged_only = judge_baseline(truth, score_table(SCORES), FACTS, blank, -math.inf).outcome
    assert judged_only.n_false == 2
