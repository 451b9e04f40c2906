"""Linking of families that share more accounts than chance allows."""

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.kinship import Streams
from stillwatch.detect.linking import link


def linked(family: NDArray[np.int64], account: NDArray[np.int64], n_accounts: int, n: int = 10) -> NDArray[np.int64]:
    """Groups, every stream with `n` exchanges."""
    return link(Streams(family, account, np.full(len(family), n), int(family.max()) + 1, n_accounts))


def test_families_with_the_same_accounts_are_one_campaign() -> None:
    """Two views of one campaign share nearly all accounts; an unrelated family stays apart."""
    family = np.repeat([0, 1, 2], 50)
    account = np.concatenate([np.arange(50), np.arange(5, 55), np.arange(500, 550)])
    assert linked(family, account, 10_000).tolist() == [0, 0, 2]


def test_a_popular_bystander_ties_nothing() -> None:
    """One common account of fifty is neither improbable enough nor a fifth of either family."""
    family = np.repeat([0, 1], 50)
    account = np.concatenate([np.arange(50), np.arange(49, 99)])
    assert linked(family, account, 5_000).tolist() == [0, 1]


def test_chance_overlap_of_large_families_ties_nothing() -> None:
    """Half of all accounts in each of two families overlap by a quarter of all; that is what chance gives."""
    rng = np.random.default_rng(1)
    first, second = (rng.permutation(1_000)[:500] for _ in range(2))
    family = np.repeat([0, 1], 500)
    assert linked(family, np.concatenate([first, second]), 1_000).tolist() == [0, 1]


def test_components_are_those_of_the_graph() -> None:
    """A chain of overlapping families is one component, as networkx finds it."""
    rng = np.random.default_rng(2)
    starts = rng.integers(0, 2_000, 40)
    family = np.repeat(np.arange(40), 30)
    account = np.concatenate([np.arange(s, s + 30) for s in starts])
    graph = nx.Graph()
    graph.add_nodes_from(range(40))
    graph.add_edges_from((i, j) for i in range(40) for j in range(i) if abs(starts[i] - starts[j]) <= 5)
    expected = np.empty(40, np.int64)
    for component in nx.connected_components(graph):
        expected[list(component)] = min(component)
    assert linked(family, account, 100_000).tolist() == expected.tolist()


def test_one_client_of_several_operations_does_not_make_them_one() -> None:
    """Three operations of 50 accounts, each with two families, and a client family that holds all of them."""
    family = np.repeat(np.arange(7), [50] * 6 + [150])
    account = np.concatenate([np.arange(50 * (i // 2), 50 * (i // 2) + 50) for i in range(6)] + [np.arange(150)])
    assert linked(family, account, 20_000).tolist() == [0, 0, 2, 2, 4, 4, 6]


def test_a_sentence_that_two_operations_send_now_and_then_does_not_make_them_one() -> None:
    """Its family holds all accounts of both, but one exchange of each where they have a hundred of their own."""
    family = np.repeat([0, 1, 2], [50, 50, 100])
    account = np.r_[np.arange(50), np.arange(50, 100), np.arange(100)]
    n = np.repeat([100, 100, 1], [50, 50, 100])
    assert link(Streams(family, account, n, 3, 20_000)).tolist() == [0, 1, 2]


def test_a_family_over_two_crews_goes_with_the_larger_and_ties_neither_to_the_other() -> None:
    """A list that a crew of 100 and one of 40 ask from; the smaller one stays what it is."""
    family = np.repeat(np.arange(5), [100, 100, 140, 40, 40])
    account = np.r_[np.arange(100), np.arange(100), np.arange(140), np.arange(100, 140), np.arange(100, 140)]
    assert linked(family, account, 20_000).tolist() == [0, 0, 0, 3, 3]


def test_a_wide_family_joins_but_does_not_tie() -> None:
    """It is kin of each half and of the whole: narrow families stay two crews, and it goes with one."""
    halves = np.arange(60), np.arange(20, 90)
    family = np.repeat([0, 1, 2], [60, 70, 90])
    account = np.r_[halves[0], halves[1], np.arange(90)]
    streams = Streams(family, account, np.full(len(family), 10), 3, 20_000)
    tied = link(streams)
    alone = link(streams, np.array([False, False, True]))
    assert len(np.unique(tied)) == 1
    assert alone[0] != alone[1]
    assert alone[2] in alone[:2]


def test_wide_families_without_narrow_kin_are_one_group() -> None:
    """Two wide families of the same accounts tie each other."""
    family = np.repeat([0, 1], 50)
    account = np.r_[np.arange(50), np.arange(50)]
    assert link(Streams(family, account, np.full(100, 10), 2, 5_000), np.array([True, True])).tolist() == [0, 0]


def test_pieces_that_accounts_send_too_little_to_share_are_still_one() -> None:
    """Each of 200 accounts sends three exchanges, each in one of two templates: absences are chance."""
    rng = np.random.default_rng(3)
    n = rng.binomial(3, 0.5, 200)
    counts = np.r_[n, 3 - n]
    sent = counts > 0
    family, account = np.repeat([0, 1], 200)[sent], np.r_[np.arange(200), np.arange(200)][sent]
    assert link(Streams(family, account, counts[sent], 2, 20_000)).tolist() == [0, 0]
