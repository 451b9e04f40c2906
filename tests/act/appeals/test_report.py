"""Figures of appeals, the waiting times held against scipy's Kaplan-Meier estimate."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf
from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import AppealRules, Outcome
from stillwatch.act.appeals.report import appeals_report, waiting_quantile

WHY = "The school has shown us its timetable and its pupils."
WAITS = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=25)


@given(WAITS, st.sampled_from([0.25, 0.5, 0.9]))
def test_as_scipy_estimates(waits: list[tuple[int, bool]], share: float) -> None:
    """The quantile is the first time at which scipy's survival curve is at most what is left; none when it never is."""
    times, over = np.array([w for w, _ in waits], float), np.array([o for _, o in waits])
    curve = ecdf(CensoredData(uncensored=times[over], right=times[~over])).sf
    below = curve.quantiles[curve.probabilities <= 1 - share + 1e-9]
    wanted = float(below[0]) if len(below) else None
    assert waiting_quantile(list(times), list(over), share) == wanted


def test_counts_of_each(opened: Office) -> None:
    """Upheld, denied, late, overdue and softened are counted, shares by rule with their interval."""
    filed = [opened.file(notice(n, account_id=f"a{n}")) for n in range(1, 5)]
    with opened.engine.begin() as connection:
        for appeal, outcome, hours in zip(filed, ("upheld", "denied", "denied"), (2, 4, 24 * 9), strict=False):
            ruling = Ruling(Outcome(outcome), WHY, "bea")
            answer(connection, opened.trail, appeal.appeal_id, ruling, NOW + timedelta(hours=hours))
        found = appeals_report(connection, AppealRules(), NOW + timedelta(days=10))
    assert (found.n_filed, found.n_open, found.n_upheld, found.n_denied) == (4, 1, 1, 2)
    assert (found.n_overdue, found.n_late, found.n_softened, found.n_held_back) == (1, 1, 1, 0)
    assert (found.answer_h_median, found.answer_h_p90, found.oldest_open_h) == (4.0, None, 240.0)
    (rule,) = found.by_rule
    assert (rule.rule, rule.n_answered, rule.n_upheld) == ("slow-down", 3, 1)
    assert rule.share == pytest.approx(1 / 3)
    assert rule.low < rule.share < rule.high


def test_nothing_filed(opened: Office) -> None:
    """Without appeals there are no shares and no times."""
    with opened.engine.begin() as connection:
        found = appeals_report(connection, AppealRules(), NOW)
    assert (found.n_filed, found.by_rule, found.answer_h_median, found.oldest_open_h) == (0, (), None, None)
