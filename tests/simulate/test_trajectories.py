"""Conversations that a harvester's program leads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.trajectories import going_on, turns_of
from stillwatch.simulate.world import World


@given(n=st.integers(1, 3_000), mean=st.floats(1.0, 30.0), seed=st.integers(0, 60))
def test_turns_add_up(n: int, mean: float, seed: int) -> None:
    """As many turns as asked for, at least one in each conversation and not too many."""
    turns = turns_of(np.random.default_rng(seed), n, mean)
    assert turns.sum() == n
    assert 1 <= turns.min() <= turns.max() <= 40


def test_mean_of_turns() -> None:
    """Conversations are about as long as asked for."""
    assert abs(turns_of(np.random.default_rng(0), 60_000, 8.0).mean() - 8.0) < 0.3


@pytest.mark.parametrize("tools", [True, False])
def test_heads_keep_their_texts(world: World, rng: np.random.Generator, *, tools: bool) -> None:
    """What opens a conversation is its item; what follows is no item of the list."""
    turns = np.array([3, 1, 2])
    heads = {name: np.array([5, 6, 7]) for name in ("body", "lead")}
    rows = going_on(world, rng, heads, turns, tools=tools)
    first = np.array([True, False, False, True, True, False])
    assert rows["body"][first].tolist() == rows["lead"][first].tolist() == [5, 6, 7]
    assert not rows["lead"][~first].any()
    assert (rows["body"][~first] > 7).all()
