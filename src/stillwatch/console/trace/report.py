"""One report on a suspect: drawn, with a table and a download behind each picture."""

import math
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response

from stillwatch.console.downloads import download
from stillwatch.console.rendering import HEADERS
from stillwatch.console.trace.bundles import BUNDLE, MOST_BUNDLE_BYTES, bundle_of
from stillwatch.console.trace.folders import read_part
from stillwatch.console.trace.listing import REPORT, brief_of
from stillwatch.console.trace.reading import MOST_BYTES, report_of
from stillwatch.console.trace.tables import TABLES, decoys_in_short
from stillwatch.console.visit import Visit, at
from stillwatch.errors import IncompatibleVersion, MissingData, UnreadableSource
from stillwatch.model.trace_report import TraceReport
from stillwatch.report.traced import pictures, words
from stillwatch.web.problem import Problem

__all__ = ["reports_folder", "show_report", "take_bundle", "take_report", "take_table"]

_MOST_PICTURES: Final = 24
_MOST_LISTED: Final = 100


def show_report(visit: Visit) -> Response:
    """The report."""
    name = visit.part("name")
    data, report = _read(visit, name)
    label, meaning = words.FINDINGS[report.finding]
    bar = math.log(report.alpha) - math.log(max(report.n_tests, 1))
    runs = report.null_runs[:_MOST_PICTURES]
    values: dict[str, Any] = {
        "name": name,
        "report": report,
        "brief": brief_of(report),
        "label": label,
        "meaning": meaning,
        "reading": words.READING,
        "p_value": words.p_value,
        "quantiles": pictures.quantiles(report.ranked, report.n_tests, bar) if len(report.ranked) > 1 else None,
        "chance": lambda rank: (rank - 0.5) / report.n_tests,
        "decoys": [(run, pictures.decoys(run), decoys_in_short(run)) for run in runs],
        "shares": [(words.interval(one), pictures.share(one)) for one in report.intervals[:_MOST_PICTURES]],
        "most": _MOST_LISTED,
        "bundle": bundle_of(reports_folder(visit), name, data),
        "path": lambda *parts, **query: at("trace", "reports", name, *parts, **query),
    }
    return visit.render("trace/report", values)


def take_table(visit: Visit) -> Response:
    """What is behind a picture, as a table: ranks, decoys, estimates or tests."""
    made = TABLES.get(visit.part("table"))
    if made is None:
        message = f"there is no such table; there are {', '.join(TABLES)}"
        raise MissingData(message)
    _, report = _read(visit, visit.part("name"))
    return download(visit, made(report), f"trace-{visit.part('table')}")


def take_report(visit: Visit) -> Response:
    """The JSON as it lies there, when it is a report."""
    data, _ = _read(visit, visit.part("name"))
    return _attached(data, "application/json", REPORT)


def take_bundle(visit: Visit) -> Response:
    """The signed bundle as it lies there."""
    name = visit.part("name")
    _read(visit, name)
    try:
        data = read_part(reports_folder(visit), name, BUNDLE, MOST_BUNDLE_BYTES)
    except UnreadableSource as error:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{error}: take it from the service’s machine") from error
    return _attached(data, "application/zip", BUNDLE)


def reports_folder(visit: Visit) -> Path:
    """Folder of the reports.

    Raises      MissingData when none is set.
    """
    told = visit.console.settings.console.reports
    if told is None:
        message = "no folder of reports is set: name one in the settings file, [console] reports"
        raise MissingData(message)
    return told


def _read(visit: Visit, name: str) -> tuple[bytes, TraceReport]:
    """A report's bytes, and the report.

    Raises      MissingData when there is none; Problem 422 when it cannot be read.
    """
    base = reports_folder(visit)
    try:
        data = read_part(base, name, REPORT, MOST_BYTES)
        return data, report_of(data)
    except (UnreadableSource, IncompatibleVersion) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"this report cannot be shown: {error}") from error


def _attached(data: bytes, kind: str, name: str) -> Response:
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)
