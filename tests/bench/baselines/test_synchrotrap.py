"""SynchroTrap: similarity against brute force, and planted lockstep."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.baselines.toy import ToyTraffic, by_account, sent

from stillwatch.bench.baselines._actions import ADDRESS, CLIENT, OPENING, PROMPT, Actions, actions_of
from stillwatch.bench.baselines._kernels_lockstep import object_matches
from stillwatch.bench.baselines._twins import matched_pairs
from stillwatch.bench.baselines.synchrotrap import SynchroTrap, links_of

SETTING = {"objects": ADDRESS, "window_s": 60, "similarity": 0.5, "min_actions": 3}
actions = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), min_size=1, max_size=25)


@given(actions, st.integers(0, 15))
def test_kernel_agrees_with_its_twin(acts: list[tuple[int, int]], window: int) -> None:
    """Pairs and numbers of matches on one object."""
    acts = sorted(acts, key=lambda act: act[1])
    account, time_us = (np.array(column, np.int64) for column in zip(*acts, strict=True))
    pairs, matched = object_matches(account, time_us, np.bincount(account), (window, 1000, 0.0))
    found = {(int(p >> 32), int(p & 0xFFFFFFFF)): int(n) for p, n in zip(pairs, matched, strict=True)}
    assert found == matched_pairs(account.tolist(), time_us.tolist(), window)


@given(actions, st.integers(0, 15))
def test_matches_are_a_largest_matching(acts: list[tuple[int, int]], window: int) -> None:
    """Earliest first matches as many actions as any one-to-one matching of actions within the window."""
    account, time_us = zip(*acts, strict=True)
    for (a, b), n in matched_pairs(account, time_us, window).items():
        graph = nx.Graph()
        left = [("a", i) for i, (who, _) in enumerate(acts) if who == a]
        right = [("b", i) for i, (who, _) in enumerate(acts) if who == b]
        graph.add_nodes_from([*left, *right])
        graph.add_edges_from((i, j) for i in left for j in right if abs(acts[i[1]][1] - acts[j[1]][1]) <= window)
        assert n == len(nx.bipartite.maximum_matching(graph, left)) / 2


@pytest.mark.parametrize("seed", range(6))
def test_similarity_is_the_jaccard_index_over_all_objects(seed: int) -> None:
    """Sum of matches over sum of unions, objects that only one of both uses included; section 4.3."""
    rng = np.random.default_rng(seed)
    account, target, time_us = rng.integers(0, 6, 90), rng.integers(0, 4, 90), rng.integers(0, 400, 90) * 10**6
    order = np.lexsort((time_us, target))
    acts = Actions(account[order], time_us[order], target[order])
    n_actions = np.bincount(account, minlength=6)
    links = links_of(acts, n_actions, {"window_s": 40, "similarity": 0.1, "min_actions": 1})
    found = {(int(a), int(b)): s for a, b, s in zip(links.left, links.right, links.similarity, strict=True)}
    expected = {}
    for a in range(6):
        for b in range(a + 1, 6):
            common = union = 0
            for k in range(4):
                mine = {w: [t for u, t, c in zip(*acts, strict=True) if u == w and c == k] for w in (a, b)}
                who = [a] * len(mine[a]) + [b] * len(mine[b])
                n = matched_pairs(who, mine[a] + mine[b], 40 * 10**6).get((a, b), 0)
                common, union = common + n, union + len(who) - n
            if common / union >= 0.1:
                expected[a, b] = common / union
    assert found == pytest.approx(expected)


def lockstep(n_accounts: int, n_actions: int) -> list[dict[str, object]]:
    """Accounts that act within half a minute of one another, at every tenth minute, from one network."""
    return [
        sent(f"bad-{a}", 600 * i + 5 * a, client_address=f"203.0.113.{a + 1}")
        for i in range(n_actions)
        for a in range(n_accounts)
    ]


def people(n_accounts: int, n_actions: int) -> list[dict[str, object]]:
    """Accounts at hours of their own; half of them share an office network."""
    rng = np.random.default_rng(3)
    return [
        sent(f"person-{a}", float(t), client_address=f"198.51.{100 if a % 2 else a}.{a}")
        for a in range(n_accounts)
        for t in rng.uniform(0, 86_400, n_actions)
    ]


def test_planted_lockstep_wins() -> None:
    """Six accounts in lockstep form one cluster; people who share an office do not."""
    traffic = ToyTraffic(lockstep(6, 8) + people(10, 8))
    found = by_account(traffic, SynchroTrap().score(traffic, SETTING))
    assert all(6 < found[f"bad-{a}"] < 7 for a in range(6))
    assert all(found[f"person-{a}"] == 0 for a in range(10))


def test_single_linkage_chains() -> None:
    """The first and the last need not be similar: 0-40-80 seconds apart, in one cluster at a window of a minute."""
    rows = [sent(f"c{a}", 1000 * i + 40 * a, client_address="203.0.113.9") for i in range(5) for a in range(3)]
    traffic = ToyTraffic(rows)
    assert [int(s) for s in SynchroTrap().score(traffic, SETTING)] == [3, 3, 3]


def test_an_account_with_few_actions_is_not_judged() -> None:
    """Two actions are below the filter of three."""
    traffic = ToyTraffic([*lockstep(3, 8), *people(1, 2)])
    assert by_account(traffic, SynchroTrap().score(traffic, SETTING))["person-0"] == -np.inf


def test_kinds_of_objects() -> None:
    """Each kind has objects of its own; what is unknown is no object."""
    row = {"client_address": "203.0.113.9", "prompt_text": "Say something new", "client_build": "tool 1.0 linux"}
    traffic = ToyTraffic([sent("a", 0, **row), sent("b", 1, **row), sent("c", 2)])
    for kinds, n in ((ADDRESS, 1), (OPENING, 1), (PROMPT | CLIENT, 2), (ADDRESS | OPENING | PROMPT | CLIENT, 4)):
        found = actions_of(traffic, kinds)
        assert (len(set(found.target.tolist())), len(found.account)) == (n, 2 * n)
