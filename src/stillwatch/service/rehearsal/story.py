"""The rehearsal itself: traffic, alarm, preview, policies put in force, their effect, an appeal, the way back."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from stillwatch.errors import FailedProof
from stillwatch.service.rehearsal.closing import export, take_back, verify_ledger
from stillwatch.service.rehearsal.history import collect_history
from stillwatch.service.rehearsal.objection import hear
from stillwatch.service.rehearsal.opening import opened
from stillwatch.service.rehearsal.play import observe, play_on
from stillwatch.service.rehearsal.result import Phase, Rehearsed, phase_of, rehearsed, speed_of
from stillwatch.service.rehearsal.rollout import prepare, refuse_careless, roll_out
from stillwatch.service.rehearsal.scene import Scene
from stillwatch.service.rehearsal.tally import LEGITIMATE
from stillwatch.service.rehearsal.timeline import Timeline
from stillwatch.service.rehearsal.words import counted, milliseconds, percent
from stillwatch.service.rehearsal.world import MAIN, Plot, World, make_world

__all__ = ["MOST_INNOCENT", "rehearse"]

MOST_INNOCENT: Final = 0.001
"""Share of legitimate requests that may be withheld or changed in a day."""
_POLICIES: Final = ("default", "strict")
_OBSERVED: Final = timedelta(hours=12)
"""Before the last day, in which the gateway asks while no policy is in force."""
_STRICT_AT: Final = timedelta(hours=12)
"""Of the last day: by then the mild policy has shown what it takes."""
_APPEAL_AT: Final = timedelta(hours=20)
_DAY: Final = timedelta(days=1)
_WEAK: Final = 0.25
"""A policy that withholds or changes less of the campaign is called weak, in so many words."""


def rehearse(folder: Path, plot: Plot, say: Callable[[str], None], now: datetime) -> Rehearsed:
    """Play the whole story in an empty folder; minutes.

    say         Takes the lines of the timeline as they come.
    now         The traffic ends at the midnight before.
    Raises      FailedProof when it cannot go on; as `serving` when the service does not start.
    """
    timeline, folder = Timeline(say), folder.resolve()
    world = make_world(folder / "simulated", plot, now)
    _tell_traffic(timeline, world)
    with opened(folder, world, timeline) as scene:
        phases = _acts(scene)
        return rehearsed(scene, phases)


def _tell_traffic(timeline: Timeline, world: World) -> None:
    campaigns = Counter(truth.campaign for truth in world.truth.values() if truth.campaign)
    kinds = sorted({truth.kind for truth in world.truth.values() if truth.campaign is None})
    days, harvests = (world.end - world.start) // _DAY, counted(len(campaigns), "harvest")
    planted = ", ".join(f"{name} {n:,}" for name, n in sorted(campaigns.items()))
    timeline.note(
        "traffic",
        f"{counted(len(world.truth), 'exchange')} of {days} simulated days: {harvests} ({planted}) among "
        f"{len(kinds)} kinds of legitimate use",
        total=len(world.truth),
        campaigns=dict(campaigns),
        kinds=kinds,
    )


def _acts(scene: Scene) -> list[Phase]:
    """All that happens."""
    last_day = scene.world.end - _DAY
    collect_history(scene, last_day - _OBSERVED)
    observe(scene, last_day)
    told = counted(len(scene.alarms), "alarm")
    if not scene.judge.check("the campaign is found", any(alarm.planted == MAIN for alarm in scene.alarms), told):
        message = f"{MAIN} was not found in {counted(scene.counts.sent, 'exchange')}: try more, or another seed"
        raise FailedProof(message)
    refuse_careless(scene)
    mild, strict = _POLICIES
    since = _rolled_out(scene, mild)
    hears = partial(hear, latest=last_day + _APPEAL_AT)
    play_on(scene, last_day + _STRICT_AT, hears)
    phases = [_told_phase(scene, mild, since)]
    since = _rolled_out(scene, strict)
    play_on(scene, scene.world.end, hears)
    scene.judge.check("an appeal was upheld", scene.heard is not None, f"{len(scene.touched):,} accounts touched")
    phases.append(_told_phase(scene, strict, since))
    _check_counts(scene)
    _check_effect(scene, last_day)
    _check_innocents(scene, last_day)
    _tell_speed(scene)
    take_back(scene, len(_POLICIES))
    verify_ledger(scene)
    export(scene)
    return phases


def _rolled_out(scene: Scene, name: str) -> datetime:
    """Bring a policy into force for everybody; since when it is, in whole hours."""
    policy = prepare(scene, name)
    roll_out(scene, policy)
    return scene.clock.wall().replace(minute=0) + timedelta(hours=1)


def _told_phase(scene: Scene, name: str, since: datetime) -> Phase:
    phase = phase_of(scene, name, since, scene.clock.wall())
    main, others = phase.main, phase.legitimate
    kinds = [f"{kind} {sums.total - sums.served:,}" for kind, sums in phase.kinds.items() if sums.total > sums.served]
    changed = f" and changed {percent(main.changed / max(main.total, 1))}" if main.changed else ""
    weak = " (weak)" if main.touched_share < _WEAK else ""
    scene.note(
        "together",
        f"{name} withheld {percent(main.withheld_share)}{changed} of {MAIN}{weak}, {percent(others.touched_share)} of "
        f"legitimate requests" + (f" ({', '.join(kinds)})" if kinds else ""),
    )
    return phase


def _check_effect(scene: Scene, since: datetime) -> None:
    sums = scene.tally.sums(MAIN, since)
    told = f"{sums.total - sums.served:,} of {sums.total:,}"
    scene.judge.check("the campaign's requests are withheld or changed", sums.served < sums.total, told)


def _check_innocents(scene: Scene, since: datetime) -> None:
    sums = scene.tally.sums(LEGITIMATE, since)
    scene.judge.check(
        f"at most {percent(MOST_INNOCENT)} of the last day's legitimate requests are withheld or changed",
        sums.touched_share <= MOST_INNOCENT,
        f"{sums.total - sums.served:,} of {sums.total:,}, {counted(len(scene.tally.innocents_touched()), 'account')}",
    )


def _check_counts(scene: Scene) -> None:
    counts, sums = scene.counts, scene.tally.sums()
    n_answered = sums.served + sums.changed
    told = f"{n_answered:,} answered, {counts.accepted:,} logged of {counts.sent:,} sent"
    scene.judge.check(
        "what is answered is logged, and nothing else", n_answered == counts.accepted == counts.sent, told
    )
    n_all = len(scene.world.truth)
    scene.judge.check("every request is accounted for", sums.total == n_all, f"{sums.total:,} of {n_all:,}")


def _tell_speed(scene: Scene) -> None:
    speed = speed_of(scene)
    scene.note(
        "speed",
        f"{counted(speed.n_decisions, 'decision')} over HTTP, {speed.decisions_a_second:,.0f} a second one by one, "
        f"p50 {milliseconds(speed.p50_s)}, p99 {milliseconds(speed.p99_s)}; caller and service share a process",
    )
