"""The rehearsal itself: traffic, alarm, preview, a policy put in force, its effect, an appeal, the way back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from stillwatch.errors import FailedProof
from stillwatch.service.rehearsal.closing import export, take_back, verify_ledger
from stillwatch.service.rehearsal.history import collect_history
from stillwatch.service.rehearsal.objection import object_and_be_heard
from stillwatch.service.rehearsal.opening import opened
from stillwatch.service.rehearsal.play import SPAN, play, tell_effect
from stillwatch.service.rehearsal.result import Figures, Rehearsed, figures_of, rehearsed
from stillwatch.service.rehearsal.rollout import STAYS, prepare, put_in_force
from stillwatch.service.rehearsal.scene import Scene
from stillwatch.service.rehearsal.timeline import Timeline
from stillwatch.service.rehearsal.watching import look
from stillwatch.service.rehearsal.words import counted, milliseconds, percent
from stillwatch.service.rehearsal.world import DAYS, MAIN, World, make_world

__all__ = ["MOST_INNOCENT", "rehearse"]

MOST_INNOCENT: Final = 0.001
"""Share of legitimate requests that may be touched: what a policy may touch of tenured accounts on one person's word."""
_APPEAL_AT: Final = timedelta(hours=12)
_DAY: Final = timedelta(days=1)
_STAGES: Final = (1, 10, 100)
_WEAK: Final = 0.1
"""A policy that withholds or changes less of the campaign is called weak, in so many words."""


def rehearse(
    folder: Path, exchanges: int, seed: int, say: Callable[[str], None], now: datetime, policy: str = "default"
) -> Rehearsed:
    """Play the whole story in an empty folder; minutes.

    exchanges   Of all days.
    say         Takes the lines of the timeline as they come.
    now         The traffic ends at the midnight before.
    policy      One that comes along.
    Raises      FailedProof when it cannot go on; as `serving` when the service does not start.
    """
    timeline, folder = Timeline(say), folder.resolve()
    world = make_world(folder / "simulated", exchanges, seed, now)
    _tell_traffic(timeline, world)
    with opened(folder, world, timeline) as scene:
        figures = _acts(scene, policy)
        return rehearsed(scene, policy, figures)


def _tell_traffic(timeline: Timeline, world: World) -> None:
    campaigns: dict[str, int] = {}
    kinds = set()
    for truth in world.truth.values():
        if truth.campaign is None:
            kinds.add(truth.kind)
        else:
            campaigns[truth.campaign] = campaigns.get(truth.campaign, 0) + 1
    planted = ", ".join(f"{name} {n:,}" for name, n in sorted(campaigns.items()))
    timeline.note(
        "traffic",
        f"{counted(len(world.truth), 'exchange')} of {DAYS} simulated days: harvests ({planted}), and {len(kinds)} "
        "kinds of legitimate use",
        total=len(world.truth),
        campaigns=campaigns,
        kinds=sorted(kinds),
    )


def _acts(scene: Scene, policy: str) -> Figures:
    """All that happens."""
    collect_history(scene)
    told = counted(len(scene.alarms), "alarm")
    if not scene.judge.check(
        "the campaign is found before the last day", any(a.planted == MAIN for a in scene.alarms), told
    ):
        message = f"{MAIN} was not found in {counted(scene.counts.sent, 'exchange')}: try more, or another seed"
        raise FailedProof(message)
    chosen = prepare(scene, policy, scene.folder / "preview.html")
    for stage in _STAGES:
        put_in_force(scene, chosen, stage)
        if stage != _STAGES[-1]:
            play(scene, scene.clock.wall() + STAYS)
    since = scene.clock.wall()
    heard = _last_day(scene)
    figures = figures_of(scene, since)
    _tell_whole(scene, figures)
    take_back(scene, heard)
    verify_ledger(scene)
    export(scene)
    return figures


def _last_day(scene: Scene) -> str | None:
    """The rest of it, with looks of the watch and an appeal in the middle; whose appeal that was."""
    start, heard = scene.world.end - _DAY, None
    at = start
    while at < scene.world.end:
        until = min(at + SPAN, scene.world.end)
        play(scene, until)
        tell_effect(scene, at, until)
        if until == start + _APPEAL_AT:
            heard = object_and_be_heard(scene)
        if until < scene.world.end:
            look(scene)
        at = until
    _check_counts(scene)
    return heard


def _check_counts(scene: Scene) -> None:
    counts, sums = scene.counts, scene.tally.sums(lambda _hour, _truth: True)
    n_answered = sums.served + sums.changed
    told = f"{n_answered:,} answered, {counts.accepted:,} logged of {counts.sent:,} sent"
    scene.judge.check("what is answered is logged", n_answered == counts.accepted == counts.sent, told)
    n_all = len(scene.world.truth)
    scene.judge.check("every request is accounted for", sums.total == n_all, f"{sums.total:,} of {n_all:,}")


def _tell_whole(scene: Scene, figures: Figures) -> None:
    main, others = figures.main, figures.legitimate
    kinds = [f"{kind} {sums.total - sums.served:,}" for kind, sums in figures.kinds.items() if sums.total > sums.served]
    weak = " (weak)" if main.touched_share < _WEAK else ""
    scene.note(
        "together",
        f"since 100 %: of {MAIN} {percent(main.withheld_share)} withheld, {percent(main.changed / max(main.total, 1))} "
        f"changed{weak}; of legitimate requests {percent(others.touched_share)} touched"
        + (f" ({', '.join(kinds)})" if kinds else ""),
    )
    scene.note(
        "speed",
        f"{counted(len(scene.latencies_s), 'decision')} over HTTP, {figures.decisions_a_second:,.0f} a second one by "
        f"one, p50 {milliseconds(figures.p50_s)}, p99 {milliseconds(figures.p99_s)}; caller and service share a process",
        p50_s=figures.p50_s,
        p99_s=figures.p99_s,
    )
    scene.judge.check("something was done about the campaign", main.served < main.total, percent(main.touched_share))
    scene.judge.check(
        f"at most {percent(MOST_INNOCENT)} of legitimate requests are touched",
        others.touched_share <= MOST_INNOCENT,
        f"{others.total - others.served:,} of {others.total:,}",
    )
