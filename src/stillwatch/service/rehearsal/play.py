"""The last day, request by request: the gateway asks, answers what is served, and logs that."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from stillwatch.model.decision import Action
from stillwatch.service.rehearsal.requests import asked, logged
from stillwatch.service.rehearsal.scene import Scene, Touched
from stillwatch.service.rehearsal.tally import LEGITIMATE, Outcome, Sums, outcome_of
from stillwatch.service.rehearsal.watching import look
from stillwatch.service.rehearsal.words import lasted, percent

__all__ = ["SPAN", "observe", "play", "play_on"]

SPAN: Final = timedelta(hours=4)
"""From one look of the watch to the next, and from one line about the effect to the next."""
_LOG_ROWS: Final = 200


def observe(scene: Scene, until: datetime) -> None:
    """Play while no policy is in force: the gateway asks already, and is told to observe."""
    n_before, start = len(scene.latencies_s), scene.clock.wall()
    play(scene, until)
    look(scene)
    n, n_touched = len(scene.latencies_s) - n_before, len(scene.touched)
    scene.judge.check("without a policy everything is observed", n_touched == 0, f"{n_touched} accounts touched")
    scene.note(
        "observed",
        f"the gateway asks before it answers: {n:,} decisions of {lasted(until - start)} without a policy, all "
        f"{'observe' if not n_touched else 'but some observe'}",
        decisions=n,
    )


def play_on(scene: Scene, until: datetime, then: Callable[[Scene], None]) -> None:
    """Play whole spans, with a line about the effect and a look after each.

    then    Called between the two.
    """
    while (at := scene.clock.wall()) < until:
        start = at - (at - scene.world.start) % SPAN
        play(scene, min(start + SPAN, until))
        _tell_effect(scene, start, scene.clock.wall())
        _tell_stop(scene)
        then(scene)
        if scene.clock.wall() < scene.world.end:
            look(scene)


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


def _tell_effect(scene: Scene, start: datetime, end: datetime) -> None:
    """What became of the requests of some hours, by campaign and of all legitimate ones."""
    found = {name: scene.tally.sums(name, start, end) for name in (*scene.tally.campaigns, LEGITIMATE)}
    scene.note(
        "effect",
        "withheld: " + ", ".join(f"{name} {_withheld(sums)}" for name, sums in found.items()),
        hours=[start.isoformat(), end.isoformat()],
        sums={name: [sums.served, sums.changed, sums.withheld] for name, sums in found.items()},
    )


def _withheld(sums: Sums) -> str:
    changed = f" and {sums.changed:,} changed" if sums.changed else ""
    share = f" ({percent(sums.withheld_share)})" if sums.withheld else ""
    return f"{sums.withheld:,}/{sums.total:,}{share}{changed}"


def _tell_stop(scene: Scene) -> None:
    """Say when the blast radius has stopped the policy: then what is shown is the guard, not the policy."""
    alarm = scene.service.deciding.decider.health().alarm
    if alarm is None or scene.stopped:
        return
    scene.stopped = True
    told = f"{percent(alarm.share)} of {alarm.what}, allowed {percent(alarm.limit)}"
    scene.note("stopped", f"by the blast radius: the policy touched {told}; it does nothing more", mark="stopped")
    scene.judge.check("the policy stays within the blast radius", holds=False, told=told)
