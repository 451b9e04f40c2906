"""Evidence over many records: never too sure under the null, strong where few or all records are the account's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincc

from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace.leak.gathered import Gathered, log_tails


@given(st.integers(1, 300), st.floats(0, 800))
def test_tails_are_those_of_the_gamma(count: int, total: float) -> None:
    """Against the library where it has numbers; deeper, against the leading term of the series."""
    found = float(log_tails(np.array([total]), count)[0])
    tail = float(gammaincc(count, total))
    if tail > 1e-250:
        assert found == pytest.approx(math.log(tail), abs=1e-9)
    else:
        leading = (count - 1) * math.log(total) - total - math.lgamma(count)
        assert leading <= found <= leading - math.log1p(-(count - 1) / total)


def drawn(rng: np.random.Generator, n_accounts: int, counts: list[int]) -> Gathered:
    """Records of nobody's: sums of exponentials for every account."""
    found = Gathered(n_accounts, len(counts))
    for count in counts:
        found.add(rng.gamma(count, 1.0, n_accounts), count)
    return found


@pytest.mark.parametrize("counts", [[50], [20] * 10, [5, 200, 1, 30, 0, 77], [40] * 100])
def test_innocent_accounts_are_found_no_oftener_than_said(counts: list[int]) -> None:
    """Over 60,000 accounts without any record of theirs, at three levels."""
    log_p = drawn(np.random.default_rng(3), 60_000, counts).log_p()
    for level in (1e-2, 1e-3, 1e-4):
        hits = int((log_p <= math.log(level)).sum())
        assert clopper_pearson(hits, len(log_p), 0.9999)[0] <= level


@pytest.mark.parametrize(("n_records", "n_theirs"), [(1, 1), (200, 200), (200, 1), (200, 12)])
def test_an_accounts_records_are_found(n_records: int, n_theirs: int) -> None:
    """All, one and some of the records theirs: in each case the account passes a bar of 1 in 25 million."""
    rng = np.random.default_rng(4)
    found = Gathered(50, n_records)
    strength = {1: 2.2, 12: 1.6, 200: 1.2}[n_theirs]
    for i in range(n_records):
        sums = rng.gamma(100, 1.0, 50)
        sums[7] *= strength if i < n_theirs else 1.0
        found.add(sums, 100)
    log_p = found.log_p()
    assert int(log_p.argmin()) == 7
    assert log_p[7] < math.log(4e-8)
    assert np.delete(log_p, 7).min() > math.log(1e-6)


def test_one_record_is_its_own_tail() -> None:
    """With a single record nothing is paid for three tests."""
    found = Gathered(2, 1)
    found.add(np.array([30.0, 10.0]), 10)
    assert found.log_p() == pytest.approx(log_tails(np.array([30.0, 10.0]), 10))


def test_records_without_anything_change_nothing() -> None:
    """A record in which no context counts is no evidence either way."""
    one, two = Gathered(3, 2), Gathered(3, 2)
    for found in (one, two):
        found.add(np.array([20.0, 30.0, 40.0]), 20)
    two.add(np.zeros(3), 0)
    assert (one.log_p() == two.log_p()).all()
