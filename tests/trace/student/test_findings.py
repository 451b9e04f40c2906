"""Reports on students: null, population, what was reached, and the three findings."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.trace.student.taught import KEEPER, campaign

from stillwatch.model.trace_report import Finding, Suspect
from stillwatch.report.traced.html import to_html
from stillwatch.trace.keys.key import Purpose
from stillwatch.trace.student.canary import CanaryTest
from stillwatch.trace.student.closed import ClosedTest
from stillwatch.trace.student.findings import Asked, canary_report, closed_report, open_report
from stillwatch.trace.student.open_weights import OpenTest

KEYS = [campaign("c-1"), campaign("c-2")]
TIME = datetime(2026, 11, 27, tzinfo=UTC)


def asked(count: int = 2) -> Asked:
    """Occasion of a report."""
    return Asked("suspect", 1e-3, TIME, "0", KEYS[:count])


def opened(log_p: float) -> OpenTest:
    """An outcome of the open test."""
    return OpenTest(600.0, 500.0, 12.0, 1000, np.linspace(450, 550, 99), math.log(0.01), log_p, log_p)


def closed(greens: int, count: int) -> ClosedTest:
    """An outcome of the closed test."""
    found = ClosedTest(0.5, asked=50, answered=40, problems={"status 429": 10}, greens=greens, count=count)
    found.bets.add([True] * greens + [False] * (count - greens))
    return found


def test_a_found_student_is_told_with_its_key() -> None:
    """Of two campaigns the one that was found, paid for both, with decoys and commitment."""
    told = open_report([opened(-40.0), opened(-1.0)], asked())
    assert (told.suspect, told.finding) == (Suspect.STUDENT, Finding.FOUND)
    assert told.tests[0].log_p_adjusted == pytest.approx(-40.0 + math.log(2))
    assert [key.for_id for key in told.keys] == ["c-1"]
    assert len(told.null_runs) == 2
    assert "campaign c-1" in told.answer
    assert "clears nobody" in " ".join(told.limits)
    assert "99 unused" in told.multiplicity
    assert "never used" in to_html(told)


def test_what_was_reached_is_told_whatever_failed() -> None:
    """Questions asked, answered and failed by reason, and the evidence at any time."""
    told = closed_report([closed(520, 1000)], asked(1))
    assert told.finding is Finding.NOT_FOUND
    assert ("questions asked", 50) in told.counts
    assert ("of them not answered: status 429", 10) in told.counts
    assert "at any time" in told.apart[0]
    assert dict(told.counts)["of them answered"] + 10 == 50
    assert closed_report([closed(900, 1000)], asked(1)).finding is Finding.FOUND


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_answers_are_said_to_be(count: int) -> None:
    """Nine green tokens of nine could not reject at 1 in 1,000; ten could."""
    assert closed_report([closed(0, count)], asked(1)).finding is Finding.TOO_LITTLE
    assert closed_report([closed(0, 10)], asked(1)).finding is Finding.NOT_FOUND


def test_canaries_are_reported_alike() -> None:
    """Ranks, their mean under the null, and the kind of suspect."""
    key = KEEPER.key(Purpose.CANARY, "c-9", "e")
    occasion = Asked("suspect", 1e-3, TIME, "0", [key])
    told = canary_report([CanaryTest((1, 1, 2), (100, 100, 100), math.log(4e-6))], occasion)
    assert (told.suspect, told.finding) == (Suspect.CANARY, Finding.FOUND)
    assert told.tests[0].expected == pytest.approx(151.5)
    one = canary_report([CanaryTest((1,), (100,), math.log(0.01))], occasion)
    assert one.finding is Finding.TOO_LITTLE
