"""Entries about one thing, found by the tables of that thing, which keep or imply their entries."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, select

from stillwatch.act.appeals.tables import APPEALS, TO_REVOKE
from stillwatch.act.cases.tables import CASE_ALIASES, CASE_EVENTS, REVEALS
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.console.audit.moments import recorded_at
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import ABOUT

__all__ = ["IN_DOCUMENTS", "indexes_about", "is_indexed"]

IN_DOCUMENTS: Final[Mapping[str, tuple[Kind, tuple[str, ...]]]] = MappingProxyType(
    {"policy": (Kind.POLICY, ("version",)), "user": (Kind.ROSTER_CHANGE, ("user", "name"))}
)
"""What no table leads to: the kind of its entries, and the fields of their documents that may name it."""
_MOST_APPEALS: Final = 50

Indexes = Select[Any] | CompoundSelect[Any]


def is_indexed(about: str) -> bool:
    """Whether entries about it are found without a search."""
    return about in _WAYS


def indexes_about(connection: Connection, about: str, name: str) -> tuple[list[Indexes], list[int]]:
    """Indexes of the entries about something, as statements that select them, and as numbers.

    about       What `is_indexed`.
    """
    return _WAYS[about](connection, name)


def _decision(connection: Connection, name: str) -> tuple[list[Indexes], list[int]]:
    return [select(ABOUT.c.index).where(ABOUT.c.about == name)], _of_appeals(connection, APPEALS.c.decision_id == name)


def _appeal(connection: Connection, name: str) -> tuple[list[Indexes], list[int]]:
    return [], _of_appeals(connection, APPEALS.c.appeal_id == name)


def _account(connection: Connection, name: str) -> tuple[list[Indexes], list[int]]:
    return [_of_decisions(DECISIONS.c.account_id == name)], _of_appeals(connection, APPEALS.c.account_id == name)


def _exchange(_: Connection, name: str) -> tuple[list[Indexes], list[int]]:
    return [select(REVEALS.c.entry).where(REVEALS.c.exchange_id == name)], []


def _campaign(connection: Connection, name: str) -> tuple[list[Indexes], list[int]]:
    alias = CASE_ALIASES.c.alias
    now = connection.execute(select(CASE_ALIASES.c.case_id).where(alias == name)).scalar() or name
    earlier = connection.execute(select(alias).where(CASE_ALIASES.c.case_id == now)).scalars()
    names = sorted({name, now, *earlier})
    ways: list[Indexes] = [
        select(CASE_EVENTS.c.entry).where(CASE_EVENTS.c.case_id.in_(names)),
        select(REVEALS.c.entry).where(REVEALS.c.campaign_id.in_(names)),
        _of_decisions(DECISIONS.c.campaign_id.in_(names)),
    ]
    return ways, [*_of_appeals(connection, APPEALS.c.campaign_id.in_(names)), *_taken_back(connection, names)]


_WAYS: Final[Mapping[str, Callable[[Connection, str], tuple[list[Indexes], list[int]]]]] = MappingProxyType(
    {"decision": _decision, "appeal": _appeal, "account": _account, "exchange": _exchange, "campaign": _campaign}
)


def _of_decisions(where: ColumnElement[bool]) -> Indexes:
    """Entries of decisions, which the ledger finds by their ids."""
    return select(ABOUT.c.index).join(DECISIONS, DECISIONS.c.decision_id == ABOUT.c.about).where(where)


def _of_appeals(connection: Connection, where: ColumnElement[bool]) -> list[int]:
    """Entries of the last appeals: filed, looked at, answered."""
    columns = APPEALS.c.appeal_id, APPEALS.c.filed_entry, APPEALS.c.looked_at, APPEALS.c.answered_at
    found: set[int] = set()
    for row in connection.execute(
        select(*columns).where(where).order_by(APPEALS.c.filed_at.desc()).limit(_MOST_APPEALS)
    ):
        found.add(row.filed_entry)
        for moment in {row.looked_at, row.answered_at} - {None}:
            found |= set(recorded_at(connection, moment, Kind.APPEAL, "appeal_id", row.appeal_id))
    return sorted(found)


def _taken_back(connection: Connection, names: Sequence[str]) -> list[int]:
    """Entries of indicators that were taken back."""
    done = select(TO_REVOKE.c.campaign_id, TO_REVOKE.c.done_at).where(TO_REVOKE.c.campaign_id.in_(names))
    rows = [row for row in connection.execute(done) if row.done_at]
    return [
        i for row in rows for i in recorded_at(connection, row.done_at, Kind.REVOKE, "campaign_id", row.campaign_id)
    ]
