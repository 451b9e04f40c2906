"""What is counted in a period, exactly; it never leaves the forum like this."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.export import lines_of
from stillwatch.share.appeals.case import State, state_of
from stillwatch.share.appeals.docket import case_at
from stillwatch.share.appeals.tables import APPEALS
from stillwatch.share.life.tombstones import TOMBSTONES, Cause
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["SPANS", "Counts", "Period", "Request", "counted", "requests_of", "span_of"]

SPANS: Final = (
    "under 1 hour",
    "1 to 4 hours",
    "4 to 12 hours",
    "12 to 24 hours",
    "1 to 3 days",
    "3 to 7 days",
    "7 to 14 days",
    "14 to 30 days",
    "30 days and more",
)
_EDGES_H: Final = (1, 4, 12, 24, 72, 168, 336, 720)
_MOST_REQUESTS: Final = 1_000_000
_LEFT_OUT: Final = frozenset({Kind.APPEAL, Kind.REMOVAL})
"""Appeals are told by how they went; of one revocation there are as many removals as members."""


class Request(StrEnum):
    """What governments ask for; the operator tells how often."""

    INFORMATION = "information"
    COURT_ORDER = "court-order"
    PRESERVATION = "preservation"
    REMOVAL = "removal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until`."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        """A period has a length."""
        if not self.since < self.until:
            message = f"a period must end after it begins, got {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"
            raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class Counts:
    """Exact counts; of each mapping, one event is in one of the counts.

    entries         Entries of the ledger by kind, without appeals and removals.
    appeals         Appeals filed in the period by state at its end.
    revocations     By cause.
    to_revoke, to_decide    From publication to revocation, and from appeal to decision, by span.
    requests        Of governments.
    """

    entries: Mapping[str, int]
    appeals: Mapping[str, int]
    revocations: Mapping[str, int]
    to_revoke: Mapping[str, int]
    to_decide: Mapping[str, int]
    requests: Mapping[str, int]


def span_of(length: timedelta) -> str:
    """Span that a length of time falls into.

    >>> span_of(timedelta(hours=30))
    '1 to 3 days'
    """
    return SPANS[sum(length >= timedelta(hours=edge) for edge in _EDGES_H)]


def counted(ledger: Path, connection: Connection, period: Period, requests: Mapping[str, int]) -> Counts:
    """Count what happened in a period.

    ledger      Exported ledger, which is to be verified first.
    connection  To the forum's database, with the tables of appeals and tombstones.
    """
    return Counts(
        entries=_entries(ledger, period),
        appeals=_appeals(connection, period),
        **_revocations(connection, period),
        to_decide=_decisions(connection, period),
        requests=requests,
    )


def _tallied(names: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    """Counts of all names in order, none left out: what is missing would tell that there was none."""
    counter = Counter(found)
    return {name: counter[name] for name in names}


def _entries(ledger: Path, period: Period) -> dict[str, int]:
    since, until = stamp(period.since), stamp(period.until)
    lines = (told for _, told in lines_of(ledger) if "head" not in told)
    found = (str(told["kind"]) for told in lines if since <= str(told["time"]) < until)
    return _tallied([kind.value for kind in Kind if kind not in _LEFT_OUT], found)


def _appeals(connection: Connection, period: Period) -> dict[str, int]:
    filed = APPEALS.c.filed_at
    within = (filed >= stamp(period.since)) & (filed < stamp(period.until))
    ids = connection.execute(select(APPEALS.c.case_id).where(within)).scalars().all()
    return _tallied([s.value for s in State], (state_of(case_at(connection, i), period.until).value for i in ids))


def _revocations(connection: Connection, period: Period) -> dict[str, Any]:
    revoked = TOMBSTONES.c.revoked_at
    within = (revoked >= stamp(period.since)) & (revoked < stamp(period.until))
    rows = connection.execute(select(TOMBSTONES).where(within)).all()
    spans = [span_of(time_of(row.revoked_at) - time_of(row.published_at)) for row in rows]
    causes = _tallied([cause.value for cause in Cause], (row.cause for row in rows))
    return {"revocations": causes, "to_revoke": _tallied(SPANS, spans)}


def _decisions(connection: Connection, period: Period) -> dict[str, int]:
    decided = APPEALS.c.decided_at
    within = (decided >= stamp(period.since)) & (decided < stamp(period.until))
    rows = connection.execute(select(APPEALS.c.filed_at, decided).where(within))
    return _tallied(SPANS, (span_of(time_of(row.decided_at) - time_of(row.filed_at)) for row in rows))


def requests_of(told: Mapping[str, Any]) -> dict[str, int]:
    """Requests of governments as the operator tells them; kinds that are left out are 0.

    Raises      InvalidInput for other kinds, or what is no count.
    """
    names = [kind.value for kind in Request]
    if told.keys() - set(names):
        message = f"kinds of requests must be among {', '.join(names)}"
        raise InvalidInput(message)
    if not all(type(count) is int and 0 <= count <= _MOST_REQUESTS for count in told.values()):
        message = f"counts of requests must be whole numbers from 0 to {_MOST_REQUESTS:,}"
        raise InvalidInput(message)
    return {name: told.get(name, 0) for name in names}
