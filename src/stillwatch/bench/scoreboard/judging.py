"""Hold what a method says on one world against the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.bench.measures import (
    FALSE_RATES,
    average_precision,
    clustered_interval,
    found_campaigns,
    recall_at,
)
from stillwatch.bench.score import MIN_COVERAGE, MIN_PURITY
from stillwatch.bench.scoreboard.results import OURS, Interval, Outcome, ScenarioRow
from stillwatch.bench.scoreboard.truth import Truth, held_exchanges

__all__ = ["Judged", "judge_baseline", "judge_scan", "rate_name"]

KEPT_SHARE: Final = 0.25
"""Share of legitimate scores, the highest, that is kept: enough for curves to a false-positive rate of 0.01 over 25
seeds, also when all the highest are of one seed."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome with what pooling over seeds needs beside it.

    attack          Scores of attackers' accounts.
    legitimate      Highest scores of legitimate accounts, at least `KEPT_SHARE` of them.
    false           Falsely accused accounts of each unit, and all its accounts: shape (units, 2).
    kinds           Kind of each unit's first account.
    n_by_kind       Legitimate accounts of each kind.
    """

    outcome: Outcome
    attack: NDArray[np.float64]
    legitimate: NDArray[np.float64]
    false: NDArray[np.int64]
    kinds: NDArray[np.object_]
    n_by_kind: Mapping[str, int]


def rate_name(false_rate: float) -> str:
    """Name of a share of legitimate accounts in tables.

    >>> rate_name(0.0), rate_name(1e-5)
    ('0', '1e-05')
    """
    return f"{false_rate:g}"


def judge_scan(folder: Path, truth: Truth, out: Path, facts: Mapping[str, Any], world: str, seed: int) -> Judged:
    """Judge our own scan: its harvest verdicts accuse, `unclear` and `relay` leave a question open."""
    streams, reported = pq.read_table(out / "streams.parquet"), pq.read_table(out / "exchanges.parquet")
    verdicts = dict(zip(streams["campaign_id"].to_pylist(), streams["verdict"].to_pylist(), strict=True))
    names = sorted(verdicts)
    held = held_exchanges(folder, truth, reported, names)
    is_harvest = np.array([verdicts[name] == "harvest" for name in names], np.bool_)
    accused = _accounts_of(truth, streams, ("harvest",))
    left_open = _accounts_of(truth, streams, ("unclear", "relay")) & ~accused
    scores = _aligned(truth, pq.read_table(out / "accounts.parquet"))
    outcome = replace(
        _account_measures(truth, scores, accused, _blank(OURS, world, seed, facts)),
        threshold=facts["bar_bits"],
        n_planted=int(truth.planted.sum()),
        n_accused=int(held[:, is_harvest].sum()),
        n_right=int(held[:-1, is_harvest].sum()),
        open_by_kind=_by_kind(truth, left_open),
        scenarios=_our_scenarios(truth, held, is_harvest, [verdicts[name] for name in names], accused),
        stage_s=facts["stage_s"],
    )
    return _judged(truth, scores, accused, outcome)


def judge_baseline(
    truth: Truth, scores: pa.Table, facts: Mapping[str, Any], outcome: Outcome, threshold: float
) -> Judged:
    """Judge a baseline, which ranks accounts: from its threshold on an account is accused with all that it sent.

    "Found" favours it: one half of a campaign's exchanges on accused accounts, and nine tenths of everything that it
    accuses in this world anybody's harvest.
    """
    score = _aligned(truth, scores)
    accused = (score >= threshold) & (score > -np.inf)
    right = truth.sent[accused].sum(axis=0)
    purity = float(right[:-1].sum() / max(1, right.sum()))
    base = replace(outcome, wall_s=facts["wall_s"], peak_bytes=facts["peak_bytes"], threshold=threshold)
    made = replace(
        _account_measures(truth, score, accused, base),
        n_planted=int(truth.planted.sum()),
        n_accused=int(right.sum()),
        n_right=int(right[:-1].sum()),
        scenarios=_account_scenarios(truth, accused, right[:-1], purity),
    )
    return _judged(truth, score, accused, made)


def _blank(method: str, world: str, seed: int, facts: Mapping[str, Any]) -> Outcome:
    return Outcome(method, world, seed, "ok", wall_s=facts["wall_s"], peak_bytes=facts["peak_bytes"])


def _aligned(truth: Truth, table: pa.Table) -> NDArray[np.float64]:
    row = truth.rows(table["account_id"].combine_chunks())
    scores = np.full(len(truth.is_attacker), -np.inf)
    scores[row[row >= 0]] = table["score"].to_numpy()[row >= 0]
    return np.where(np.isnan(scores), -np.inf, scores)


def _accounts_of(truth: Truth, streams: pa.Table, verdicts: tuple[str, ...]) -> NDArray[np.bool_]:
    chosen = streams.filter(pc.is_in(streams["verdict"], value_set=pa.array(verdicts)))["account_id"]
    found = np.zeros(len(truth.is_attacker), np.bool_)
    found[truth.rows(chosen.combine_chunks())] = len(chosen) > 0
    return found


def _account_measures(
    truth: Truth, scores: NDArray[np.float64], accused: NDArray[np.bool_], outcome: Outcome
) -> Outcome:
    legitimate, attack = scores[~truth.is_attacker], scores[truth.is_attacker]
    false = accused & ~truth.is_attacker
    return replace(
        outcome,
        n_attackers=len(attack),
        n_legitimate=len(legitimate),
        recall={rate_name(rate): recall_at(attack, legitimate, rate) for rate in FALSE_RATES},
        average_precision=average_precision(attack, legitimate),
        n_false=int(false.sum()),
        false_by_kind=_by_kind(truth, false),
        false_rate=Interval(*clustered_interval(*_by_unit(truth, accused).T)),
    )


def _by_unit(truth: Truth, accused: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Falsely accused and all legitimate accounts of each unit that has any."""
    good = ~truth.is_attacker
    n = np.bincount(truth.unit[good])
    false = np.bincount(truth.unit[good], weights=accused[good]).astype(np.int64)
    return np.column_stack([false, n])[n > 0]


def _by_kind(truth: Truth, chosen: NDArray[np.bool_]) -> dict[str, int]:
    """Legitimate accounts among those chosen, by population, most first."""
    kinds, n = np.unique(truth.kind[chosen & ~truth.is_attacker].astype(str), return_counts=True)
    return {str(kinds[i]): int(n[i]) for i in np.argsort(-n, kind="stable")}


def _judged(truth: Truth, scores: NDArray[np.float64], accused: NDArray[np.bool_], outcome: Outcome) -> Judged:
    good = ~truth.is_attacker
    kept = min(int(good.sum()), int(KEPT_SHARE * good.sum()) + 2)
    top = np.sort(scores[good])[len(scores[good]) - kept :]
    kinds = truth.kind[good][np.unique(truth.unit[good], return_index=True)[1]]
    return Judged(outcome, scores[truth.is_attacker], top, _by_unit(truth, accused), kinds, _by_kind(truth, good))


def _our_scenarios(
    truth: Truth,
    held: NDArray[np.int64],
    is_harvest: NDArray[np.bool_],
    verdicts: list[str],
    accused: NDArray[np.bool_],
) -> tuple[ScenarioRow, ...]:
    size = held.sum(axis=0)
    found = found_campaigns(held[:-1, is_harvest], truth.planted, size[is_harvest])
    whole = found_campaigns(held[:-1], truth.planted, size)
    recalled = held[:-1, is_harvest].sum(axis=1) / truth.planted
    rows = []
    for i, campaign in enumerate(truth.campaign):
        mine = truth.sent[:, i] > 0
        outcome = _outcome(bool(found.is_found[i]), float(found.coverage[i]), float(whole.coverage[i]))
        if not found.is_found[i] and whole.best[i] >= 0:
            outcome = outcome.format(verdict=verdicts[whole.best[i]])
        rows.append(
            ScenarioRow(
                campaign,
                int(truth.planted[i]),
                int(mine.sum()),
                float(found.coverage[i]),
                float(found.purity[i]),
                bool(found.is_found[i]),
                float(recalled[i]),
                float(accused[mine].mean()),
                outcome,
            )
        )
    return tuple(rows)


def _outcome(found: bool, coverage: float, best: float) -> str:  # noqa: FBT001 (a fact, not a switch)
    if found:
        return "found"
    if best == 0:
        return "missed: not reported at all"
    impure = f", not {MIN_PURITY:.0%} its own" if coverage >= MIN_COVERAGE else ""
    return f"missed: {best:.0%} of it in one {{verdict}} campaign{impure}"


def _account_scenarios(
    truth: Truth, accused: NDArray[np.bool_], right: NDArray[np.int64], purity: float
) -> tuple[ScenarioRow, ...]:
    rows = []
    for i, campaign in enumerate(truth.campaign):
        mine = truth.sent[:, i] > 0
        coverage = float(right[i] / truth.planted[i])
        found = coverage >= MIN_COVERAGE and purity >= MIN_PURITY
        rows.append(
            ScenarioRow(
                campaign,
                int(truth.planted[i]),
                int(mine.sum()),
                coverage,
                purity,
                found,
                coverage,
                float(accused[mine].mean()),
                "found" if found else f"missed: {coverage:.0%} of it on accused accounts",
            )
        )
    return tuple(rows)
