"""A report is read back as it was written; whatever else lies there is refused without a word of it."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.report.traced.sample import HOSTILE, report, with_subject

from stillwatch.console.trace.reading import report_of
from stillwatch.errors import IncompatibleVersion, UnreadableSource
from stillwatch.model.trace_report import Finding, RankedP, Suspect, TraceReport
from stillwatch.report.traced.json import to_json


def written(one: TraceReport) -> dict[str, Any]:
    """The report as plain JSON."""
    told: dict[str, Any] = json.loads(json.dumps(to_json(one)))
    return told


@pytest.mark.parametrize("suspect", list(Suspect))
def test_a_report_comes_back(suspect: Suspect) -> None:
    """Every field, of every kind of suspect, with names that are hostile."""
    one = replace(with_subject(HOSTILE), suspect=suspect)
    assert report_of(json.dumps(written(one)).encode()) == one


def test_a_report_without_tests_comes_back() -> None:
    """Nothing was tested, no key found anything; a p-value that is no float any more is one all the same."""
    empty = replace(report(), finding=Finding.TOO_LITTLE, tests=(), ranked=(), n_tests=0, null_runs=(), keys=())
    assert report_of(json.dumps(written(empty)).encode()) == empty
    vanished = replace(report(), ranked=(RankedP(1, -math.inf),))
    assert report_of(json.dumps(written(vanished)).encode()) == vanished


def _set(*path: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(told: dict[str, Any]) -> None:
        at: Any = told
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


WRONG = {
    "a number for a text": _set("subject", value=7),
    "a text for a number": _set("n_tests", value="many"),
    "a truth value for a number": _set("n_tests", value=True),
    "a finding that is none": _set("finding", value="guilty"),
    "a suspect that is none": _set("kind", value="person"),
    "no counts": _set("counts", value=None),
    "half a count": _set("counts", 0, value={"name": "x"}),
    "a list for an object": _set("tests", 0, value=[]),
    "a text for a list": _set("limits", value="none"),
    "a time without its form": _set("made_at", value="yesterday"),
    "a rank beyond all tests": _set("ranked", 0, "rank", value=10**9),
    "ranks out of order": _set("ranked", 1, "rank", value=1),
    "a p-value above one": _set("ranked", 0, "log_p", value=1.0),
    "a p-value that is no number": _set("ranked", 0, "log_p", value=math.nan),
    "an alpha of nothing": _set("alpha", value=0),
    "no decoys": _set("null_runs", 0, "values", value=[]),
    "a decoy without an end": _set("null_runs", 0, "values", 0, value=math.inf),
    "an interval without an end": _set("intervals", 0, "high", value=1e300),
    "a number that is too large": _set("n_tests", value=10**400),
    "more than a report has": _set("limits", value=["x"] * 5001),
    "a text as long as a book": _set("answer", value="x" * 10_001),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_damaged_report_is_refused(name: str) -> None:
    """Whatever is wrong, the message holds nothing of the file."""
    told = written(report())
    WRONG[name](told)
    with pytest.raises(UnreadableSource, match="it is damaged"):
        report_of(json.dumps(told).encode())


@pytest.mark.parametrize("gone", [name for name in to_json(report()) if name not in {"format", "format_version"}])
def test_every_part_is_needed(gone: str) -> None:
    """A report from which something was cut is none."""
    told = written(report())
    del told[gone]
    with pytest.raises(UnreadableSource):
        report_of(json.dumps(told).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"format": "something"}', b"[" * 200_000, b"1" * 10_000, b"\0" * 99],
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    """No JSON, other JSON, and JSON that is only there to break its reader."""
    with pytest.raises(UnreadableSource, match=r"no JSON|no report"):
        report_of(data)


def test_a_later_version_is_named() -> None:
    """It is no damage: another program reads it."""
    with pytest.raises(IncompatibleVersion, match="reads 1"):
        report_of(json.dumps(written(report()) | {"format_version": 2}).encode())
