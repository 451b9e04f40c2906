"""What a rehearsal showed, in figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from stillwatch.service.rehearsal.judge import Check
from stillwatch.service.rehearsal.scene import Scene
from stillwatch.service.rehearsal.tally import Sums
from stillwatch.service.rehearsal.timeline import Entry
from stillwatch.service.rehearsal.world import MAIN

__all__ = ["LEGITIMATE", "Figures", "Rehearsed", "figures_of", "rehearsed"]

LEGITIMATE: Final = "legitimate"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a minute's reader wants to know.

    alarm_after_s   From the first exchange of the main campaign to its alarm, in the story; None without one.
    campaigns       Requests of each campaign in the whole hours in which the policy was in force for all, by outcome.
    legitimate      The same of everybody else.
    kinds           The same by kind of legitimate use.
    n_innocents     Accounts with a legitimate request that was touched, at any time.
    decisions_a_second  While the day was played, one after the other, looks of the watch not counted.
    p50_s, p99_s    A decision over HTTP.
    collected_a_second  History.
    """

    alarm_after_s: float | None
    campaigns: dict[str, Sums]
    legitimate: Sums
    kinds: dict[str, Sums]
    n_innocents: int
    decisions_a_second: float
    p50_s: float
    p99_s: float
    collected_a_second: float

    @property
    def main(self) -> Sums:
        """Of the campaign that the story is about."""
        return self.campaigns.get(MAIN, Sums())


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """All of it.

    hours       Requests of each hour by outcome: of each campaign, and of `LEGITIMATE`.
    """

    start: datetime
    end: datetime
    policy: str
    entries: tuple[Entry, ...]
    checks: tuple[Check, ...]
    figures: Figures
    hours: tuple[tuple[datetime, dict[str, Sums]], ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """What must hold and does not."""
        return tuple(check for check in self.checks if not check.holds)

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        figures = self.figures
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "policy": self.policy,
            "good": not self.failed,
            "timeline": [_plain_entry(entry) for entry in self.entries],
            "checks": [{"name": c.name, "holds": c.holds, "told": c.told} for c in self.checks],
            "effect": {
                "campaigns": {name: _plain(sums) for name, sums in figures.campaigns.items()},
                LEGITIMATE: _plain(figures.legitimate),
                "kinds": {name: _plain(sums) for name, sums in figures.kinds.items()},
                "innocent_accounts": figures.n_innocents,
            },
            "alarm_after_s": figures.alarm_after_s,
            "decisions_a_second": figures.decisions_a_second,
            "p50_s": figures.p50_s,
            "p99_s": figures.p99_s,
            "collected_a_second": figures.collected_a_second,
            "hours": [
                {"hour": hour.isoformat()} | {name: _plain(sums) for name, sums in told.items()}
                for hour, told in self.hours
            ],
        }


def figures_of(scene: Scene, since: datetime) -> Figures:
    """Figures of what has been played.

    since       When the policy was in force for all.
    """
    names = sorted({truth.campaign for truth in scene.tally.truths() if truth.campaign})
    kinds = sorted({truth.kind for truth in scene.tally.truths() if not truth.campaign})
    tally, n = scene.tally, len(scene.latencies_s)
    p50_s, p99_s = np.quantile(scene.latencies_s, (0.5, 0.99)).tolist() if n else (0.0, 0.0)
    return Figures(
        alarm_after_s=_alarm_after_s(scene),
        campaigns={name: tally.sums(lambda hour, t, of=name: hour >= since and t.campaign == of) for name in names},
        legitimate=tally.sums(lambda hour, t: hour >= since and t.campaign is None),
        kinds={
            kind: tally.sums(lambda hour, t, of=kind: hour >= since and t.campaign is None and t.kind == of)
            for kind in kinds
        },
        n_innocents=len(tally.innocents_touched()),
        decisions_a_second=n / scene.played_s if scene.played_s else 0.0,
        p50_s=p50_s,
        p99_s=p99_s,
        collected_a_second=scene.posted_rows / scene.counts.seconds if scene.counts.seconds else 0.0,
    )


def rehearsed(scene: Scene, policy: str, figures: Figures) -> Rehearsed:
    """The whole result."""
    hours = tuple((hour, _hour(scene, hour, figures)) for hour in scene.tally.hours())
    return Rehearsed(
        scene.world.start,
        scene.world.end,
        policy,
        tuple(scene.timeline.entries),
        tuple(scene.judge.checks),
        figures,
        hours,
    )


def _alarm_after_s(scene: Scene) -> float | None:
    alarms = [e.figures for e in scene.timeline.entries if e.what == "alarm" and e.figures["planted"] == MAIN]
    return alarms[0]["after_s"] if alarms else None


def _hour(scene: Scene, at: datetime, figures: Figures) -> dict[str, Sums]:
    told = {
        name: scene.tally.sums(lambda hour, truth, of=name: hour == at and truth.campaign == of)
        for name in figures.campaigns
    }
    return told | {LEGITIMATE: scene.tally.sums(lambda hour, truth: hour == at and truth.campaign is None)}


def _plain(sums: Sums) -> dict[str, int]:
    return {"served": sums.served, "changed": sums.changed, "withheld": sums.withheld}


def _plain_entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": None if entry.at is None else entry.at.isoformat(),
        "seconds": round(entry.wall_s, 3),
        "what": entry.what,
        "text": entry.text,
        **entry.figures,
    }
