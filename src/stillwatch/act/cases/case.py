"""A case: one campaign as a person works on it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping

from stillwatch.errors import InvalidInput
from stillwatch.model.campaign import Verdict
from stillwatch.signing.stamp import time_of

__all__ = ["Case", "CaseEvent", "ClosedWhy", "Stale", "State", "case_of", "event_of"]


class State(StrEnum):
    """Where a case is. `acted` comes by itself, with the first decision beyond `observe` that rests on the campaign."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    ACTED = "acted"
    CLOSED = "closed"


class ClosedWhy(StrEnum):
    """Why a case was closed; only one whose campaign had ended opens again when there is new traffic."""

    ENDED = "ended"
    LEGITIMATE = "legitimate"
    HANDED_OVER = "handed-over"
    MERGED = "merged"


class Stale(InvalidInput):
    """Somebody has changed the case since it was looked at: look again, then decide again."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case; its id is that of its campaign.

    version     Grows with every change by a person; a change says which it has seen.
    also_known_as   Ids of earlier campaigns that turned out to be part of this one.
    """

    case_id: str
    version: int
    state: State
    verdict: Verdict
    bits: float
    n_accounts: int
    n_exchanges: int
    first_seen: datetime
    last_seen: datetime
    opened_at: datetime
    changed_at: datetime
    assignee: str | None = None
    closed_why: ClosedWhy | None = None
    also_known_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One thing that happened to a case.

    what        opened, assigned, noted, acted, judged, merged, closed, reopened or exported.
    text        A note, or the words of a closing; None for the rest.
    entry       Of the ledger.
    """

    case_id: str
    n: int
    what: str
    by: str
    at: datetime
    facts: dict[str, Any]
    entry: int
    text: str | None = field(default=None, repr=False)


def case_of(row: RowMapping, also_known_as: tuple[str, ...] = ()) -> Case:
    """Case of a row of its table."""
    return Case(
        case_id=row["case_id"],
        version=row["version"],
        state=State(row["state"]),
        verdict=Verdict(row["verdict"]),
        bits=row["bits"],
        n_accounts=row["n_accounts"],
        n_exchanges=row["n_exchanges"],
        first_seen=time_of(row["first_seen"]),
        last_seen=time_of(row["last_seen"]),
        opened_at=time_of(row["opened_at"]),
        changed_at=time_of(row["changed_at"]),
        assignee=row["assignee"],
        closed_why=ClosedWhy(row["closed_why"]) if row["closed_why"] else None,
        also_known_as=also_known_as,
    )


def event_of(row: RowMapping) -> CaseEvent:
    """Event of a row of its table."""
    return CaseEvent(
        case_id=row["case_id"],
        n=row["n"],
        what=row["what"],
        by=row["by"],
        at=time_of(row["at"]),
        facts=row["facts"],
        entry=row["entry"],
        text=row["text"],
    )
