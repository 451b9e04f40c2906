"""What was done to whom, hour by hour: kept by the judge of the story, who alone knows what each exchange really is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from stillwatch.model.decision import SEVERITY, Action
from stillwatch.service.rehearsal.world import Truth

__all__ = ["LEGITIMATE", "Outcome", "Sums", "Tally", "outcome_of"]

LEGITIMATE: Final = "legitimate"
"""All who are of no campaign."""


class Outcome(StrEnum):
    """What became of a request."""

    SERVED = "served"
    CHANGED = "changed"
    WITHHELD = "withheld"


def outcome_of(decision: Mapping[str, Any]) -> Outcome:
    """Outcome of a decision as the gateway got it; a throttled request within its rate is served like any other.

    >>> outcome_of({"action": "throttle", "serves": True}), outcome_of({"action": "degrade", "serves": True})
    (<Outcome.SERVED: 'served'>, <Outcome.CHANGED: 'changed'>)
    """
    if not decision["serves"]:
        return Outcome.WITHHELD
    action = Action(decision["action"])
    is_changed = SEVERITY[action] > SEVERITY[Action.OBSERVE] and action is not Action.THROTTLE
    return Outcome.CHANGED if is_changed else Outcome.SERVED


@dataclass(frozen=True, slots=True)
class Sums:
    """Requests by outcome."""

    served: int = 0
    changed: int = 0
    withheld: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.served + self.changed + self.withheld

    @property
    def touched_share(self) -> float:
        """Share withheld or changed, 0 to 1.

        >>> Sums(served=3, changed=1).touched_share
        0.25
        """
        return (self.changed + self.withheld) / self.total if self.total else 0.0

    @property
    def withheld_share(self) -> float:
        """Share that was not answered, 0 to 1."""
        return self.withheld / self.total if self.total else 0.0


_Cell = tuple[datetime, str | None, str, Outcome]


class Tally:
    """Requests by hour, campaign, kind and outcome; and which accounts were touched."""

    def __init__(self) -> None:
        self._cells: Counter[_Cell] = Counter()
        self._touched: Counter[tuple[str | None, str, str]] = Counter()

    def add(self, at: datetime, truth: Truth, account_id: str, outcome: Outcome) -> None:
        """Count one."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        self._cells[hour, truth.campaign, truth.kind, outcome] += 1
        if outcome is not Outcome.SERVED:
            self._touched[truth.campaign, truth.kind, account_id] += 1

    def sums(self, who: str | None = None, start: datetime | None = None, end: datetime | None = None) -> Sums:
        """Sums of whole hours from one to before another; without them of all.

        who     A campaign, a kind of legitimate use, or `LEGITIMATE`; None for everybody.
        """
        found: Counter[Outcome] = Counter()
        for (hour, campaign, kind, outcome), n in self._cells.items():
            is_meant = who in {None, kind} or (who == LEGITIMATE and campaign is None)
            if is_meant and (start is None or hour >= start) and (end is None or hour < end):
                found[outcome] += n
        return Sums(found[Outcome.SERVED], found[Outcome.CHANGED], found[Outcome.WITHHELD])

    @property
    def hours(self) -> list[datetime]:
        """Hours with requests."""
        return sorted({hour for hour, *_ in self._cells})

    @property
    def campaigns(self) -> list[str]:
        """Planted campaigns with requests."""
        return sorted({campaign for _, campaign, *_ in self._cells if campaign is not None})

    @property
    def kinds(self) -> list[str]:
        """Kinds of legitimate use with requests."""
        return sorted({kind for _, campaign, kind, _ in self._cells if campaign is None})

    def innocents_touched(self) -> list[tuple[str, int]]:
        """Accounts of legitimate requests that were withheld or changed, with how many; the most first."""
        found: Counter[str] = Counter()
        for (campaign, _, account_id), n in self._touched.items():
            if campaign is None:
                found[account_id] += n
        return found.most_common()
