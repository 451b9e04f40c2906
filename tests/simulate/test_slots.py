"""Accounts in use at a time and their successors."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.slots import Slots, live_on, live_once


@given(n=st.integers(1, 12), mean=st.floats(0.1, 20.0), seed=st.integers(0, 50))
def test_serving_is_the_latest_to_have_begun(n: int, mean: float, seed: int) -> None:
    """The search gives what a look at all lives gives."""
    rng = np.random.default_rng(seed)
    lives = live_on(rng, n, 14.0, mean, 0.0)
    slots = Slots(n, lives, np.arange(len(lives)) + 100)
    slot, time = rng.integers(n, size=40), rng.uniform(0.0, 14 * 86_400.0, 40)
    for one, at, found in zip(slot.tolist(), time.tolist(), slots.serving(slot, time).tolist(), strict=True):
        mine = [k for k in range(len(lives)) if lives.slot[k] == one and lives.begin_s[k] <= at]
        assert found == max(mine, key=lambda k: lives.begin_s[k])


def test_lives_last_as_long_as_asked() -> None:
    """The mean of lives that ended is the one asked for; every slot has somebody from the start."""
    lives = live_on(np.random.default_rng(0), 400, 60.0, 3.0, 2.0)
    begins = lives.begin_s / 86_400.0
    assert (np.bincount(lives.slot[begins == 0.0], minlength=400) == 1).all()
    inner = (lives.slot[1:] == lives.slot[:-1]) & (begins[:-1] > 0.0)
    assert abs(np.diff(begins)[inner].mean() - 3.0) < 0.2
    assert begins.max() < 60.0


def test_one_life_each() -> None:
    """Without bans a slot is an account."""
    slots = Slots(5, live_once(5), np.arange(5))
    chosen = np.array([4, 0, 4])
    assert slots.serving(chosen, np.zeros(3)).tolist() == [4, 0, 4]


def test_parting_keeps_everybody() -> None:
    """Both parts together have all accounts, slots counted from 0."""
    lives = live_on(np.random.default_rng(1), 9, 14.0, 2.0, 0.0)
    whole = Slots(9, lives, np.arange(len(lives)))
    first, others = whole.parted(4)
    assert (first.n, others.n) == (4, 5)
    assert [*first.accounts.tolist(), *others.accounts.tolist()] == whole.accounts.tolist()
    assert set(first.lives.slot.tolist()) == set(range(4))
    assert set(others.lives.slot.tolist()) == set(range(5))
