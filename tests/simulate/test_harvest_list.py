"""Lists of questions: shuffled, sorted, repeated."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.harvest_list import by_topic, harvest_items, with_repeats
from stillwatch.simulate.world import World


def test_items_are_a_list_without_replacement(world: World, rng: np.random.Generator) -> None:
    """No item twice while the pool lasts; beyond it, items are paired into new ones."""
    pool = len(world.library.pools["attack"].texts)
    few = harvest_items(world, rng, pool // 2)
    assert len(set(few["body"].tolist())) == pool // 2
    assert not few["extra"].any()
    many = harvest_items(world, rng, pool + 500)
    assert len(set(zip(many["body"].tolist(), many["extra"].tolist(), strict=True))) == pool + 500


def test_sorted_lists_go_topic_by_topic(world: World, rng: np.random.Generator) -> None:
    """Sorting keeps the items, and every topic stands in one place; a shuffled list changes topic all the time."""
    shuffled = harvest_items(world, rng, 2_000)
    ordered = by_topic(world, shuffled)
    assert sorted(ordered["body"].tolist()) == sorted(shuffled["body"].tolist())
    topics = world.library.topic_of(ordered["body"])
    assert topics.min() >= 0
    assert (np.diff(topics) != 0).sum() == len(np.unique(topics)) - 1
    assert (np.diff(world.library.topic_of(shuffled["body"])) != 0).mean() > 0.9


@given(n=st.integers(1, 200), n_accounts=st.integers(1, 12), share=st.floats(0.0, 0.9), seed=st.integers(0, 50))
def test_repeats_are_of_the_same_account_and_earlier(n: int, n_accounts: int, share: float, seed: int) -> None:
    """Whatever is sent again was sent before by the same account, and the first of every account is new."""
    rng = np.random.default_rng(seed)
    account = rng.integers(n_accounts, size=n)
    sent = with_repeats(rng, account, {"body": np.arange(n)}, share)["body"]
    for row, item in enumerate(sent.tolist()):
        assert item <= row
        assert account[item] == account[row]
        assert sent[item] == item
    firsts = [int(np.flatnonzero(account == a)[0]) for a in np.unique(account)]
    assert all(sent[row] == row for row in firsts)


def test_share_of_repeats() -> None:
    """About as many repeats as asked for."""
    rng = np.random.default_rng(0)
    sent = with_repeats(rng, rng.integers(20, size=4_000), {"body": np.arange(4_000)}, 0.35)["body"]
    assert abs((sent != np.arange(4_000)).mean() - 0.35) < 0.03
