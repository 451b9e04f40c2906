"""The nulls draw what their names say, in the order that channels need."""

import numpy as np
import pytest
from scipy import stats

from stillwatch.bench.null_sequences import (
    INFRASTRUCTURE_NULLS,
    TURN_NULLS,
    InfrastructureNull,
    TurnNull,
    habitual_turns,
)


@pytest.mark.parametrize("null", TURN_NULLS, ids=[null.name for null in TURN_NULLS])
def test_turns_are_in_order(null: TurnNull) -> None:
    """Times never fall, accounts are numbered by first appearance, and the same seed gives the same turns."""
    account, time_us = null.draw(np.random.default_rng(3), 90)
    assert len(account) == len(time_us) == 90
    assert (np.diff(time_us) >= 0).all()
    assert np.array_equal(np.unique(account, return_index=True)[1], np.sort(np.unique(account, return_index=True)[1]))
    assert np.array_equal(account, null.draw(np.random.default_rng(3), 90)[0])


def test_newcomers_come_as_often_as_pitman_and_yor_say() -> None:
    """Mean number of accounts after 40 turns against the exact expectation; theta 4, discount .5."""
    rng = np.random.default_rng(0)
    seen = [habitual_turns(rng, 40, 4.0, 0.5, 0.0)[0].max() + 1 for _ in range(400)]
    steps = np.arange(40)
    expected = 4.0 / 0.5 * (np.prod((4.5 + steps) / (4.0 + steps)) - 1)
    assert np.mean(seen) == pytest.approx(expected, abs=4 * np.std(seen) / 20)


def test_habit_makes_people_go_on() -> None:
    """With habit .9 the last account goes on far more often than without."""
    rng = np.random.default_rng(1)
    on = [np.mean(np.diff(habitual_turns(rng, 300, 16.0, 0.3, habit)[0]) == 0) for habit in (0.0, 0.9)]
    assert on[1] > on[0] + 0.2


@pytest.mark.parametrize("null", INFRASTRUCTURE_NULLS, ids=[null.name for null in INFRASTRUCTURE_NULLS])
def test_backgrounds_are_shares(null: InfrastructureNull) -> None:
    """Values are known (not 0) and each has one background between 0 and 1."""
    values, p = null.draw(np.random.default_rng(2), 200)
    assert values.shape == p.shape
    assert (values > 0).all()
    assert ((p > 0) & (p <= 1)).all()
    for j in range(values.shape[1]):
        pairs = {(int(v), float(q)) for v, q in zip(values[:, j], p[:, j], strict=True)}
        assert len(pairs) == len(np.unique(values[:, j]))


def test_known_backgrounds_are_those_drawn_from() -> None:
    """Frequencies of the most common values fit their stated shares (chi-square, 1 in 1,000)."""
    null = next(n for n in INFRASTRUCTURE_NULLS if n.is_in_grid)
    values, p = null.draw(np.random.default_rng(4), 20_000)
    common = np.unique(values[:, 2])[:10]
    observed = np.array([(values[:, 2] == v).sum() for v in common])
    share = np.array([p[values[:, 2] == v, 2][0] for v in common])
    observed, share = np.append(observed, 20_000 - observed.sum()), np.append(share, 1 - share.sum())
    assert stats.chisquare(observed, 20_000 * share).pvalue > 1e-3
