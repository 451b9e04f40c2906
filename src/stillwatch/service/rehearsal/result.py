"""What a rehearsal showed, in figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from stillwatch.service.rehearsal.judge import Check
from stillwatch.service.rehearsal.scene import Scene
from stillwatch.service.rehearsal.tally import LEGITIMATE, Sums, Tally
from stillwatch.service.rehearsal.timeline import Entry
from stillwatch.service.rehearsal.world import MAIN

__all__ = ["Phase", "Rehearsed", "Speed", "phase_of", "rehearsed", "speed_of"]

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Phase:
    """Whole hours in which a policy was in force for all accused streams.

    campaigns   Requests of each campaign by outcome.
    legitimate  The same of everybody else.
    kinds       The same by kind of legitimate use.
    """

    policy: str
    start: datetime
    end: datetime
    campaigns: dict[str, Sums]
    legitimate: Sums
    kinds: dict[str, Sums]

    @property
    def main(self) -> Sums:
        """Of the campaign that the story is about."""
        return self.campaigns.get(MAIN, Sums())


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast it went, on the machine that was there.

    decisions_a_second  Over HTTP, one after the other, looks of the watch not counted.
    p50_s, p99_s        Of a decision.
    collected_a_second  Exchanges of history.
    """

    n_decisions: int
    decisions_a_second: float
    p50_s: float
    p99_s: float
    collected_a_second: float


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """All of it.

    alarm_after_s   From the first exchange of the main campaign to its alarm, in the story; None without one.
    hours       Requests of each hour by outcome: of each campaign, and of `LEGITIMATE`.
    """

    start: datetime
    end: datetime
    entries: tuple[Entry, ...]
    checks: tuple[Check, ...]
    phases: tuple[Phase, ...]
    speed: Speed
    alarm_after_s: float | None
    hours: tuple[tuple[datetime, dict[str, Sums]], ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """What must hold and does not."""
        return tuple(check for check in self.checks if not check.holds)

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        speed = {name: getattr(self.speed, name) for name in Speed.__slots__}
        return {
            "good": not self.failed,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "timeline": [_plain_entry(entry) for entry in self.entries],
            "checks": [{"name": c.name, "holds": c.holds, "told": c.told} for c in self.checks],
            "phases": [_plain_phase(phase) for phase in self.phases],
            "speed": speed,
            "alarm_after_s": self.alarm_after_s,
            "hours": [{"hour": hour.isoformat()} | _plain_all(told) for hour, told in self.hours],
        }


def phase_of(scene: Scene, policy: str, start: datetime, end: datetime) -> Phase:
    """What a policy did; hours that it shared with another are left out."""
    tally = scene.tally
    return Phase(
        policy,
        start,
        end,
        {name: tally.sums(name, start, end) for name in tally.campaigns},
        tally.sums(LEGITIMATE, start, end),
        {kind: tally.sums(kind, start, end) for kind in tally.kinds},
    )


def speed_of(scene: Scene) -> Speed:
    """How fast it went."""
    n, counts = len(scene.latencies_s), scene.counts
    p50_s, p99_s = np.quantile(scene.latencies_s, (0.5, 0.99)).tolist() if n else (0.0, 0.0)
    collected = scene.posted_rows / counts.seconds if counts.seconds else 0.0
    return Speed(n, n / scene.played_s if scene.played_s else 0.0, p50_s, p99_s, collected)


def rehearsed(scene: Scene, phases: list[Phase]) -> Rehearsed:
    """The whole result."""
    alarms = [e.figures["after_s"] for e in scene.timeline.entries if e.figures.get("planted") == MAIN]
    return Rehearsed(
        scene.world.start,
        scene.world.end,
        tuple(scene.timeline.entries),
        tuple(scene.judge.checks),
        tuple(phases),
        speed_of(scene),
        alarms[0] if alarms else None,
        tuple((hour, _hour(scene.tally, hour)) for hour in scene.tally.hours),
    )


def _hour(tally: Tally, at: datetime) -> dict[str, Sums]:
    return {name: tally.sums(name, at, at + _HOUR) for name in (*tally.campaigns, LEGITIMATE)}


def _plain(sums: Sums) -> dict[str, int]:
    return {"served": sums.served, "changed": sums.changed, "withheld": sums.withheld}


def _plain_all(told: dict[str, Sums]) -> dict[str, dict[str, int]]:
    return {name: _plain(sums) for name, sums in told.items()}


def _plain_phase(phase: Phase) -> dict[str, Any]:
    return {
        "policy": phase.policy,
        "start": phase.start.isoformat(),
        "end": phase.end.isoformat(),
        "campaigns": _plain_all(phase.campaigns),
        LEGITIMATE: _plain(phase.legitimate),
        "kinds": _plain_all(phase.kinds),
    }


def _plain_entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": None if entry.at is None else entry.at.isoformat(),
        "seconds": round(entry.wall_s, 3),
        "what": entry.what,
        "text": entry.text,
        **entry.figures,
    }
