"""What is on record, newest first."""

from typing import Any, Final

import pyarrow as pa
from starlette.responses import Response

from stillwatch.act.audit.database import looking
from stillwatch.act.audit.trail import Recorded
from stillwatch.console.audit.asked import ABOUT, KINDS, AskedAudit
from stillwatch.console.audit.exporting import MOST_EXPORTED
from stillwatch.console.audit.looking import look_back
from stillwatch.console.audit.moments import size_of
from stillwatch.console.audit.words import KIND_WORDS, plain_words, said
from stillwatch.console.downloads import download
from stillwatch.console.visit import Visit, at
from stillwatch.ledger.latest import latest_head
from stillwatch.service.access.roles import Right

__all__ = ["show_audit", "take_table"]

_MOST: Final = 50
_MOST_TAKEN: Final = 5_000
_TIME: Final = pa.timestamp("us", "UTC")
_SCHEMA: Final = pa.schema(
    [
        ("index", pa.int64()),
        ("time", _TIME),
        *((name, pa.string()) for name in ("kind", "actor", "commitment")),
    ]
)


def show_audit(visit: Visit) -> Response:
    """One page of entries."""
    asked = AskedAudit.of(visit)
    with looking(visit.console.engine) as connection:
        found = look_back(connection, asked, _MOST)
        size = size_of(connection)
        signed = latest_head(connection, visit.console.keys)
    values: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "size": size,
        "signed": signed,
        "said": said,
        "kinds": [(kind.value, KIND_WORDS[kind]) for kind in KINDS],
        "abouts": ABOUT,
        "may_take_documents": visit.may(Right.WORK),
        "may_answer": visit.may(Right.ANSWER),
        "most_exported": MOST_EXPORTED,
        "most_taken": _MOST_TAKEN,
        "path": at,
    }
    return visit.render("audit/list", values)


def take_table(visit: Visit) -> Response:
    """Entries that are asked for, as one look finds them; in words too, for who may work with what they say."""
    with looking(visit.console.engine) as connection:
        found = look_back(connection, AskedAudit.of(visit), _MOST_TAKEN).rows
    table = pa.Table.from_pylist([_row(one) for one in found], _SCHEMA)
    if visit.may(Right.WORK):
        table = table.append_column("words", pa.array([plain_words(one) for one in found], pa.string()))
    return download(visit, table, "audit")


def _row(one: Recorded) -> dict[str, Any]:
    entry = one.entry
    return {**entry.told(), "time": entry.time}
