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
    "about_of",
    "alarm_of",
    "alarms_about",
    "alarms_raised",
    "change_of",
    "decided_of",
    "document_of",
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


_END_OF_ROW: Final = frozenset({"ended_at", "ended_why"})
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


def about_of(record: Record) -> str:
    """What a record is about, by which the ledger finds it: a decision, or the alarms of a policy."""
    return alarms_about(record.policy_version) if isinstance(record, Alarm) else record.decision.decision_id


def alarms_about(policy_version: str) -> str:
    """What alarms of a policy are about."""
    return f"alarms of {policy_version}"


def document_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The document that must be on record of a row of DECISIONS or ALARMS, whatever has ended it."""
    if "decision_id" not in row:
        return {"event": "alarm", **row}
    told = {name: value for name, value in row.items() if name not in _END_OF_ROW and (name, value) != _UNTOLD}
    return {"event": "decided", **told, "reason": without_links(told["reason"])}


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


_AGAIN = (
    update(ALARMS)
    .where((ALARMS.c.policy_version == bindparam("of")) & (ALARMS.c.is_final == bindparam("final")))
    .values({name: bindparam(name) for name in ("what", "share", "limit", "raised_at")})
)


def file_new(connection: Connection, records: Sequence[Record]) -> list[Record]:
    """Write the rows of records in the caller's transaction; those that were not there yet, in order.

    A record may come twice: of a commit whose answer was lost nobody knows whether it happened.
    """
    decided = {r.decision.decision_id: r for r in records if isinstance(r, Decided)}
    ended = {r.decision.decision_id: r for r in records if isinstance(r, Ended)}
    for known in _ids(connection, _KNOWN, decided):
        del decided[known]
    if decided:
        connection.execute(_ADD, [_row(record) for record in decided.values()])
    alarms = _file_alarms(connection, [r for r in records if isinstance(r, Alarm)])
    ending = {name: ended[name] for name in _ids(connection, _OPEN, ended)}
    if ending:
        rows = [{"id": n, "at": stamp(r.at), "why": r.why.value} for n, r in ending.items()]
        connection.execute(_END, rows)
    new = {id(record) for record in (*decided.values(), *ending.values(), *alarms)}
    return [record for record in records if id(record) in new]


def _file_alarms(connection: Connection, alarms: Sequence[Alarm]) -> list[Alarm]:
    """Those that are later than what is there; the row is of the last one, which lifts only for who has seen it."""
    if not alarms:
        return []
    known = {(one.policy_version, one.is_final): one for one in alarms_raised(connection)}
    new = []
    for alarm in alarms:
        before = known.get((alarm.policy_version, alarm.is_final))
        if before is None:
            connection.execute(_ADD_ALARM, _alarm_row(alarm))
        elif before.raised_at < alarm.raised_at:
            row = _alarm_row(alarm)
            connection.execute(_AGAIN, {"of": row.pop("policy_version"), "final": row.pop("is_final"), **row})
        else:
            continue
        known[alarm.policy_version, alarm.is_final] = alarm
        new.append(alarm)
    return new


def _ids(connection: Connection, statement: Any, records: Mapping[str, object]) -> list[str]:  # noqa: ANN401
    if not records:
        return []
    return list(connection.execute(statement, {"ids": list(records)}).scalars())


def open_decisions(connection: Connection) -> list[tuple[Stream, Decision]]:
    """Decisions whose end is not on record, expired ones among them, without appeal links."""
    rows = connection.execute(select(DECISIONS).where(DECISIONS.c.ended_at.is_(None)))
    return [decided_of(row._asdict()) for row in rows]


def alarms_raised(connection: Connection) -> list[Alarm]:
    """All alarms, of whichever policy: the last of each kind."""
    return [alarm_of(row._asdict()) for row in connection.execute(select(ALARMS))]


def alarm_of(row: Mapping[str, Any]) -> Alarm:
    """Alarm of a row of ALARMS."""
    return Alarm(**{**row, "raised_at": time_of(row["raised_at"])})


def decided_of(row: Mapping[str, Any]) -> tuple[Stream, Decision]:
    """Stream and decision of a row of DECISIONS."""
    made = Decision(
        action=Action(row["action"]),
        decision_id=row["decision_id"],
        request_id="",
        reason=row["reason"],
        policy_version=row["policy_version"],
        decided_at=time_of(row["decided_at"]),
        expires_at=time_of(row["expires_at"]),
        rule=row["rule"] or None,
        evidence_id=row["campaign_id"],
        rate_per_minute=row["rate_per_minute"],
        own_per_day=row["own_per_day"],
    )
    return Stream(row["campaign_id"], row["account_id"]), made
