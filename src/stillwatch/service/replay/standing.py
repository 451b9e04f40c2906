"""What people have said so far, from the service's database: appeals, and when campaigns became cases."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from stillwatch.act.appeals.appeal import AppealRules
from stillwatch.act.appeals.report import appeals_report
from stillwatch.act.appeals.standing import cleared_streams, overdue
from stillwatch.act.cases.tables import CASE_ALIASES, CASES
from stillwatch.signing.stamp import time_of

__all__ = ["Standing", "standing_of"]

Stream = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it; where there is no service nobody has said anything.

    cleared, overdue    Streams of upheld appeals, and of appeals that nobody answered in time.
    decided, upheld     Appeals against rules of the names that were asked for.
    found_at            When each campaign became a case.
    """

    cleared: Collection[Stream] = ()
    overdue: Collection[Stream] = ()
    decided: int = 0
    upheld: int = 0
    found_at: Mapping[str, datetime] = field(default_factory=dict)


def standing_of(connection: Connection, rules: Collection[str], promised: AppealRules, now: datetime) -> Standing:
    """What a service's database says now.

    connection  That sees one state of it.
    rules       Names of a policy's rules.
    promised    By which an appeal is overdue.
    """
    ours = [one for one in appeals_report(connection, promised, now).by_rule if one.rule in rules]
    return Standing(
        cleared_streams(connection),
        overdue(connection, promised, now).observed,
        sum(one.n_answered for one in ours),
        sum(one.n_upheld for one in ours),
        _found(connection),
    )


def _found(connection: Connection) -> dict[str, datetime]:
    """By id of the campaign, and by its earlier ids."""
    opened = {row.case_id: time_of(row.opened_at) for row in connection.execute(select(CASES))}
    aliases = connection.execute(select(CASE_ALIASES)).all()
    return opened | {row.alias: opened[row.case_id] for row in aliases if row.case_id in opened}
