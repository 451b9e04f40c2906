"""The infrastructure channel: kernel against twin, exact validity by enumeration, power, and leaving attributes out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels_turns import turns_log2
from stillwatch.detect.channels._twins import infrastructure_wealth
from stillwatch.detect.channels.dispatch import TURN_MODEL
from stillwatch.detect.channels.infrastructure import STAKES, coordination_bits, infrastructure_bits
from stillwatch.errors import InvalidInput
from stillwatch.stats.e_values import mean_bits

families = hnp.arrays(np.uint64, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=st.integers(0, 4))


def sequences_of_turns(n: int) -> list[tuple[int, ...]]:
    """Every sequence of n codes in order of first appearance."""
    found: list[tuple[int, ...]] = [(0,)]
    for _ in range(n - 1):
        found = [(*turns, a) for turns in found for a in range(max(turns) + 2)]
    return found


def twin(attributes: NDArray[np.uint64], p_background: NDArray[np.float64]) -> tuple[list[float], float, float]:
    """Bits of each judged attribute, of all, and in total."""
    judged = (attributes != 0).any(axis=0)
    wealth = [np.log2(infrastructure_wealth(attributes[:, judged], p_background[:, judged], w, 1.0)) for w in STAKES]
    alone = [mean_bits([w[:, a].sum() for w in wealth]) for a in range(judged.sum())]
    joint = mean_bits([np.log2(np.exp2(w).mean(axis=1)).sum() for w in wealth])
    return alone, joint, mean_bits([*alone, joint])


@settings(max_examples=60, deadline=None)
@given(families, st.integers(0, 2**32 - 1))
def test_kernel_equals_twin(attributes: NDArray[np.uint64], seed: int) -> None:
    """Every number agrees with the plain version, also with each attribute left out."""
    p_background = np.random.default_rng(seed).uniform(0.001, 1, attributes.shape)
    found = infrastructure_bits(attributes, p_background)
    if not found.judged.any():
        assert found.total == 0
        return
    alone, joint, total = twin(attributes, p_background)
    np.testing.assert_allclose(found.per_attribute[found.judged], alone, atol=1e-9)
    np.testing.assert_allclose([found.joint, found.total], [joint, total], atol=1e-9)
    for a in range(attributes.shape[1]):
        others = np.arange(attributes.shape[1]) != a
        masked = infrastructure_bits(attributes, p_background, use=others)
        assert found.without[a] == pytest.approx(masked.total, abs=1e-9)


def test_expectation_is_at_most_one() -> None:
    """Over all values of five accounts with two dependent attributes, E has expectation at most 1: exact."""
    p = {1: 0.6, 2: 0.3, 3: 0.1}
    coarse = {1: 1, 2: 1, 3: 2}
    p_coarse = {1: 0.9, 2: 0.1}
    total = 0.0
    for values in itertools.product(p, repeat=5):
        attributes = np.array([[v, coarse[v]] for v in values], np.uint64)
        background = np.array([[p[v], p_coarse[coarse[v]]] for v in values])
        found = infrastructure_bits(attributes, background)
        total += float(np.prod([p[v] for v in values]) * np.exp2(found.total))
    assert total == pytest.approx(1, abs=1e-9)


def test_both_channels_together_are_an_e_value() -> None:
    """Over all turns of a null and all values of new accounts, the combined E has expectation at most 1: exact."""
    p = {1: 0.7, 2: 0.3}
    expectation = np.zeros(TURN_MODEL.habit.size * TURN_MODEL.theta.size * TURN_MODEL.discount.size)
    for account in sequences_of_turns(5):
        mixture, nulls, _ = turns_log2(np.array(account, np.int32), np.full(5, 0.1), *TURN_MODEL)
        for values in itertools.product(p, repeat=max(account) + 1):
            attributes = np.array(values, np.uint64)[:, None]
            background = np.array([[p[v]] for v in values])
            infrastructure = infrastructure_bits(attributes, background).total
            bits = coordination_bits(mixture - nulls.max(), infrastructure)
            expectation += np.exp2(nulls + bits) * np.prod(background)
    assert 0.1 < expectation.max() <= 1 + 1e-9


def test_unrelated_accounts_cost_little_and_shared_ones_show() -> None:
    """A thousand unrelated accounts stay above -4 bits and below 4; groups of five on one card are found."""
    rng = np.random.default_rng(3)
    unrelated = rng.integers(1, 10_000, (1000, 6)).astype(np.uint64)
    background = np.full((1000, 6), 1e-4)
    assert -4 < infrastructure_bits(unrelated, background).total < 4
    groups = unrelated.copy()
    groups[:, 2] = np.arange(1000) // 5 + 1
    found = infrastructure_bits(groups, background)
    assert found.total > 100
    assert int(np.argmax(found.per_attribute)) == 2
    assert found.without[2] < 4


def test_accounts_that_share_different_things_add_up() -> None:
    """All together beats each attribute alone when half share a card and half an address block."""
    rng = np.random.default_rng(4)
    attributes = rng.integers(1, 1_000_000, (60, 2)).astype(np.uint64)
    attributes[::2, 0] = 7
    attributes[1::2, 1] = 9
    found = infrastructure_bits(attributes, np.full((60, 2), 1e-4))
    assert found.joint > found.per_attribute.max() + 50


def test_missing_attributes_are_not_judged() -> None:
    """A column without values neither helps nor costs."""
    attributes = np.array([[5, 0]] * 8, np.uint64)
    background = np.array([[0.01, np.nan]] * 8)
    found = infrastructure_bits(attributes, background)
    assert found.judged.tolist() == [True, False]
    assert found.total == pytest.approx(infrastructure_bits(attributes[:, :1], background[:, :1]).total)
    assert infrastructure_bits(attributes * 0, background).total == 0
    assert found.without[0] == 0


@pytest.mark.parametrize("p", [0.0, 1.5, float("nan")])
def test_background_outside_zero_to_one_is_refused(p: float) -> None:
    """A background share must be a probability above zero."""
    with pytest.raises(InvalidInput):
        infrastructure_bits(np.ones((2, 1), np.uint64), np.full((2, 1), p))


@given(st.floats(-500, 500), st.floats(-500, 500))
def test_coordination_never_loses_more_than_log2_3(dispatch: float, infrastructure: float) -> None:
    """The best of the channels survives, and nothing beyond their product is claimed."""
    bits = coordination_bits(dispatch, infrastructure)
    best = max(dispatch, infrastructure, dispatch + infrastructure)
    assert best - np.log2(3) - 1e-9 <= bits <= best + 1e-9


def test_a_channel_that_is_missing_is_left_out() -> None:
    """With one channel its bits stand; with none there is no evidence."""
    assert coordination_bits(5.0, None) == 5
    assert coordination_bits(None, 3.0) == 3
    assert coordination_bits(None, None) == 0
