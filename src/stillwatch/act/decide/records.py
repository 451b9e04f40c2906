"""What goes on record of a decision: that it was made, that it ended, that a policy touched too much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from stillwatch.act.decide.radius import Alarm
from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tables import ALARMS, DECISIONS
from stillwatch.act.links_in_text import without_links, without_tokens
from stillwatch.model.decision import SEVERITY, Action, Decision
from stillwatch.signing.stamp import stamp, time_of

__all__ = [
    "Change",
    "Decided",
    "End",
    "Ended",
    "Record",
    "alarms_raised",
    "change_of",
    "file_new",
    "open_decisions",
    "told",
]


class Change(StrEnum):
    """What a new decision is to what was in force for the stream."""

    FIRST = "first"
    HARSHER = "harsher"
    MILDER = "milder"
    AGAIN = "again"


class End(StrEnum):
    """Why a decision ended."""

    EXPIRED = "expired"
    REPLACED = "policy-changed"
    CLEARED = "cleared"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision was made.

    before      The harshest action in force for the stream until then; None when there was none.
    """

    stream: Stream
    decision: Decision
    before: Action | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A decision holds no more."""

    stream: Stream
    decision: Decision
    why: End
    at: datetime


Record = Decided | Ended | Alarm


def change_of(action: Action, before: Action | None) -> Change:
    """What an action is to the one before.

    >>> change_of(Action.BLOCK, Action.THROTTLE).value
    'harsher'
    """
    if before is None:
        return Change.FIRST
    if SEVERITY[action] == SEVERITY[before]:
        return Change.AGAIN
    return Change.HARSHER if SEVERITY[action] > SEVERITY[before] else Change.MILDER


_UNTOLD: Final = ("own_per_day", None)
"""Not in the document of a decision that has none: documents from before there was one stay as they are."""


def told(record: Record) -> dict[str, Any]:
    """The document that the ledger's entry commits to; it is handed out as evidence, and holds no link to object."""
    if isinstance(record, Decided):
        row = {name: value for name, value in _row(record).items() if (name, value) != _UNTOLD}
        return {"event": "decided", **row, "reason": without_links(record.decision.reason)}
    if isinstance(record, Ended):
        names = {"decision_id": record.decision.decision_id, **record.stream._asdict()}
        return {"event": "ended", **names, "ended_at": stamp(record.at), "ended_why": record.why.value}
    return {"event": "alarm", **_alarm_row(record)}


def _row(record: Decided) -> dict[str, Any]:
    made = record.decision
    return {
        "decision_id": made.decision_id,
        **record.stream._asdict(),
        "action": made.action.value,
        "rule": made.rule or "",
        "policy_version": made.policy_version,
        "reason": without_tokens(made.reason),
        "rate_per_minute": made.rate_per_minute,
        "own_per_day": made.own_per_day,
        "change": change_of(made.action, record.before).value,
        "before": None if record.before is None else record.before.value,
        "decided_at": stamp(made.decided_at),
        "expires_at": stamp(made.expires_at),
    }


def _alarm_row(alarm: Alarm) -> dict[str, Any]:
    return {
        "policy_version": alarm.policy_version,
        "is_final": alarm.is_final,
        "what": alarm.what,
        "share": alarm.share,
        "limit": alarm.limit,
        "raised_at": stamp(alarm.raised_at),
    }


_ADD, _ADD_ALARM = insert(DECISIONS), insert(ALARMS)
_KNOWN = select(DECISIONS.c.decision_id).where(DECISIONS.c.decision_id.in_(bindparam("ids", expanding=True)))
_OPEN = _KNOWN.where(DECISIONS.c.ended_at.is_(None))
_END = (
    update(DECISIONS)
    .where(DECISIONS.c.decision_id == bindparam("id"))
    .values(ended_at=bindparam("at"), ended_why=bindparam("why"))
)


def file_new(connection: Connection, records: Sequence[Record]) -> list[Record]:
    """Write the rows of records in the caller's transaction; those that were not there yet, in order.

    A record may come twice: of a commit whose answer was lost nobody knows whether it happened.
    """
    decided = {r.decision.decision_id: r for r in records if isinstance(r, Decided)}
    ended = {r.decision.decision_id: r for r in records if isinstance(r, Ended)}
    alarms = {(r.policy_version, r.is_final): r for r in records if isinstance(r, Alarm)}
    for known in _ids(connection, _KNOWN, decided):
        del decided[known]
    for alarm in alarms_raised(connection) if alarms else ():
        alarms.pop((alarm.policy_version, alarm.is_final), None)
    if decided:
        connection.execute(_ADD, [_row(record) for record in decided.values()])
    if alarms:
        connection.execute(_ADD_ALARM, [_alarm_row(alarm) for alarm in alarms.values()])
    ending = {name: ended[name] for name in _ids(connection, _OPEN, ended)}
    if ending:
        rows = [{"id": n, "at": stamp(r.at), "why": r.why.value} for n, r in ending.items()]
        connection.execute(_END, rows)
    new = {id(record) for record in (*decided.values(), *ending.values(), *alarms.values())}
    return [record for record in records if id(record) in new]


def _ids(connection: Connection, statement: Any, records: Mapping[str, object]) -> list[str]:  # noqa: ANN401
    if not records:
        return []
    return list(connection.execute(statement, {"ids": list(records)}).scalars())


def open_decisions(connection: Connection) -> list[tuple[Stream, Decision]]:
    """Decisions whose end is not on record, expired ones among them, without appeal links."""
    rows = connection.execute(select(DECISIONS).where(DECISIONS.c.ended_at.is_(None)))
    return [(Stream(row.campaign_id, row.account_id), _decision(row)) for row in rows]


def alarms_raised(connection: Connection) -> list[Alarm]:
    """All alarms, of whichever policy."""
    rows = connection.execute(select(ALARMS))
    return [Alarm(r.policy_version, r.what, r.share, r.limit, time_of(r.raised_at), r.is_final) for r in rows]


def _decision(row: Any) -> Decision:  # noqa: ANN401 - a row of DECISIONS
    return Decision(
        action=Action(row.action),
        decision_id=row.decision_id,
        request_id="",
        reason=row.reason,
        policy_version=row.policy_version,
        decided_at=time_of(row.decided_at),
        expires_at=time_of(row.expires_at),
        rule=row.rule or None,
        evidence_id=row.campaign_id,
        rate_per_minute=row.rate_per_minute,
        own_per_day=row.own_per_day,
    )
