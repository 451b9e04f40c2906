"""Kinship of families: the kernel against its definition, crews against bystanders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.detect import kinship
from stillwatch.detect._kernels_kinship import common_volumes, expected_overlaps, least_overlaps
from stillwatch.detect.kinship import Streams, kindred


def sent(rng: np.random.Generator, *families: tuple[NDArray[np.int64], float], n_accounts: int = 20_000) -> Streams:
    """Families of accounts that each send a Poisson number of exchanges with the given mean."""
    family, account, n = [], [], []
    for number, (accounts, mean) in enumerate(families):
        count = rng.poisson(mean, len(accounts))
        some = count > 0
        family.append(np.full(some.sum(), number))
        account.append(accounts[some])
        n.append(count[some])
    return Streams(np.concatenate(family), np.concatenate(account), np.concatenate(n), len(families), n_accounts)


SENT = st.dictionaries(st.integers(0, 9), st.integers(1, 5) | st.integers(60, 200), min_size=1)
"""Exchanges of accounts; those with many are beyond the table of chances."""


@given(one=SENT, other=SENT)
def test_expectations_are_those_of_dealing_every_exchange_by_one_chance(
    one: dict[int, int], other: dict[int, int]
) -> None:
    """The kernel sums over accounts what a plain loop does."""
    p = sum(one.values()) / (sum(one.values()) + sum(other.values()))
    expected: NDArray[np.float64] = np.zeros(3)
    for account in one.keys() | other.keys():
        m = one.get(account, 0) + other.get(account, 0)
        both = 1 - p**m - (1 - p) ** m
        in_other, in_one = both / (1 - (1 - p) ** m), both / (1 - p**m)
        expected += np.array([both, in_other * (account in one), in_one * (account in other)])
    accounts = np.array([*sorted(one), *sorted(other)])
    n = np.array([one[a] for a in sorted(one)] + [other[a] for a in sorted(other)])
    first, total = np.array([0, len(one), len(n)]), np.array([sum(one.values()), sum(other.values())], np.float64)
    runs = kinship._runs(np.repeat([0, 1], [len(one), len(other)]), n, 2)
    found = expected_overlaps((first, accounts, n), runs, total, np.array([0]), np.array([1]))
    assert found[0] == pytest.approx(expected)
    common = np.array([len(one.keys() & other.keys())])
    assert least_overlaps(runs, total, np.array([0]), np.array([1]), common)[0] <= expected[0] + 1e-9


@given(one=SENT, other=SENT, more=SENT)
def test_common_volumes_are_sums_over_common_accounts(
    one: dict[int, int], other: dict[int, int], more: dict[int, int]
) -> None:
    """The kernel adds up what a plain loop does."""
    sent_by = [one, other, more]
    busiest = np.array([max(f.get(account, 0) for f in sent_by) for account in range(10)])
    account, n = ([*map(int, v)] for v in zip(*(pair for f in sent_by for pair in sorted(f.items())), strict=True))
    first = np.r_[0, np.cumsum([len(f) for f in sent_by])]
    pairs = np.array([0, 0, 1]), np.array([1, 2, 2])
    found = common_volumes(first, np.array(account), np.array(n), busiest, *pairs)
    for row, (i, j) in zip(found.tolist(), zip(*pairs, strict=True), strict=True):
        both = sent_by[i].keys() & sent_by[j].keys()
        assert row == [sum(sent_by[i][a] for a in both), sum(sent_by[j][a] for a in both), sum(busiest[list(both)])]


def test_blocks_of_families_give_the_pairs_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meetings are counted a block after the other: the same kin in the same order, however small the blocks."""
    rng = np.random.default_rng(6)
    streams = sent(rng, *((rng.choice(300, 60, replace=False), 2.0) for _ in range(40)))
    whole = kindred(streams)
    assert len(whole.one) > 100
    for block in (1, 500):
        monkeypatch.setattr(kinship, "_BLOCK", block)
        for one, other in zip(whole, kindred(streams), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_bound_leaves_out_no_pair_that_is_kin() -> None:
    """With and without it the same pairs are above the least kinship, and most of the others are gone."""
    rng = np.random.default_rng(5)
    crews = [np.arange(80), np.arange(80, 140)]
    parts = [(crew, mean) for crew in crews for mean in (6.0, 2.0, 0.6)]
    mixed = [(np.r_[crews[0][:n], np.arange(200 + 300 * i, 400 + 300 * i)], 1.5) for i, n in enumerate((5, 10, 20, 40))]
    streams = sent(rng, *parts, *mixed)
    plain, bounded = kindred(streams), kindred(streams, least=0.6)
    told = [{(i, j): k for i, j, k in zip(kin.one, kin.other, kin.kinship, strict=True)} for kin in (plain, bounded)]
    assert {pair for pair, k in told[0].items() if k > 0.6} == {pair for pair, k in told[1].items() if k > 0.6}
    assert len(told[1]) < len(told[0])


def test_pieces_of_one_crew_are_kin_however_rare_they_are() -> None:
    """An opening in six exchanges of ten, one in four, and two that most accounts never send."""
    crew = np.arange(100)
    kin = kindred(sent(np.random.default_rng(0), (crew, 6.0), (crew, 4.0), (crew, 0.5), (crew, 0.3)))
    assert len(kin.one) == 6
    assert kin.kinship.min() > 0.8


def test_a_family_over_two_crews_is_kin_to_the_larger_alone() -> None:
    """Five sixths of its accounts are the one's; of the other's accounts, all are in it."""
    large, small = np.arange(100), np.arange(200, 220)
    kin = kindred(sent(np.random.default_rng(1), (large, 6.0), (np.r_[large, small], 3.0), (small, 6.0)))
    by_pair = {
        (int(i), int(j)): (k, inside) for i, j, k, inside in zip(*kin[:2], kin.kinship, kin.inside.T, strict=True)
    }
    assert by_pair[0, 1][0] > 0.75
    assert by_pair[1, 2][0] < 0.4
    assert by_pair[0, 1][1] == pytest.approx([1.0, 100 / 120], abs=0.07)
    assert (0, 2) not in by_pair


def test_people_who_share_two_popular_sentences_are_no_crew() -> None:
    """Busy people send both sentences more often than chance has it; what they are in is still no one crew's."""
    rng = np.random.default_rng(2)
    people, activity = np.arange(5_000), rng.pareto(1.5, 5_000)
    streams = [rng.poisson(activity * share) for share in (0.3, 0.2)]
    family = np.repeat([0, 1], [(n > 0).sum() for n in streams])
    account = np.concatenate([people[n > 0] for n in streams])
    n = np.concatenate([n[n > 0] for n in streams])
    together = Streams(family, account, n, 2, 5_000)
    assert kindred(together, together.meeting).kinship.max(initial=0.0) < 0.5


def test_without_common_accounts_nobody_is_kin() -> None:
    """No pair, no number."""
    kin = kindred(sent(np.random.default_rng(3), (np.arange(50), 5.0), (np.arange(50, 100), 5.0)))
    assert len(kin.one) == len(kin.kinship) == 0
