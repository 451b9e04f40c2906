"""What is said of noised counts: without noise the plain answer, with noise an interval that holds."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.share.appeals.case import State
from stillwatch.share.life.tombstones import Cause
from stillwatch.share.transparency.counts import SPANS, Counts, Period, Request
from stillwatch.share.transparency.report import N_QUERIES, false_positive_rate, median_span, report_on
from stillwatch.share.transparency.text import as_text

PERIOD = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
COUNTS = Counts(
    entries=dict.fromkeys((k.value for k in Kind if k is not Kind.APPEAL), 0) | {"publish": 400, "revoke": 16},
    appeals=dict.fromkeys(map(str, State), 0) | {"upheld": 10, "rejected": 5},
    revocations={Cause.APPEAL: 10, Cause.WITHDRAWN: 2, Cause.DELETED: 4},
    to_revoke=dict.fromkeys(SPANS, 0) | {SPANS[4]: 9, SPANS[5]: 7},
    to_decide=dict.fromkeys(SPANS, 0) | {SPANS[3]: 3, SPANS[6]: 2},
    requests=dict.fromkeys(map(str, Request), 0) | {"court-order": 2},
)


def none(counts: Sequence[int]) -> list[int]:
    """No noise."""
    return list(counts)


def test_without_noise_the_report_tells_the_counts() -> None:
    """Rates and medians are those of the counts; of five decisions no median is told."""
    found = report_on(COUNTS, PERIOD, 6.0, 6.0, none)
    assert (found.entries["publish"], found.appeals["upheld"], found.requests["court-order"]) == (400, 10, 2)
    assert found.false_positives.estimate == 12 / 400
    assert found.false_positives.low < 12 / 400 < found.false_positives.high
    assert (found.to_revoke, found.to_decide) == ("1 to 3 days", None)


def test_every_set_of_counts_gets_its_noise_once() -> None:
    """Six sets share epsilon, so six are noised, each whole; and noise below nothing is shown as nothing."""
    asked: list[int] = []

    def less(counts: Sequence[int]) -> list[int]:
        asked.append(len(counts))
        return [count - 1 for count in counts]

    found = report_on(COUNTS, PERIOD, 1.0, 1.0, less)
    assert len(asked) == N_QUERIES
    assert asked == [len(getattr(COUNTS, name)) for name in COUNTS.__slots__]
    assert (found.entries["publish"], found.entries["drill"]) == (399, 0)
    assert min(*found.entries.values(), *found.appeals.values(), *found.requests.values()) == 0


@pytest.mark.parametrize(("published", "rate"), [(20, 0.0), (200, 0.05), (2000, 0.01), (2000, 0.5)])
def test_the_interval_holds_at_least_as_often_as_it_says(published: int, rate: float) -> None:
    """True rates against intervals from drawn counts with drawn noise, 400 times: 95 % at least."""
    rng, epsilon, held = np.random.default_rng(5), 1 / N_QUERIES, 0
    q = np.exp(-epsilon)
    for _ in range(400):
        noise = rng.geometric(1 - q, (2, 3)) * np.array([[1], [-1]])
        false = int(rng.binomial(published, rate) + noise[:, :2].sum())
        low, _, high = false_positive_rate(false, int(published + noise[:, 2].sum()), epsilon)
        held += low <= rate <= high
    assert held >= 380


def test_a_rate_of_few_is_not_told_and_one_of_many_is_sharp() -> None:
    """Under ten published no estimate; of a million, an interval close to it."""
    assert false_positive_rate(1, 9, 1.0).estimate is None
    assert false_positive_rate(-3, -2, 0.1) == (0.0, None, 1.0)
    low, estimate, high = false_positive_rate(10_000, 1_000_000, 1.0)
    assert estimate == 0.01
    assert 0.0097 < low < 0.01 < high < 0.0103


def test_the_median_span_is_that_of_a_list() -> None:
    """Against numpy's lower median of the spans written out; negative counts are noise."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        counts = rng.integers(0, 8, len(SPANS))
        counts[0] += 10
        written = np.repeat(np.arange(len(SPANS)), counts)
        assert median_span(counts.tolist()) == SPANS[written[(len(written) - 1) // 2]]
    assert median_span([-3, 0, 20, -2, 0, 0, 0, 0, 0]) == SPANS[2]
    assert median_span([9, 0, 0, 0, 0, 0, 0, 0, 0]) is None


def test_the_text_says_what_the_report_says() -> None:
    """Noise and budget stand above the numbers; what is not known is not made up."""
    text = as_text(report_on(COUNTS, PERIOD, 1.0, 2.0, none).told())
    assert "epsilon 1 of a budget of 2" in text
    assert "2026-01-01 to 2026-07-01" in text
    assert "Taken back or fallen in an appeal: 3.00% of published indicators (95 %:" in text
    assert "Median from publication to its end: 1 to 3 days" in text
    assert "Median from an appeal to its decision: too few to tell" in text


def test_a_period_has_a_length() -> None:
    """It ends after it begins."""
    with pytest.raises(InvalidInput, match="end after"):
        Period(PERIOD.until, PERIOD.since)
