"""Age, units and limits of a calibration, in words."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stillwatch.model.calibration import Bar, Calibration
from stillwatch.model.findings import Findings
from stillwatch.report.calibrated import OLD_DAYS, bar_sentence, behind, calibration_line, facts, warnings
from stillwatch.report.html import to_html
from stillwatch.report.json import from_json, run_to_json, to_json

from .examples import example_findings

MADE = Calibration(
    created_at=datetime(2026, 11, 2, 8, tzinfo=UTC),
    first=datetime(2026, 10, 1, tzinfo=UTC),
    last=datetime(2026, 10, 31, tzinfo=UTC),
    lag_days=30.0,
    n_own=1204,
    n_simulated=0,
    rules={},
    exchanges={"read": 5000, "recent": 900, "excluded": 100, "used": 4000},
    families={"seen": 10, "kept": 10},
    units={},
    software="0.1.0",
)
BARS = (Bar(10, 20, 12.04, 300, 300, 2, 3 / 303), Bar(20, None, 11.2, 1100, 1100, 0, 1 / 1101))


def calibrated(**changes: object) -> Findings:
    """Findings against one's own reference, 12 days old."""
    found = {"calibration": MADE, "calibration_age_days": 12.3, "bars": BARS, "is_default_reference": False}
    return replace(example_findings(), **{**found, **changes})  # type: ignore[arg-type]


def test_the_line_says_age_units_and_window() -> None:
    """Own units alone, with simulated ones, and none of one's own."""
    line = "Calibrated 12 days ago on 1,204 own units, 2026-10-01 to 2026-10-31"
    assert calibration_line(calibrated()) == f"{line}."
    mixed = replace(MADE, n_simulated=96)
    assert calibration_line(calibrated(calibration=mixed)) == f"{line}, and 96 simulated ones."
    none = replace(MADE, n_own=0, n_simulated=900)
    assert "none of your own" in calibration_line(calibrated(calibration=none))


@pytest.mark.parametrize(("age", "words"), [(0.2, "today"), (1.9, "1 day ago"), (-3.0, "today")])
def test_ages(age: float, words: str) -> None:
    """Whole days; a clock that runs behind is no error."""
    assert f"Calibrated {words} on" in calibration_line(calibrated(calibration_age_days=age))


def test_nothing_is_said_of_what_is_not_known() -> None:
    """The default reference has a warning of its own; files of version 1 say nothing."""
    for findings in (calibrated(is_default_reference=True), calibrated(calibration=None, calibration_age_days=None)):
        assert calibration_line(findings) == ""
        assert warnings(findings) == []


def test_an_old_calibration_is_warned_of() -> None:
    """From 90 days on, with what to do."""
    assert warnings(calibrated(calibration_age_days=float(OLD_DAYS))) == []
    (warning,) = warnings(calibrated(calibration_age_days=OLD_DAYS + 1.0))
    assert "older than 90 days: run 'stillwatch calibrate'" in warning


def test_kinds_it_hardly_knows_are_warned_of() -> None:
    """The most frequent first, in words, the rest counted in."""
    beyond = {"client 10-19": 3, "client 20+": 40, "template 20+": 2, "rhythm 20+": 5, "linked 20+": 1}
    (warning,) = warnings(calibrated(beyond_calibration=beyond))
    assert warning.index("40 of view") < warning.index("5 of view") < warning.index("3 of view")
    assert "and others" in warning
    assert "20+" in warning


def test_bars_say_what_stands_behind_them() -> None:
    """Units, those over the bar, and the promise."""
    assert bar_sentence(BARS[0]) == (
        "Bar for 10 to 19 accounts: 12.0 bits, from 300 own units (2 units over it); "
        "one new unit like these in 101 reaches it."
    )
    assert facts(calibrated())[1].startswith("Bar for 20 accounts and more: 11.2 bits, from 1,100 own units;")
    assert "900 were younger than 30 days" in facts(calibrated())[2]
    both = bar_sentence(replace(BARS[1], n_own=100))
    assert "from 100 own units and 1,000 simulated units;" in both


def test_each_claim_says_how_many_units_stand_behind_it() -> None:
    """Few are said to be few; a campaign without a number says nothing."""
    findings = calibrated()
    campaign = findings.campaigns[0]
    assert behind(campaign, findings) == []
    (many,) = behind(campaign, replace(findings, comparable_units={campaign.campaign_id: 37}))
    assert many.startswith("37 legitimate units of the reference have a family of the same view")
    assert "is few" not in many
    (one,) = behind(campaign, replace(findings, comparable_units={campaign.campaign_id: 1}))
    assert one.startswith("1 legitimate unit of the reference has")
    assert "is few" in one


def test_the_page_shows_it() -> None:
    """Age in the header, bars beside the input, units beside each claim."""
    findings = calibrated(calibration_age_days=200.0)
    found = replace(findings, comparable_units={c.campaign_id: 7 for c in findings.campaigns})
    page = to_html(found)
    assert "Calibrated 200 days ago" in page
    assert "older than 90 days" in page
    assert "Bar for 10 to 19 accounts" in page
    assert "7 legitimate units of the reference have" in page


def test_json_goes_there_and_back() -> None:
    """All of it survives, and findings from before it existed are still read."""
    findings = calibrated(comparable_units={"c": 3}, beyond_calibration={"client 20+": 1})
    back = from_json(to_json(findings), run=run_to_json(findings))
    assert (back.calibration, back.bars, back.comparable_units) == (MADE, BARS, {"c": 3})
    assert back.calibration_age_days == findings.calibration_age_days

    older = json.loads(to_json(findings))
    for name in ("calibration", "bars", "comparable_units", "beyond_calibration"):
        del older[name]
    read = from_json(json.dumps(older))
    assert (read.calibration, read.bars, read.comparable_units) == (None, (), {})
