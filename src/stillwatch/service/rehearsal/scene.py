"""What all parts of the story work with: the traffic, the service that runs, and who calls it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from stillwatch.act.policy.book import Signer
from stillwatch.act.policy.people import person
from stillwatch.model.findings import Findings
from stillwatch.service.home import Home
from stillwatch.service.rehearsal.caller import Caller
from stillwatch.service.rehearsal.clock import SteppedClock
from stillwatch.service.rehearsal.judge import Judge
from stillwatch.service.rehearsal.tally import Tally
from stillwatch.service.rehearsal.timeline import Timeline
from stillwatch.service.rehearsal.world import World
from stillwatch.service.running import Service

__all__ = ["FIRST", "READER", "SECOND", "Alarm", "Counts", "Scene", "Touched"]

FIRST: Final = "ada"
"""Who puts policies in force."""
SECOND: Final = "bea"
"""Who looks at what she does."""
READER: Final = "cleo"
"""Who answers appeals."""


@dataclass(slots=True)
class Counts:
    """What the collector said of all that it was sent."""

    sent: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    seconds: float = 0.0

    def add(self, n: int, told: dict[str, Any], seconds: float = 0.0) -> None:
        """One body of so many lines."""
        self.sent += n
        self.accepted += told["accepted"]
        self.duplicate += told["duplicate"]
        self.quarantined += told["quarantined"]
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class Touched:
    """The last request of an account that was withheld or changed, and its decision."""

    decision: dict[str, Any]
    row: dict[str, Any] = field(repr=False)


@dataclass(slots=True)
class Alarm:
    """A campaign that was called a harvest.

    names       What it has been called since, the newest last: detection may rename one that it has not counted yet.
    planted     The planted campaign that most of its exchanges were of; None for nobody's.
    """

    names: dict[str, None]
    accounts: set[str]
    planted: str | None
    at: datetime


@dataclass
class Scene:
    """All of it.

    folder      Where pages and bundles go.
    findings    Of the last look, None before it.
    alarms      In the order in which they came.
    touched     By account.
    latencies_s Of every decision.
    played_s    Seconds that the played day took, without looks of the watch.
    posted_rows Exchanges of history.
    stopped     The blast radius has stopped a policy.
    heard       Account whose appeal was upheld.
    tried       Ways to put a policy in force that are refused, of those that were told.
    """

    folder: Path
    world: World
    home: Home
    service: Service
    caller: Caller
    clock: SteppedClock
    timeline: Timeline
    judge: Judge = field(default_factory=Judge)
    tally: Tally = field(default_factory=Tally)
    counts: Counts = field(default_factory=Counts)
    findings: Findings | None = None
    alarms: list[Alarm] = field(default_factory=list)
    touched: dict[str, Touched] = field(default_factory=dict)
    latencies_s: list[float] = field(default_factory=list)
    played_s: float = 0.0
    posted_rows: int = 0
    stopped: bool = False
    heard: str | None = None
    tried: set[str] = field(default_factory=set)

    def signer(self, by: str) -> Signer:
        """Who signs now, by that person's word."""
        return Signer(self.home.key, person(by), self.clock.wall())

    def note(self, what: str, text: str, /, *, mark: str = "", **figures: Any) -> None:  # noqa: ANN401 - JSON
        """One more entry of the timeline."""
        self.timeline.note(what, text, mark=mark, **figures)

    def planted(self, exchange_ids: Iterable[str]) -> dict[str | None, int]:
        """How many of some exchanges are of which planted campaign."""
        found: dict[str | None, int] = {}
        for name in exchange_ids:
            campaign = self.world.truth[name].campaign
            found[campaign] = found.get(campaign, 0) + 1
        return found


Act = Callable[[Scene], None]
"""A part of the story."""
