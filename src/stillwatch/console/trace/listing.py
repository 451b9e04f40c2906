"""Reports as a list shows them: read once each, and again when they change."""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from stillwatch.console.trace.folders import Place, read_listed
from stillwatch.console.trace.reading import MOST_BYTES, report_of
from stillwatch.errors import StillwatchError
from stillwatch.model.trace_report import Finding, TraceReport
from stillwatch.report.traced import words

__all__ = ["REPORT", "Brief", "Row", "brief_of", "rows_of"]

REPORT: Final = "report.json"
_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Brief:
    """A report in one line.

    log_p       Natural log of the smallest p-value, paid for by all tests; None when nothing was tested.
    n_named     Nulls that were rejected: accounts or campaigns that the report names.
    """

    subject: str
    suspect: str
    finding: Finding
    label: str
    log_p: float | None
    n_named: int
    n_tests: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A folder, and what its report says; or why it says nothing."""

    place: Place
    brief: Brief | None
    wrong: str = ""


def rows_of(base: Path, places: list[Place]) -> list[Row]:
    """What the reports of these folders say; a damaged one costs no other."""
    return [_row(base, place) for place in places]


def brief_of(report: TraceReport) -> Brief:
    """A report in short."""
    adjusted = [one.log_p_adjusted for one in report.tests]
    return Brief(
        report.subject,
        words.SUSPECTS[report.suspect],
        report.finding,
        words.FINDINGS[report.finding][0],
        min(adjusted, default=None),
        sum(one <= math.log(report.alpha) for one in adjusted),
        report.n_tests,
        report.made_at,
    )


def _row(base: Path, place: Place) -> Row:
    if not place.is_file:
        return Row(place, None, f"its {REPORT} is no plain file")
    if not place.is_named:
        return Row(place, None, "its name cannot stand in an address: give the folder another one")
    if place.size_bytes > MOST_BYTES:
        return Row(place, None, f"its {REPORT} is larger than {MOST_BYTES >> 20} MiB")
    told = _read(base, place.name, place.mark)
    return Row(place, told, "") if isinstance(told, Brief) else Row(place, None, told)


@lru_cache(_KEPT)
def _read(base: Path, name: str, _mark: tuple[int, int, int]) -> Brief | str:
    """What a report says, or why it cannot be read; once for each state of the file."""
    try:
        return brief_of(report_of(read_listed(base, name, REPORT, MOST_BYTES)))
    except StillwatchError as error:
        return str(error)
