"""The queue of appeals: what waits first, by its deadline."""

from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from starlette.responses import Response

from stillwatch.act.appeals.standing import Overdue, overdue
from stillwatch.console.appeals.asked import AskedAppeals
from stillwatch.console.appeals.queue import SPAN, Line, counts, heard, lines, next_deadline
from stillwatch.console.appeals.wording import STATES_TOLD, action_told
from stillwatch.console.downloads import download
from stillwatch.console.visit import Visit, at
from stillwatch.service.pages.wording import GROUNDS

__all__ = ["show_queue", "take_queue"]

_MOST: Final = 50
_MOST_TAKEN: Final = 50_000
_STATES: Final = (
    ("waiting", "Waiting"),
    ("overdue", "Overdue"),
    ("held-back", "Held back"),
    ("mine", "Mine"),
    ("answered", "Answered"),
    ("all", "All"),
)


def show_queue(visit: Visit) -> Response:
    """One page of appeals."""
    asked, now, person = AskedAppeals.of(visit), visit.now, visit.user.name
    with visit.looking() as connection:
        late = overdue(connection, visit.console.settings.appeals, now)
        wanted = lines(connection, asked, person, now, late.held_back)
        values: dict[str, Any] = {
            "asked": asked,
            "n": wanted.n(),
            "rows": wanted.page((asked.page - 1) * _MOST, _MOST),
            "counts": counts(connection, person, now) | {"held-back": len(late.held_back)},
            "heard": heard(connection, now),
            "next_deadline": next_deadline(connection, now),
        }
    values |= {
        "late": late,
        "most": _MOST,
        "states": _STATES,
        "told": STATES_TOLD,
        "action": action_told,
        "grounds": {ground.value: words[0] for ground, words in GROUNDS.items()},
        "rules": visit.console.settings.appeals,
        "now": now,
        "days": SPAN.days,
        "path": at,
    }
    return visit.render("appeals/queue", values)


def take_queue(visit: Visit) -> Response:
    """All appeals that are asked for, as a table; what customers wrote, and were written, is not in it."""
    asked, now = AskedAppeals.of(visit), visit.now
    with visit.looking() as connection:
        late = overdue(connection, visit.console.settings.appeals, now)
        found = lines(connection, asked, visit.user.name, now, late.held_back).page(0, _MOST_TAKEN)
    rows = [_row(one, late, now) for one in found]
    return download(visit, pa.Table.from_pylist(rows, _SCHEMA), "appeals")


_TIME: Final = pa.timestamp("us", "UTC")
_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("appeal_id", "decision_id", "campaign_id", "account_id", "grounds")),
        *((name, pa.string()) for name in ("action", "rule", "policy_version", "state")),
        *((name, pa.bool_()) for name in ("is_overdue", "is_held_back")),
        *((name, _TIME) for name in ("filed_at", "deadline", "looked_at", "answered_at")),
        *((name, pa.string()) for name in ("looked_by", "answered_by")),
    ]
)


def _row(one: Line, late: Overdue, now: datetime) -> dict[str, Any]:
    own = {name: getattr(one, name) for name in _SCHEMA.names if hasattr(one, name)}
    is_overdue = one.is_overdue(now)
    return {
        **own,
        **one.stream._asdict(),
        "grounds": one.grounds.value,
        "action": None if one.action is None else one.action.value,
        "state": one.state.value,
        "is_overdue": is_overdue,
        "is_held_back": is_overdue and one.stream in late.held_back,
    }
