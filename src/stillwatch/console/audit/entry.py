"""One entry: what it says, and the proof that it is in the ledger, made and checked when the page is asked for."""

import json
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.act.audit.database import looking
from stillwatch.act.audit.trail import Recorded
from stillwatch.console.audit.looking import recorded_of
from stillwatch.console.audit.moments import size_of
from stillwatch.console.audit.proving import prove
from stillwatch.console.audit.words import KIND_WORDS, said
from stillwatch.console.visit import Visit, at
from stillwatch.errors import MissingData

__all__ = ["show_entry", "take_proof"]

_MOST_DIGITS: Final = 16


def show_entry(visit: Visit) -> Response:
    """An entry with its proof."""
    with looking(visit.console.engine) as connection:
        one = _entry(visit, connection)
        proved = prove(connection, one, visit.console.keys)
        size = size_of(connection)
    values: dict[str, Any] = {
        "one": one,
        "entry": one.entry,
        "proved": proved,
        "size": size,
        "said": said(one),
        "kind": KIND_WORDS.get(one.entry.kind, one.entry.kind.value),
        "document": None
        if one.document is None
        else json.dumps(one.document, indent=2, sort_keys=True, ensure_ascii=False),
        "path": at,
    }
    return visit.render("audit/entry", values)


def take_proof(visit: Visit) -> Response:
    """The proof as `stillwatch ledger check` takes it.

    Raises      MissingData when there is none.
    """
    with looking(visit.console.engine) as connection:
        one = _entry(visit, connection)
        proved = prove(connection, one, visit.console.keys)
    if proved.proof is None:
        message = f"there is no proof of entry {one.entry.index}: {proved.wrong or 'no head is of it yet'}"
        raise MissingData(message)
    name = f"proof-{one.entry.index}-of-{proved.proof.size}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(
        json.dumps(proved.proof.told(), sort_keys=True) + "\n", media_type="application/json", headers=headers
    )


def _entry(visit: Visit, connection: Connection) -> Recorded:
    """The entry that the path names.

    Raises      MissingData when there is none.
    """
    told = visit.part("index")
    is_index = told.isascii() and told.isdigit() and len(told) < _MOST_DIGITS
    found = recorded_of(connection, [int(told)]) if is_index else []
    if not found:
        message = "the ledger has no such entry"
        raise MissingData(message)
    return found[0]
