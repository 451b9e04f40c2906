"""What people have made of campaigns: their cases, beside what was found."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from stillwatch.act.cases.case import Case, State, case_of
from stillwatch.act.cases.tables import CASE_ALIASES, CASES
from stillwatch.act.decide.tables import DECISIONS

__all__ = ["case_named", "cases_by_id", "decisions_by_action", "ids_in_state", "n_by_state"]

_LIVING: Final = (State.OPEN.value, State.INVESTIGATING.value, State.ACTED.value)


def cases_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Case]:
    """Cases of these campaigns; those without one are left out."""
    rows = connection.execute(select(CASES).where(CASES.c.case_id.in_(ids))).mappings()
    return {row["case_id"]: case_of(row) for row in rows}


def case_named(connection: Connection, name: str) -> Case | None:
    """Case of that campaign, or of the one that it became part of; None when there is none."""
    known = connection.execute(select(CASE_ALIASES.c.case_id).where(CASE_ALIASES.c.alias == name)).scalar()
    row = connection.execute(select(CASES).where(CASES.c.case_id == (known or name))).mappings().first()
    if row is None:
        return None
    aliases = select(CASE_ALIASES.c.alias).where(CASE_ALIASES.c.case_id == row["case_id"])
    return case_of(row, tuple(sorted(connection.execute(aliases).scalars())))


def ids_in_state(connection: Connection, state: str, person: str) -> frozenset[str]:
    """Ids of cases in a state; `mine` are living ones of that person."""
    wanted = select(CASES.c.case_id)
    if state == "mine":
        wanted = wanted.where(CASES.c.assignee == person, CASES.c.state.in_(_LIVING))
    elif state != "any":
        wanted = wanted.where(CASES.c.state == state)
    return frozenset(connection.execute(wanted).scalars())


def n_by_state(connection: Connection) -> Counter[str]:
    """Cases by state."""
    rows = connection.execute(select(CASES.c.state, func.count()).group_by(CASES.c.state))
    return Counter(dict(map(tuple, rows)))


def decisions_by_action(connection: Connection, campaigns: Sequence[str] | None, now: str) -> Counter[str]:
    """Decisions in force by action.

    campaigns   Of these; None for all.
    now         Stamp.
    """
    wanted = select(DECISIONS.c.action, func.count()).where(
        DECISIONS.c.ended_at.is_(None), DECISIONS.c.expires_at > now
    )
    if campaigns is not None:
        wanted = wanted.where(DECISIONS.c.campaign_id.in_(campaigns))
    return Counter(dict(map(tuple, connection.execute(wanted.group_by(DECISIONS.c.action)))))
