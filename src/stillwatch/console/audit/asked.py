"""What a look into the ledger was asked for; it stands in the URL."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from stillwatch.console.visit import Visit, at
from stillwatch.ledger.entry import Kind

__all__ = ["ABOUT", "KINDS", "AskedAudit"]

KINDS: Final = (
    Kind.DECISION,
    Kind.CASE,
    Kind.DISCLOSURE,
    Kind.APPEAL,
    Kind.POLICY,
    Kind.REVOKE,
    Kind.ROSTER_CHANGE,
    Kind.MARK_KEYS,
)
"""What a service records."""
ABOUT: Final = ("campaign", "decision", "appeal", "account", "exchange", "policy", "user")
"""What an entry may be about."""
_MOST_ACTOR: Final = 64


@dataclass(frozen=True, slots=True)
class AskedAudit:
    """A filter, and where to look on.

    about, name     What entries are about, and its id; both empty for everything.
    since, until    Days, UTC, both inclusive; None for no bound.
    before          Only entries below this index; None begins at the newest.
    """

    kind: str = ""
    actor: str = ""
    about: str = ""
    name: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    @classmethod
    def of(cls, visit: Visit) -> "AskedAudit":
        """What a request asks for; what it says wrongly is not asked for."""
        about, name = visit.asked("about", "", *ABOUT), visit.asked("id").strip()
        return cls(
            kind=visit.asked("kind", "", *(kind.value for kind in KINDS)),
            actor=visit.asked("actor").strip().lower()[:_MOST_ACTOR],
            about=about if name else "",
            name=name if about else "",
            since=_day(visit.asked("from")),
            until=_day(visit.asked("to")),
            before=visit.number("before", 0) or None,
        )

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.kind or self.actor or self.about or self.since or self.until)

    @property
    def starts(self) -> datetime | None:
        """First moment that is wanted."""
        return None if self.since is None else datetime.combine(self.since, datetime.min.time(), UTC)

    @property
    def ends(self) -> datetime | None:
        """First moment that is not wanted any more."""
        return None if self.until is None else datetime.combine(self.until, datetime.min.time(), UTC) + timedelta(1)

    def link(self, *parts: str, **changes: Any) -> str:  # noqa: ANN401 - whatever a URL takes
        """Path of the list as asked for, with changes; `parts` come after it, such as a download's."""
        told = {
            "kind": self.kind,
            "actor": self.actor,
            "about": self.about,
            "id": self.name,
            "from": self.since,
            "to": self.until,
            "before": self.before,
        }
        return at("audit", *parts, **(told | changes))


def _day(told: str) -> date | None:
    try:
        found = date.fromisoformat(told)
    except ValueError:
        return None
    return found if date(1970, 1, 1) <= found < date(9000, 1, 1) else None
