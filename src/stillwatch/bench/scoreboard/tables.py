"""Rows that the page and the README show, made from the results."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from stillwatch.bench.leak import leak_curve
from stillwatch.bench.scoreboard.results import ALL_WORLDS, OURS, Board, Headline, LeakRow, Outcome
from stillwatch.bench.scoreboard.wording import MEASURES, Measure, measure_cell

__all__ = [
    "LEAK_AT",
    "Costs",
    "LeakSummary",
    "ScenarioSummary",
    "costs",
    "groups",
    "leak_alarmed",
    "leaks",
    "markdown",
    "not_run",
    "scenarios",
]

LEAK_AT: Final = tuple(float(f"{10**e:.3g}") for e in np.linspace(-3, 0, 31))
"""Shares of a campaign at which the leak curve is drawn."""
_README: Final = ("found", "exchange_recall", "exchange_precision", "recall_0", "recall_0.001", "false_per_million")


def groups(board: Board) -> list[tuple[str, list[Headline]]]:
    """Headlines by world, most account recall first, whoever that is; the pooled group last, when it pools anything."""
    found: dict[str, list[Headline]] = defaultdict(list)
    for line in board.headlines:
        found[line.world].append(line)
    if len(found) == 2:
        found.pop(ALL_WORLDS, None)
    order = sorted(found, key=("campaigns", "evasions", "innocents", ALL_WORLDS).index)
    return [(world, sorted(found[world], key=_rank)) for world in order]


def _rank(line: Headline) -> tuple[float, float, bool]:
    recall, precision = (line.measures[name].value for name in ("recall_0.001", "average_precision"))
    return -float(np.nan_to_num(recall)), -float(np.nan_to_num(precision)), line.method != OURS


class ScenarioSummary(NamedTuple):
    """One scenario over all seeds, under our detector, and the best baseline's exchange recall beside it."""

    world: str
    campaign: str
    n_seeds: int
    n_found: int
    n_exchanges: int
    n_accounts: int
    exchange_recall: float
    account_recall: float
    purity: float
    worst: str
    best_rival: str
    best_rival_recall: float


def scenarios(board: Board) -> list[ScenarioSummary]:
    """Every planted scenario, the worst last seen outcome told in words; zeros stay."""
    ours: dict[tuple[str, str], list[tuple[Outcome, int]]] = defaultdict(list)
    rivals: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for outcome in board.outcomes:
        for i, row in enumerate(outcome.scenarios):
            if outcome.world == "dose":
                continue
            if outcome.method == OURS:
                ours[outcome.world, row.campaign].append((outcome, i))
            else:
                rivals[outcome.world, row.campaign, outcome.method].append(row.account_recall)
    return [_summary(world, campaign, found, rivals) for (world, campaign), found in ours.items()]


def _summary(
    world: str,
    campaign: str,
    found: Sequence[tuple[Outcome, int]],
    rivals: dict[tuple[str, str, str], list[float]],
) -> ScenarioSummary:
    rows = [outcome.scenarios[i] for outcome, i in found]
    worst = min(rows, key=lambda row: (row.found, row.exchange_recall))
    of_rivals = {m: float(np.mean(v)) for (w, c, m), v in rivals.items() if (w, c) == (world, campaign)}
    best = max(of_rivals, key=lambda method: of_rivals[method], default="")
    return ScenarioSummary(
        world,
        campaign,
        len(rows),
        sum(row.found for row in rows),
        sum(row.n_exchanges for row in rows),
        sum(row.n_accounts for row in rows),
        float(np.mean([row.exchange_recall for row in rows])),
        float(np.mean([row.account_recall for row in rows])),
        float(np.mean([row.purity for row in rows])),
        worst.outcome,
        best,
        of_rivals.get(best, math.nan),
    )


class LeakSummary(NamedTuple):
    """Leak of one scenario over all seeds; the share of a campaign without an alarm is 1."""

    campaign: str
    n_seeds: int
    n_alarmed: int
    median_share: float
    median_exchanges: float
    median_hours: float


def leaks(board: Board) -> list[LeakSummary]:
    """Leak before the first alarm, the most first, with all campaigns together at the end."""
    by_name: dict[str, list[LeakRow]] = defaultdict(list)
    for row in board.leaks:
        by_name[row.campaign].append(row)
    rows = [_leak(name, found) for name, found in by_name.items()]
    rows.sort(key=lambda row: (-row.median_share, row.campaign))
    return [*rows, _leak("all", list(board.leaks))] if rows else []


def _leak(name: str, rows: Sequence[LeakRow]) -> LeakSummary:
    hours = [row.hours if row.alarmed else math.inf for row in rows]
    return LeakSummary(
        name,
        len(rows),
        sum(row.alarmed for row in rows),
        float(np.median([row.n_leaked / row.n_exchanges for row in rows])),
        float(np.median([row.n_leaked for row in rows])),
        float(np.median(hours)),
    )


def leak_alarmed(board: Board) -> list[float]:
    """Share of campaigns alarmed before each share of `LEAK_AT` had leaked."""
    shares = [row.n_leaked / row.n_exchanges if row.alarmed else 1.0 for row in board.leaks]
    return [float(v) for v in leak_curve(np.array(shares, np.float64), np.array(LEAK_AT))]


class Costs(NamedTuple):
    """Time and memory of one method over all worlds."""

    method: str
    n_runs: int
    median_s: float
    most_s: float
    most_bytes: int


def costs(board: Board) -> list[Costs]:
    """What each method took, as it was run: one process each, on this machine."""
    by_method: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in board.outcomes:
        if outcome.is_ok and outcome.world != "dose":
            by_method[outcome.method].append(outcome)
    return [
        Costs(
            method,
            len(found),
            float(np.median([o.wall_s for o in found])),
            max(o.wall_s for o in found),
            max(o.peak_bytes for o in found),
        )
        for method, found in by_method.items()
    ]


def not_run(board: Board) -> list[tuple[str, str]]:
    """Methods that did not run somewhere, and what they said, once each."""
    return sorted({(o.method, o.status) for o in board.outcomes if not o.is_ok})


def markdown(board: Board) -> str:
    """The README's table: every method on campaigns, and on evasions when they were played."""
    shown = [measure for measure in MEASURES if measure.name in _README]
    parts = [
        _markdown_table(world, lines, shown) for world, lines in groups(board) if world in {"campaigns", "evasions"}
    ]
    return "\n\n".join(parts) + "\n"


def _markdown_table(world: str, lines: Sequence[Headline], shown: Sequence[Measure]) -> str:
    heads = [world, *(measure.head for measure in shown)]
    rows = [heads, ["---", *("---:" for _ in shown)]]
    for line in lines:
        cells = [measure_cell(line, measure) for measure in shown]
        name = f"**{line.method}**" if line.method == OURS else line.method
        rows.append([name, *(f"{v} ({span})" if span else v for v, span in cells)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
