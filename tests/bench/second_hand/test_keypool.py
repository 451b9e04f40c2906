"""How keys are chosen, against the definition of each policy."""

import numpy as np
import pytest

from stillwatch.bench.second_hand.keypool import POLICIES, Keys, assign, chains


def always(n: int, n_jobs: int) -> Keys:
    """Keys that are in use all the time."""
    return Keys(np.zeros(n, np.int64), np.full(n, n_jobs), np.ones(n))


@pytest.mark.parametrize("policy", POLICIES)
def test_every_key_gets_work_and_only_keys_in_use_do(policy: str) -> None:
    """With time enough every key works, and never outside its time."""
    rng = np.random.default_rng(7)
    start = np.repeat([0, 4_000], 10)
    end = np.repeat([8_000, 12_000], 10)
    keys = Keys(start, end, np.ones(20))
    times = np.arange(12_000)
    owner = assign(rng, policy, times, keys)
    assert set(owner.tolist()) == set(range(20))
    assert ((times >= start[owner]) & (times <= end[owner])).all()


def test_rotation_is_even_and_weights_are_followed() -> None:
    """Round robin differs by a job for each gateway; random choice follows the weights."""
    rng = np.random.default_rng(8)
    count = np.bincount(assign(rng, "rotate", np.arange(10_000), always(40, 10_000)))
    assert count.max() - count.min() <= 4
    keys = Keys(np.zeros(4, np.int64), np.full(4, 20_000), np.array([1.0, 1.0, 2.0, 4.0]))
    share = np.bincount(assign(rng, "weighted", np.arange(20_000), keys)) / 20_000
    assert np.allclose(share, [0.125, 0.125, 0.25, 0.5], atol=0.02)


def test_leases_and_drained_keys_work_in_rows() -> None:
    """A worker keeps its key for a while: jobs that follow one another on one lane have one owner."""
    owner = assign(np.random.default_rng(9), "drain", np.arange(6_000), always(30, 6_000))
    lanes = 3
    same = (owner[lanes:] == owner[:-lanes]).mean()
    assert same > 0.8


def test_banned_keys_are_followed_by_others() -> None:
    """In each slot one key begins where another ends, and together they cover the whole operation."""
    begin, end = chains(np.random.default_rng(3), 60, 0.1)
    assert (begin < end).all()
    assert begin.min() == 0
    assert end.max() == pytest.approx(1)
    assert np.mean(end - begin) == pytest.approx(0.1, rel=0.05)
    moment = np.linspace(0.01, 0.99, 50)
    alive = ((begin[:, None] <= moment) & (end[:, None] >= moment)).sum(0)
    assert (alive == 6).all()
