"""Play every world: write it, scan it, hold us and the baselines against the truth, look for first alarms, clean up."""

import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from stillwatch import __version__
from stillwatch.bench.baselines import BASELINES
from stillwatch.bench.dose import Bound, dose_map
from stillwatch.bench.leak import HOUR_US, first_alarms, traffic_until
from stillwatch.bench.score import MIN_PURITY
from stillwatch.bench.scoreboard.isolation import StepFailed, StepNotRun, run_step
from stillwatch.bench.scoreboard.judging import Judged, judge_baseline, judge_scan
from stillwatch.bench.scoreboard.plan import Plan
from stillwatch.bench.scoreboard.pooling import curve, headline, kind_rows
from stillwatch.bench.scoreboard.results import (
    ALL_WORLDS,
    OURS,
    Board,
    Failure,
    LeakRow,
    Outcome,
    ScenarioRow,
    Setup,
    WorldRow,
)
from stillwatch.bench.scoreboard.settings import settings_in_use
from stillwatch.bench.scoreboard.truth import Truth, held_exchanges, planted_times
from stillwatch.bench.worlds import World, doses
from stillwatch.model.progress import Progress

__all__ = ["run_scoreboard"]

_ATTACKED: Final = ("campaigns", "evasions")


def run_scoreboard(plan: Plan, on_progress: Progress | None = None, bound: Bound | None = None) -> Board:
    """Run the plan. A step that fails is told on the board, and the others go on.

    bound   Information bound of a dose, to show beside recall.
    Raises  InvalidInput if the work folder holds something else.
    """
    start, started = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    with _work_folder(plan) as work:
        game = _Game(plan, work, on_progress or _silent)
        for seed in plan.seeds:
            for name in plan.worlds:
                game.play(plan.world(name, seed))
    return game.board(started, time.perf_counter() - start, bound)


def _silent(stage: str, done: float, total: float) -> None:
    """Report nothing."""


@contextmanager
def _work_folder(plan: Plan) -> Iterator[Path]:
    if plan.work is not None:
        plan.work.mkdir(parents=True, exist_ok=True)
        yield plan.work
    else:
        with tempfile.TemporaryDirectory(prefix="stillwatch-bench-") as folder:
            yield Path(folder)


class _Game:
    """What was played so far."""

    def __init__(self, plan: Plan, work: Path, report: Progress) -> None:
        self.plan, self.work, self.report = plan, work, report
        self.judged: defaultdict[str, defaultdict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
        self.not_ok: list[Outcome] = []
        self.worlds: list[WorldRow] = []
        self.leaks: list[LeakRow] = []
        self.failures: list[Failure] = []
        self.facts: dict[str, Any] = {}

    def play(self, world: World) -> None:
        """Everything on one world."""
        folder = self.work / f"{world.name}-{world.generator}-{world.seed}"
        built = self._step(f"{world.label}: write", lambda: self._build(world, folder))
        if built is not None:
            truth, wall_s = built
            self.worlds.append(_world_row(world, truth, wall_s))
            scanned = self._step(f"{world.label}: scan", lambda: self._scan(world, folder, truth))
            if scanned is not None:
                self.judged[world.name][OURS].append(scanned)
            if world.name != "dose":
                self._rivals(world, folder, truth)
            if world.name == "campaigns" and self.plan.leak:
                self._step(f"{world.label}: first alarms", lambda: self._leak(world, folder, truth))
        if not self.plan.keep:
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.work / "out", ignore_errors=True)

    def _step(self, name: str, do: Callable[[], Any]) -> Any:  # noqa: ANN401 (what the step gives)
        self.report(name, 0, 1)
        try:
            done = do()
        except StepFailed as wrong:
            self.failures.append(Failure(name, str(wrong)))
            done = None
        self.report(name, 1, 1)
        return done

    def _build(self, world: World, folder: Path) -> tuple[Truth, float]:
        order = {"job": "build", "world": asdict(world), "folder": str(folder), "corpora": _path(self.plan.corpora)}
        facts = run_step(order, self.work / "out" / "build")
        return Truth.read(folder), facts["wall_s"]

    def _detect(self, folder: Path, out: Path, *, ranked: bool) -> dict[str, Any]:
        order = {"job": "detect", "folder": str(folder), "reference": _path(self.plan.reference), "ranked": ranked}
        return run_step(order, out)

    def _scan(self, world: World, folder: Path, truth: Truth) -> Judged:
        out = self.work / "out" / "scan"
        facts = self._detect(folder, out, ranked=True)
        self.facts |= facts
        return judge_scan(folder, truth, out, facts, world.name, world.seed)

    def _rivals(self, world: World, folder: Path, truth: Truth) -> None:
        for baseline in (b for b in BASELINES if b.name in self.plan.baselines):
            use = settings_in_use(baseline)
            blank = Outcome(baseline.name, world.name, world.seed, "ok", setting=dict(use.setting))
            order = {"job": "rank", "folder": str(folder), "baseline": baseline.name, "setting": dict(use.setting)}
            out = self.work / "out" / baseline.name
            self.report(f"{world.label}: {baseline.name}", 0, 1)
            try:
                facts = run_step(order, out)
                scores = pq.read_table(out / "accounts.parquet")
                made = judge_baseline(truth, scores, facts, blank, use.threshold)
                self.judged[world.name][baseline.name].append(made)
            except StepNotRun as wrong:
                self._did_not_run(blank, f"not run: {str(wrong).removeprefix('not run: ')}")
            except StepFailed as wrong:
                self.failures.append(Failure(f"{world.label}: {baseline.name}", str(wrong)))
                self._did_not_run(blank, f"failed: {wrong}")

    def _did_not_run(self, blank: Outcome, status: str) -> None:
        told = Outcome(blank.method, blank.world, blank.seed, status, setting=blank.setting)
        self.not_ok.append(told)

    def _leak(self, world: World, folder: Path, truth: Truth) -> bool:
        times = planted_times(folder)
        logs = sorted((folder / "logs").glob("*.parquet"))
        newest = max(pq.read_table(path, columns=["time"])["time"].cast("int64").to_numpy().max() for path in logs)
        last_hour = int(newest // HOUR_US) + 1
        first_hour = min(int(t[0] // HOUR_US) for t in times.values())

        def alarmed(hour: int) -> frozenset[str]:
            self.report(f"{world.label}: scan {hour - first_hour} h after the first attack", 0, 1)
            return self._alarmed(folder, truth, hour)

        alarms, n_scans = first_alarms(times, alarmed, last_hour)
        self.leaks += [
            LeakRow(name, world.seed, a.n_exchanges, a.n_leaked, a.hours, a.hour is not None, n_scans)
            for name, a in alarms.items()
        ]
        return True

    def _alarmed(self, folder: Path, truth: Truth, hour: int) -> frozenset[str]:
        """Campaigns that hold some of a harvest campaign at a purity of 0.9 when all before `hour` is scanned."""
        prefix, out = self.work / "out" / "prefix", self.work / "out" / "prefix-scan"
        shutil.rmtree(prefix, ignore_errors=True)
        traffic_until(folder, hour, prefix)
        self._detect(prefix, out, ranked=False)
        streams, reported = pq.read_table(out / "streams.parquet"), pq.read_table(out / "exchanges.parquet")
        verdicts = dict(zip(streams["campaign_id"].to_pylist(), streams["verdict"].to_pylist(), strict=True))
        names = sorted(name for name, verdict in verdicts.items() if verdict == "harvest")
        held = held_exchanges(folder, truth, reported, names)
        pure = (held[:-1] > 0) & (held[:-1] >= MIN_PURITY * held.sum(axis=0))
        return frozenset(truth.campaign[i] for i in np.flatnonzero(pure.any(axis=1)))

    def board(self, started: str, wall_s: float, bound: Bound | None) -> Board:
        """All that was played, pooled."""
        titles = {OURS: "this detector"} | {b.name: b.title for b in BASELINES}
        by_method: defaultdict[str, list[Judged]] = defaultdict(list)
        for name, methods in self.judged.items():
            if name != "dose":
                for method, judged in methods.items():
                    by_method[method] += judged
        pooled = [(name, method, js) for name, ms in self.judged.items() for method, js in ms.items() if name != "dose"]
        whole = [(ALL_WORLDS, method, js) for method, js in by_method.items()]
        dosed = [_by_name(j.outcome) for j in self.judged["dose"][OURS]]
        every = [j.outcome for methods in self.judged.values() for js in methods.values() for j in js]
        return Board(
            setup=self._setup(started, wall_s),
            headlines=tuple(headline(name, titles[method], js) for name, method, js in (*pooled, *whole)),
            curves=tuple(curve(name, js) for name, _, js in pooled if name in _ATTACKED),
            outcomes=(*every, *self.not_ok),
            kinds=kind_rows(by_method) if by_method[OURS] else (),
            leaks=tuple(self.leaks),
            doses=dose_map(doses(), dosed, bound),
            worlds=tuple(self.worlds),
            failures=tuple(self.failures),
            titles=titles,
        )

    def _setup(self, started: str, wall_s: float) -> Setup:
        plan = self.plan
        planted = [s for name in plan.worlds for s in plan.world(name, plan.seeds[0]).scenarios]
        return Setup(
            version=__version__,
            seeds=plan.seeds,
            scale=plan.scale,
            generator=plan.generator,
            scenarios=tuple(planted),
            prompts="grammar" if plan.corpora is None else "corpora",
            reference=self.facts.get("reference", "none"),
            bar_bits=self.facts.get("bar_bits", float("nan")),
            started=started,
            wall_s=wall_s,
            n_cores=len(os.sched_getaffinity(0)),
        )


def _path(path: Path | None) -> str:
    return "" if path is None else str(path)


def _by_name(outcome: Outcome) -> Mapping[str, ScenarioRow]:
    return {row.campaign: row for row in outcome.scenarios}


def _world_row(world: World, truth: Truth, wall_s: float) -> WorldRow:
    return WorldRow(
        world=world.name,
        seed=world.seed,
        n_exchanges=int(truth.sent.sum()),
        n_accounts=len(truth.is_attacker),
        n_units=len(np.unique(truth.unit[~truth.is_attacker])),
        n_planted=int(truth.planted.sum()),
        wall_s=wall_s,
    )
