"""The list of campaigns: sorted, filtered, searched and paged by the server."""

from typing import Any, Final

import pyarrow as pa
from starlette.responses import Response

from stillwatch.console.campaigns.asked import SORTS, STATES, Asked
from stillwatch.console.campaigns.standing import cases_by_id, ids_in_state, n_by_state
from stillwatch.console.downloads import download
from stillwatch.console.visit import Visit, at
from stillwatch.model.campaign import Verdict

__all__ = ["show_list", "take_list"]

_MOST: Final = 50


def show_list(visit: Visit) -> Response:
    """One page of campaigns."""
    asked, shelf = Asked.of(visit), visit.console.shelf
    if shelf.is_empty:
        return visit.render("campaigns/none", {"asked": asked})
    with visit.looking() as connection:
        among = _among(visit, asked, connection)
        found = shelf.found(asked.wanted(among), (asked.page - 1) * _MOST, _MOST)
        cases = cases_by_id(connection, [row["campaign_id"] for row in found.rows])
        counts = n_by_state(connection)
    most_bits = max((row["bits"] for row in found.rows), default=1.0)
    values: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "most": _MOST,
        "cases": cases,
        "counts": counts,
        "n_all": len(shelf.table()),
        "head": shelf.head(),
        "sorts": SORTS,
        "states": STATES,
        "all_verdicts": list(Verdict),
        "most_bits": max(most_bits, 1.0),
        "path": lambda name: at("campaigns", name),
    }
    return visit.render("campaigns/list", values)


def take_list(visit: Visit) -> Response:
    """All campaigns that are asked for, as a table."""
    asked = Asked.of(visit)
    with visit.looking() as connection:
        among = _among(visit, asked, connection)
        table = visit.console.shelf.sorted(asked.wanted(among)).drop_columns(["sought", "streams_at"])
        cases = cases_by_id(connection, table["campaign_id"].to_pylist()[:10_000])
    state = [cases[name].state.value if name in cases else None for name in table["campaign_id"].to_pylist()]
    return download(visit, table.append_column("state", pa.array(state, pa.string())), "campaigns")


def _among(visit: Visit, asked: Asked, connection: Any) -> frozenset[str] | None:  # noqa: ANN401 - a connection
    if not asked.state:
        return None
    if asked.state == "none":
        have = ids_in_state(connection, "any", visit.user.name)
        return frozenset(visit.console.shelf.table()["campaign_id"].to_pylist()) - have
    return ids_in_state(connection, asked.state, visit.user.name)
