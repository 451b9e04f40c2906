"""The first page of the day."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, select
from starlette.responses import Response

from stillwatch.act.cases.case import State
from stillwatch.act.cases.tables import CASES
from stillwatch.act.policy.activations import in_force
from stillwatch.act.policy.versions import load_version
from stillwatch.console.campaigns.standing import cases_by_id, decisions_by_action
from stillwatch.console.shelf import Shelf, Wanted
from stillwatch.console.today.exchange import told_of
from stillwatch.console.today.needs import needs_of, soonest_appeals
from stillwatch.console.visit import Visit, at
from stillwatch.errors import StillwatchError
from stillwatch.report import calibrated
from stillwatch.report.sentences import reference_warning
from stillwatch.service.access.roles import Right
from stillwatch.signing.stamp import stamp

__all__ = ["show_today"]

_MOST_OPEN: Final = 8
_LIVING: Final = (State.OPEN.value, State.INVESTIGATING.value, State.ACTED.value)


def show_today(visit: Visit) -> Response:
    """What needs a person, then traffic, campaigns, decisions, appeals, the exchange between members, health."""
    console = visit.console
    status = None if console.status is None else console.status()
    with visit.looking() as connection:
        values: dict[str, Any] = {
            "needs": needs_of(visit, connection, status),
            "decisions": decisions_by_action(connection, None, stamp(visit.now)),
            "policy": _policy(visit, connection),
            "appeals": soonest_appeals(connection) if visit.may(Right.ANSWER) else None,
            "campaigns": _campaigns(console.shelf, connection),
        }
    hours = [] if console.is_local else console.hours.last(visit.now)
    values |= {
        "status": status,
        "hours": hours,
        "peak": max((n for _, n in hours), default=0),
        "found": _found(console.shelf),
        "told": told_of(console.node),
        "path": lambda name: at("campaigns", name),
    }
    return visit.render("today/today", values)


def _campaigns(shelf: Shelf, connection: Connection) -> dict[str, Any]:
    """Open campaigns by bits, and what all that are open took."""
    if shelf.is_empty:
        return {"rows": [], "cases": {}, "n": 0, "cost_usd": None, "by_verdict": Counter()}
    living = frozenset(connection.execute(select(CASES.c.case_id).where(CASES.c.state.in_(_LIVING))).scalars())
    table = shelf.sorted(Wanted(among=living))
    rows = table.slice(0, _MOST_OPEN).to_pylist()
    costs = [cost for cost in table["cost_usd"].to_pylist() if cost is not None]
    return {
        "rows": rows,
        "cases": cases_by_id(connection, [row["campaign_id"] for row in rows]),
        "n": len(table),
        "cost_usd": sum(costs) if costs else None,
        "by_verdict": Counter(table["verdict"].to_pylist()),
    }


def _policy(visit: Visit, connection: Connection) -> dict[str, Any] | None:
    """Name, version, stage and start of what is in force; None for nothing, or for what does not verify."""
    try:
        now = in_force(connection, visit.console.keys)
        if now is None or now.version is None:
            return None
        name = load_version(connection, now.version, visit.console.keys).name
    except StillwatchError:
        return None
    return {"name": name, "version": now.version, "stage": now.stage, "at": now.at, "by": now.by}


def _found(shelf: Shelf) -> dict[str, Any] | None:
    """Of the findings: rows read, age, and how well they are calibrated; None before the first look."""
    if shelf.is_empty:
        return None
    head = shelf.head()
    tally = head.tally
    return {
        "head": head,
        "at": datetime.fromtimestamp(shelf.written_at(), UTC),
        "quarantined": tally.rows_quarantined / tally.rows_read if tally.rows_read else 0.0,
        "warning": reference_warning(head),
        "calibration": calibrated.calibration_line(head),
        "warnings": calibrated.warnings(head),
    }
