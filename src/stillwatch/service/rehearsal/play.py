"""The last day, request by request: the gateway asks, answers what is served, and logs that."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from stillwatch.model.decision import Action
from stillwatch.service.rehearsal.requests import asked, logged
from stillwatch.service.rehearsal.scene import Scene, Touched
from stillwatch.service.rehearsal.tally import Outcome, Sums, outcome_of
from stillwatch.service.rehearsal.words import percent

__all__ = ["SPAN", "play", "tell_effect"]

SPAN: Final = timedelta(hours=3)
"""From one look of the watch to the next, and from one line about the effect to the next."""
_LOG_ROWS: Final = 200


def play(scene: Scene, end: datetime) -> None:
    """Everything until a time; the clock stands there afterwards."""
    lines: list[bytes] = []
    began = time.perf_counter()
    for row in scene.world.between(scene.clock.wall(), end).to_pylist():
        scene.clock.go_to(row["time"])
        line = _one(scene, row)
        if line is not None:
            lines.append(line)
        if len(lines) >= _LOG_ROWS:
            _log(scene, lines)
            lines = []
    _log(scene, lines)
    scene.played_s += time.perf_counter() - began
    scene.clock.go_to(end)


def _one(scene: Scene, row: Mapping[str, Any]) -> bytes | None:
    """Ask about one request; the line of the log when it was answered."""
    decision, seconds = scene.caller.decide(asked(row))
    scene.latencies_s.append(seconds)
    outcome = outcome_of(decision)
    scene.tally.add(row["time"], scene.world.truth[row["exchange_id"]], row["account_id"], outcome)
    if outcome is not Outcome.SERVED:
        scene.touched[row["account_id"]] = Touched(decision, dict(row))
    return None if outcome is Outcome.WITHHELD else logged(row, Action(decision["action"]))


def _log(scene: Scene, lines: list[bytes]) -> None:
    if lines:
        scene.counts.add(len(lines), scene.caller.collect(b"\n".join(lines)))


def tell_effect(scene: Scene, start: datetime, end: datetime) -> None:
    """What became of the requests of some hours, by campaign and of all legitimate ones."""
    told, figures = [], {}
    for campaign in sorted({truth.campaign for truth in scene.tally.truths() if truth.campaign}):
        sums = scene.tally.sums(lambda hour, truth, of=campaign: start <= hour < end and truth.campaign == of)
        told.append(f"{campaign} {_touched(sums)}")
        figures[campaign] = (sums.served, sums.changed, sums.withheld)
    sums = scene.tally.sums(lambda hour, truth: start <= hour < end and truth.campaign is None)
    figures["legitimate"] = (sums.served, sums.changed, sums.withheld)
    n_touched = sums.total - sums.served
    text = f"{'; '.join(told)}; legitimate {n_touched:,} of {sums.total:,} touched"
    scene.note("effect", text, hours=[start.isoformat(), end.isoformat()], **figures)


def _touched(sums: Sums) -> str:
    changed = f", {sums.changed:,} changed" if sums.changed else ""
    return f"{sums.withheld:,} of {sums.total:,} withheld ({percent(sums.withheld_share)}){changed}"
