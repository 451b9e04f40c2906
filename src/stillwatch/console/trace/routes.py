"""Pages of traces."""

from typing import Final

from stillwatch.console.page import Page, look
from stillwatch.console.trace.keys import show_epoch, take_commitments
from stillwatch.console.trace.overview import show_trace
from stillwatch.console.trace.report import show_report, take_bundle, take_report, take_table

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/trace", show_trace),
    look("/trace/reports/{name}", show_report),
    look("/trace/reports/{name}/report.json", take_report),
    look("/trace/reports/{name}/bundle.zip", take_bundle),
    look("/trace/reports/{name}/tables/{table}", take_table),
    look("/trace/epochs/{name}", show_epoch),
    look("/trace/epochs/{name}/commitments.txt", take_commitments),
)
