"""A scoreboard with every part filled, small enough to read, its texts hostile where they come from elsewhere."""

import math
from dataclasses import replace

from stillwatch.bench.scoreboard.pooling import CURVE_RATES
from stillwatch.bench.scoreboard.results import (
    OURS,
    Board,
    Curve,
    DoseCell,
    Failure,
    Headline,
    Interval,
    KindRow,
    LeakRow,
    Outcome,
    ScenarioRow,
    Setup,
    WorldRow,
)
from stillwatch.bench.scoreboard.wording import MEASURES

HOSTILE = "<script>alert('x')</script>"


def example_board(seeds: tuple[int, ...] = (1, 2, 3)) -> Board:
    """Three seeds, us and two baselines on campaigns and innocents, one baseline not run, one step failed."""
    return Board(
        setup=Setup(
            "0.1.0",
            seeds,
            0.0025,
            "second",
            ("slow-drip", "paraphrase"),
            "grammar",
            HOSTILE,
            10.5,
            "2026-11-21T00:00:00+00:00",
            93.0,
            2,
        ),
        headlines=(
            headline("campaigns", OURS, 0.9, n_found=5),
            headline("campaigns", "volume", 0.01),
            headline("campaigns", "fraudar", 0.2),
            headline("innocents", OURS, math.nan),
            headline("all", OURS, 0.9, n_found=5),
        ),
        curves=tuple(
            Curve("campaigns", method, CURVE_RATES, (recall,) * len(CURVE_RATES))
            for method, recall in ((OURS, 0.9), ("volume", 0.0))
        ),
        outcomes=(
            *(outcome(OURS, seed) for seed in seeds),
            *(replace(outcome("volume", seed), setting={"minimum": 2.0}) for seed in seeds),
            Outcome("mmd_embedding", "campaigns", 1, "not run: extra 'embed' is not installed"),
        ),
        kinds=(
            KindRow("second-classrooms", 900, 12, {OURS: 3, "volume": 1}, 4, 1),
            KindRow("people", 5000, 5000, {OURS: 0, "volume": 40}, 0, 0),
        ),
        leaks=(
            LeakRow("slow-drip", 1, 1000, 15, 6.0, alarmed=True, n_scans=9),
            LeakRow("paraphrase", 1, 1000, 1000, math.nan, alarmed=False, n_scans=9),
        ),
        doses=tuple(
            DoseCell("slow-drip", n, per, n * per / 1500, 0.1, 3, 2.5 if n == 20 else math.nan)
            for n in (20, 500)
            for per in (1, 3)
        ),
        worlds=(WorldRow("campaigns", 1, 100_000, 6_000, 700, 2_000, 4.2),),
        failures=(Failure("campaigns 2: seat", HOSTILE),),
        titles={OURS: "this detector", "volume": "exchanges per account", "mmd_embedding": "window test"},
    )


def headline(world: str, method: str, value: float, n_found: int = 0) -> Headline:
    """All measures alike."""
    measures = {m.name: Interval(value, value / 2, min(1.0, value * 1.1)) for m in MEASURES}
    return Headline(world, method, f"title of {method}", measures, n_found, 6 if value == value else 0)  # noqa: PLR0124


def outcome(method: str, seed: int, **changes: float) -> Outcome:
    """One scenario found, one not."""
    rows = (
        ScenarioRow("slow-drip", 1000, 60, 1.0, 1.0, True, 1.0, 0.95, "found"),
        ScenarioRow("paraphrase", 1000, 60, 0.0, 0.0, False, 0.0, 0.0, "missed: not reported at all"),
    )
    made = Outcome(
        method,
        "campaigns",
        seed,
        "ok",
        wall_s=3.0,
        peak_bytes=1 << 30,
        threshold=10.5,
        n_planted=2000,
        n_accused=1010,
        n_right=1000,
        n_attackers=120,
        n_legitimate=5900,
        recall={"0": 0.9, "0.001": 0.95},
        average_precision=0.97,
        n_false=3,
        false_rate=Interval(0.0005, 0.0, 0.001),
        scenarios=rows,
    )
    return replace(made, **changes)  # type: ignore[arg-type]
