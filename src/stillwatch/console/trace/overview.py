"""Reports on suspects, and the epochs whose keys were committed to, on one page."""

from typing import Any, Final

from starlette.responses import Response

from stillwatch.console.trace.folders import Place, places_in
from stillwatch.console.trace.keys import epochs_shown
from stillwatch.console.trace.listing import REPORT, rows_of
from stillwatch.console.visit import Visit, at
from stillwatch.errors import UnreadableSource
from stillwatch.report.traced.words import p_value

__all__ = ["show_trace"]

_MOST: Final = 50


def show_trace(visit: Visit) -> Response:
    """A page of reports, the last one changed first; and the last epochs."""
    told, page = visit.console.settings.console, visit.number("page")
    places, unreadable = list[Place](), ""
    if told.reports is not None:
        try:
            places = places_in(told.reports, REPORT)
        except UnreadableSource as error:
            unreadable = str(error)
    shown = places[(page - 1) * _MOST : page * _MOST]
    epochs, n_epochs, no_epochs = epochs_shown(told.trace)
    values: dict[str, Any] = {
        "folder": told.reports,
        "rows": [] if told.reports is None else rows_of(told.reports, shown),
        "n": len(places),
        "page": page,
        "most": _MOST,
        "unreadable": unreadable,
        "keys": told.trace,
        "epochs": epochs,
        "n_epochs": n_epochs,
        "no_epochs": no_epochs,
        "p_value": p_value,
        "link": lambda page=1: at("trace", page="" if page == 1 else page),
        "report_path": lambda name: at("trace", "reports", name),
        "epoch_path": lambda name: at("trace", "epochs", name),
    }
    return visit.render("trace/overview", values)
