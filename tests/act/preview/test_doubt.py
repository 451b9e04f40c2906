"""How many may be touched wrongly: against scipy, and against traffic whose truth is known."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest
from tests.act.preview.made import Told, blocks, judged, row, stream

from stillwatch.act.preview.cells import cells_of
from stillwatch.act.preview.doubt import Evidence, control, doubt_of, promised
from stillwatch.act.preview.traffic import NOBODYS
from stillwatch.model.calibration import Bar
from stillwatch.model.decision import AccountFacts

BARS = (Bar(10, 20, 9.0, 400, 400, 1, 2 / 402), Bar(20, None, 11.7, 1204, 1204, 0, 1 / 1205))


def test_the_weakest_bar_is_what_is_promised() -> None:
    """Of several bars the one that lets most pass counts, with the exact interval of its units."""
    found = promised(Evidence(BARS, n_families=1000))
    assert found is not None
    exact = binomtest(1, 400).proportion_ci(method="exact")
    assert (found.rate, found.n_units) == (2 / 402, 400)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert found.expected == pytest.approx((1000 * 2 / 402, 1000 * exact.low, 1000 * exact.high))


def test_nothing_is_promised_where_nobody_told() -> None:
    """Without bars there is no number."""
    assert promised(Evidence()) is None


@pytest.mark.parametrize("wrong", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("bought", [0.0, 0.1])
def test_the_ceiling_holds_the_share_that_is_wrong(wrong: float, bought: float) -> None:
    """Of 4,000 touched accounts a known share is legitimate: it is under the ceiling, and at it where nobody cheats."""
    random = np.random.default_rng(11)
    rate = 0.3
    is_wrong = random.random(4000) < wrong
    signs = random.random(4000) < np.where(is_wrong, rate, bought)
    found = control("verified", 4000, int(signs.sum()), 10_000, 3000)
    assert found.most is not None
    assert found.most_high is not None
    assert is_wrong.mean() <= found.most_high
    if not bought:
        assert found.most == pytest.approx(is_wrong.mean(), abs=0.05)


def test_a_ceiling_is_passed_in_one_of_twenty() -> None:
    """Over all outcomes of 300 touched accounts the upper end misses the true share in 5 % at most, and not never."""
    ends = [control("verified", 300, n, 10_000, 3000).most_high or 0.0 for n in range(301)]
    missed = sum(binom.pmf(n, 300, 0.3 * 0.2) for n in range(301) if ends[n] < 0.2)
    assert 0.01 < missed <= 0.05


def test_a_rare_sign_tells_nothing() -> None:
    """Where 19 others carry it, no share is told."""
    assert control("verified", 100, 0, 10_000, 19).most is None
    assert control("verified", 0, 0, 10_000, 3000).most is None


def test_a_share_is_never_above_one() -> None:
    """Touched accounts that are verified more often than others are at most all legitimate."""
    assert control("verified", 10, 9, 1000, 300).most == 1.0


def test_others_are_accounts_of_no_accused_stream() -> None:
    """An account with an accused stream is no control, touched or not; unknown levels count nowhere."""
    names = [f"b-{i}" for i in range(60)]
    facts = {name: AccountFacts(verified_level=2 if i < 30 else 0) for i, name in enumerate(names)}
    facts |= {"a": AccountFacts(verified_level=0), "c": AccountFacts(verified_level=2), "d": AccountFacts()}
    told = Told(facts, stream("a") | stream("c", bits=1.0) | stream("d"))
    rows = [row(name, i, NOBODYS if name in names else 0) for i, name in enumerate([*names, "a", "c", "d"])]
    found = judged(rows, told, blocks("stream.bits_over_bar > 0.0"))
    verified = doubt_of(found, cells_of(found), Evidence()).controls[0]
    assert (verified.n_touched, verified.touched, verified.n_others, verified.others) == (1, 0, 60, 30)


def test_appeals_are_told_when_there_are_any() -> None:
    """Three of ten upheld, with the exact interval; without any, none."""
    found = judged([row("a", 0, 0)], Told(streams=stream("a")), blocks())
    cells = cells_of(found)
    assert doubt_of(found, cells, Evidence()).objections is None
    told = doubt_of(found, cells, Evidence(decided=10, upheld=3)).objections
    exact = binomtest(3, 10).proportion_ci(method="exact")
    assert told is not None
    assert (told.upheld, told.low, told.high) == pytest.approx((3, exact.low, exact.high))
