"""A collector: bodies in, parcels to a sink, with back-pressure between them."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import pyarrow as pa
from starlette.requests import Request

from stillwatch.ingest.options import Content
from stillwatch.service.collect.bodies import Body
from stillwatch.service.collect.body import BodyReader, Held
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.budget import Budget
from stillwatch.service.collect.clock import Clock
from stillwatch.service.collect.disk import PosixDisk
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.gather import Gather, Taken
from stillwatch.service.collect.intake import Intake, IntakeRules
from stillwatch.service.collect.journal import Journal, Sink
from stillwatch.service.collect.metrics import NO_METRICS, Metrics
from stillwatch.service.collect.parcel import Outcome
from stillwatch.service.collect.places import Places, locked
from stillwatch.service.collect.reading_apart import Reading, ReadingApart
from stillwatch.service.collect.refusal import Refusal
from stillwatch.service.collect.roller import Surroundings
from stillwatch.service.settings import CollectSettings

__all__ = ["Collector", "CollectorOptions", "journal_in", "local_collector"]


@dataclass(frozen=True, slots=True)
class CollectorOptions:
    """How a collector works.

    salt    Key of the hashes that take the place of secrets: `stillwatch.ingest.installation_salt`.
    apart   Bodies are read in processes of their own, for whoever has more to do than collecting.
    """

    salt: bytes = field(repr=False)
    settings: CollectSettings = field(default_factory=CollectSettings)
    bounds: Bounds = field(default_factory=Bounds)
    metrics: Metrics = NO_METRICS
    clock: Clock = field(default_factory=Clock)
    apart: bool = False

    @property
    def rules(self) -> IntakeRules:
        """By which rules bodies are read."""
        told, bounds = self.settings, self.bounds
        return IntakeRules(self.salt, Content(told.content), told.keep_days, bounds.ahead_s, rows=bounds.rows)

    def intake(self) -> Intake:
        """Reads bodies in this process."""
        return Intake(self.rules, self.clock)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reading]:
        """What reads bodies, for the block."""
        if not self.apart:
            yield self.intake()
            return
        with ReadingApart(self.rules, self.clock, self.bounds.parsers) as apart:
            yield apart


class Collector:
    """Takes bodies; use it from one event loop."""

    def __init__(self, sink: Sink, options: CollectorOptions, reading: Reading | None = None) -> None:
        self.metrics = options.metrics
        # A body that the queue can never hold is too large, and not to be sent again later.
        self.body_bytes = min(options.settings.body_bytes, options.settings.queue_bytes)
        self.sink = sink
        self._bounds = options.bounds
        self._gather = Gather(reading or options.intake(), sink, options.bounds)
        self._budget = Budget(options.settings.queue_bytes)
        self._bodies = BodyReader(self._budget, options.bounds, self.body_bytes)
        self._n_bodies = 0

    async def take(self, request: Request, kind: BodyFormat, *, waits: bool = True) -> tuple[pa.RecordBatch, Outcome]:
        """Take one body whole; gives what of it was put aside, and what became of it.

        waits   Until it is on the disk.
        Raises  Refusal: nothing of it was kept.
        """
        if self._n_bodies >= self._bounds.bodies:
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many bodies are being sent", self._bounds.retry_s)
        self._n_bodies += 1
        try:
            async with self._bodies.reading(request) as held:
                self.metrics.gauge("stillwatch_collect_waiting_bytes", self._budget.used)
                taken = await self._gather.take(Body(_bytes_of(held), kind))
                return taken.share.aside, await self._outcome(taken, kind, waits=waits)
        finally:
            self._n_bodies -= 1

    async def _outcome(self, taken: Taken, kind: BodyFormat, *, waits: bool) -> Outcome:
        # What nobody waits for is counted as long as it is in memory; when there is no room for it, it is waited for.
        if waits or not self._budget.take(taken.size_bytes):
            outcome = await taken.outcome()
            self._tell(outcome, kind)
            return outcome
        taken.handed.add_done_callback(lambda done: self._tell_late(done, taken, kind))
        n, n_aside = taken.share.stop - taken.share.start, taken.share.aside.num_rows
        return Outcome(n, 0, n_aside, is_durable=False, is_final=False)

    def _tell(self, outcome: Outcome, kind: BodyFormat) -> None:
        counts = {
            "accepted": outcome.n_accepted,
            "duplicate": outcome.n_duplicate,
            "quarantined": outcome.n_quarantined,
        }
        for name, n in counts.items():
            if n:
                self.metrics.count("stillwatch_collect_exchanges_total", n, format=kind, outcome=name)

    def _tell_late(self, done: Future[Outcome], taken: Taken, kind: BodyFormat) -> None:
        self._budget.give(taken.size_bytes)
        if done.exception() is None:
            self._tell(done.result().of(taken.share), kind)
        else:
            self.metrics.count("stillwatch_collect_lost_exchanges_total", taken.share.n_received)


def _bytes_of(held: Held) -> bytes:
    """The whole body; its parts are let go."""
    data = held.parts[0] if len(held.parts) == 1 else b"".join(held.parts)
    held.parts.clear()
    return data


@contextlib.contextmanager
def journal_in(folder: Path, options: CollectorOptions) -> Iterator[Journal]:
    """A journal on a folder of this machine, held for the block; its end writes everything by hour.

    Raises  InvalidInput when another process has one there; UnreadableSource when the folder cannot be used.
    """
    places, told = Places(folder), options.settings
    with locked(places):
        around = Surroundings(
            PosixDisk(),
            places,
            options.bounds,
            options.metrics,
            options.clock,
            keep_days=told.keep_days,
            most_bytes=told.most_bytes,
        )
        journal = Journal(around)
        journal.start()
        try:
            yield journal
        finally:
            journal.close()


@contextlib.contextmanager
def local_collector(folder: Path, options: CollectorOptions) -> Iterator[tuple[Collector, Journal]]:
    """A collector that writes to a folder of this machine.

    Raises  As `journal_in`.
    """
    with journal_in(folder, options) as journal, options.reading() as reading:
        yield Collector(journal, options, reading), journal
