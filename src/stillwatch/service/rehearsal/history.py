"""The days before: posted to the collector as fast as it takes them, while the watch looks every few hours."""

import time
from datetime import datetime, timedelta
from typing import Final

from stillwatch.service.rehearsal.requests import bodies
from stillwatch.service.rehearsal.scene import Scene
from stillwatch.service.rehearsal.tally import Outcome
from stillwatch.service.rehearsal.watching import look
from stillwatch.service.rehearsal.words import counted, lasted

__all__ = ["EVERY", "collect_history"]

EVERY: Final = timedelta(hours=8)
"""From one look to the next; a service looks every minute, so that its alarms come sooner."""


def collect_history(scene: Scene, end: datetime) -> None:
    """Everything until a time."""
    at = scene.world.start
    while at < end:
        until = min(at + EVERY, end)
        _post(scene, at, until)
        scene.clock.go_to(until)
        look(scene)
        at = until
    counts = scene.counts
    scene.note(
        "collected",
        f"{counts.sent:,} exchanges of {lasted(end - scene.world.start)} through the collector, durably, "
        f"{counts.sent / max(counts.seconds, 1e-9):,.0f} a second; {counts.accepted:,} accepted, "
        f"{counts.duplicate:,} duplicates, {counts.quarantined:,} put aside",
        sent=counts.sent,
        accepted=counts.accepted,
        duplicate=counts.duplicate,
        quarantined=counts.quarantined,
        seconds=counts.seconds,
    )
    scene.judge.check(
        "what was sent adds up",
        counts.sent == counts.accepted + counts.duplicate + counts.quarantined,
        counted(counts.sent, "exchange"),
    )


def _post(scene: Scene, start: datetime, end: datetime) -> None:
    """Send what came between two times; all of it was served."""
    rows = scene.world.between(start, end).to_pylist()
    for row in rows:
        truth = scene.world.truth[row["exchange_id"]]
        scene.tally.add(row["time"], truth, row["account_id"], Outcome.SERVED)
    for body, n, last in bodies(rows):
        scene.clock.go_to(last)
        began = time.perf_counter()
        told = scene.caller.collect(body)
        scene.counts.add(n, told, time.perf_counter() - began)
        scene.posted_rows += n
