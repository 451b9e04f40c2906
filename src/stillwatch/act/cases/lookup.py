"""Find cases, and what happened to them."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from stillwatch.act.cases.case import Case, CaseEvent, State, case_of, event_of
from stillwatch.act.cases.tables import CASE_ALIASES, CASE_EVENTS, CASES
from stillwatch.errors import MissingData

__all__ = ["case_at", "cases_in", "events_of"]

_LONGEST = 64


def case_at(connection: Connection, name: str) -> Case:
    """Case by its id, by that of a campaign that became part of it, or by a beginning that no other case has.

    Raises      MissingData when there is none, or there are several.
    """
    known = select(CASE_ALIASES.c.case_id).where(CASE_ALIASES.c.alias == name)
    exact = select(CASES).where(CASES.c.case_id == (connection.execute(known).scalar() or name))
    rows = connection.execute(exact).mappings().all()
    if not rows and name:
        begins = CASES.c.case_id.startswith(name, autoescape=True)
        rows = connection.execute(select(CASES).where(begins).limit(2)).mappings().all()
    if len(rows) != 1:
        message = f"{'several' if rows else 'no'} cases are named {name[:_LONGEST]}; see 'stillwatch case list'"
        raise MissingData(message)
    return case_of(rows[0], _aliases(connection, rows[0]["case_id"]))


def _aliases(connection: Connection, case_id: str) -> tuple[str, ...]:
    wanted = select(CASE_ALIASES.c.alias).where(CASE_ALIASES.c.case_id == case_id).order_by(CASE_ALIASES.c.alias)
    return tuple(connection.execute(wanted).scalars())


def cases_in(connection: Connection, states: Collection[State] = (), assignee: str | None = None) -> list[Case]:
    """Cases, most bits first; without states all but closed ones."""
    wanted = select(CASES).where(CASES.c.state.in_([state.value for state in states or set(State) - {State.CLOSED}]))
    if assignee is not None:
        wanted = wanted.where(CASES.c.assignee == assignee)
    rows = connection.execute(wanted.order_by(CASES.c.bits.desc(), CASES.c.case_id)).mappings().all()
    return [case_of(row, _aliases(connection, row["case_id"])) for row in rows]


def events_of(connection: Connection, case: Case) -> list[CaseEvent]:
    """What happened to a case and to those that became part of it, in order."""
    here = CASE_EVENTS.c.case_id.in_([case.case_id, *case.also_known_as])
    wanted = select(CASE_EVENTS).where(here).order_by(CASE_EVENTS.c.entry)
    return [event_of(row) for row in connection.execute(wanted).mappings()]
