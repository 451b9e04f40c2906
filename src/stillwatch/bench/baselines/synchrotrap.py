"""SynchroTrap: accounts that do the same thing at about the same time, again and again."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from stillwatch.bench.baselines._actions import ADDRESS, CLIENT, OPENING, PROMPT, Actions, actions_of
from stillwatch.bench.baselines._kernels_lockstep import object_matches
from stillwatch.model.baseline import Setting, Traffic

__all__ = ["Links", "SynchroTrap", "links_of"]

_MOST_PARTNERS: Final = 64
"""Following actions of others on the object that are looked at for new pairs. A pair needs to be met once only:
its matches are then counted in full. An object busier than 64 actions in a window is popular; its pairs are sampled."""
_MERGE_AT: Final = 8_000_000


class Links(NamedTuple):
    """Pairs of accounts, `left` < `right`, how many actions match, and their similarity."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    n_matched: NDArray[np.int64]
    similarity: NDArray[np.float64]


class SynchroTrap:
    """Size of the cluster of loosely synchronised accounts that an account is in.

    Section 4.2: two actions match when they are on one constraint object and at most T_sim apart. Section 4.3: the
    similarity of two users is the Jaccard index over all constraint objects, sum |A_i^k n A_j^k| / sum |A_i^k u A_j^k|.
    Section 4.4: single-linkage clustering cut at a similarity threshold, computed as connected components. The paper
    finds matches in overlapping windows of 2 T_sim and counts each once; here they are counted from sorted times, which
    gives the same sets. |A_i n A_j| is the largest one-to-one matching, so that one burst cannot match everything.
    """

    name = "synchrotrap"
    title = "accounts in loose lockstep (SynchroTrap)"
    source = (
        "Cao, Yang, Yu, Palow (2014), Uncovering large groups of active malicious accounts, CCS, 477-488, section 4"
    )

    def settings(self) -> tuple[Setting, ...]:
        """Kinds of constraint objects; T_sim in seconds; similarity of the cut; least actions of an account."""
        kinds, single = (ADDRESS, OPENING, CLIENT, ADDRESS | OPENING | PROMPT | CLIENT), (ADDRESS, OPENING, CLIENT)
        cuts = ((3600, 0.5), (3600, 0.25), (600, 0.25), (21_600, 0.5))
        grid = [(objects, *cut, 5) for objects in kinds for cut in cuts]
        grid += [(objects, *cut, 2) for objects in single for cut in cuts[:3]]
        names = ("objects", "window_s", "similarity", "min_actions")
        return tuple(dict(zip(names, values, strict=True)) for values in grid)

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Accounts of the cluster, ties broken by largest similarity; 0 alone, -inf with too few actions."""
        n_accounts = len(traffic.account_id)
        actions = actions_of(traffic, int(setting["objects"]))
        n_actions = np.bincount(actions.account, minlength=n_accounts)
        links = links_of(actions, n_actions, setting)
        score = _cluster_sizes(links, n_accounts)
        closest = np.zeros(n_accounts)
        for end in (links.left, links.right):
            np.maximum.at(closest, end, links.similarity)
        score = np.where(closest > 0, score + 0.99 * closest, 0.0)
        return np.where(n_actions >= setting["min_actions"], score, -np.inf)


def _cluster_sizes(links: Links, n_accounts: int) -> NDArray[np.float64]:
    """Accounts of each account's single-linkage cluster."""
    weights = np.ones(len(links.left), np.int8)
    graph = sparse.coo_array((weights, (links.left, links.right)), shape=(n_accounts, n_accounts))
    _, label = connected_components(graph, directed=False)
    return np.asarray(np.bincount(label)[label], np.float64)


def links_of(actions: Actions, n_actions: NDArray[np.int64], setting: Setting) -> Links:
    """Pairs at or above the similarity of the setting, both with its least number of actions.

    n_actions   Actions of every account, shape (accounts,).
    """
    active = n_actions[actions.account] >= setting["min_actions"]
    kept = Actions(*(column[active] for column in actions))
    total: tuple[NDArray[np.int64], NDArray[np.int64]] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    waiting, n_waiting = [total], 0
    for pairs, matched in _by_object(kept, n_actions, setting):
        waiting.append((pairs, matched.astype(np.int64)))
        n_waiting += len(pairs)
        if n_waiting > _MERGE_AT:
            waiting, n_waiting = [_summed(waiting)], 0
    pairs, n_matched = _summed(waiting)
    left, right = pairs >> 32, pairs & 0xFFFFFFFF
    similarity = n_matched / (n_actions[left] + n_actions[right] - n_matched)
    close = similarity >= setting["similarity"]
    return Links(left[close], right[close], n_matched[close], similarity[close])


def _by_object(
    actions: Actions, n_actions: NDArray[np.int64], setting: Setting
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Matches on each object that two actions are on."""
    starts = np.flatnonzero(np.diff(actions.target, prepend=-1))
    ends = np.append(starts[1:], len(actions.target))
    several = ends - starts > 1
    rules = (int(setting["window_s"] * 1e6), _MOST_PARTNERS, float(setting["similarity"]))
    for first, last in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        yield object_matches(actions.account[first:last], actions.time_us[first:last], n_actions, rules)


def _summed(
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    pairs, at = np.unique(np.concatenate([keys for keys, _ in parts]), return_inverse=True)
    counts = np.concatenate([matched for _, matched in parts])
    return pairs, np.bincount(at, weights=counts, minlength=len(pairs)).astype(np.int64)
