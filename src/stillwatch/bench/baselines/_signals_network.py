"""Signals of a fusion on clients, shared infrastructure and models. Limits and scores are Glasswally's."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from stillwatch.bench.baselines._columns import codes, distinct_pairs
from stillwatch.bench.baselines._signals import Floats, effective, steps

__all__ = ["Clusters", "clusters_of", "fingerprint_signal", "hydra", "pivot"]

_PIVOT_US: Final = 6 * 3_600_000_000
_FEWEST: Final = 3


class Clusters(NamedTuple):
    """Accounts that share infrastructure.

    label       Cluster of each account.
    size        Accounts of each account's cluster.
    """

    label: NDArray[np.int64]
    size: NDArray[np.int64]


def clusters_of(groups: list[tuple[NDArray[np.int64], NDArray[np.int64]]], n_accounts: int) -> Clusters:
    """Connected components of accounts that share a value.

    groups      Accounts and values (numbers from 0, -1 unknown), one pair of equally long arrays per kind of value.
    """
    rows, columns, used = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], n_accounts
    for account, value in groups:
        known = value >= 0
        rows.append(account[known])
        columns.append(value[known] + used)
        used += int(value.max(initial=-1)) + 1
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = sparse.coo_array((np.ones(len(row), np.int8), (row, column)), shape=(used, used))
    label = connected_components(graph, directed=False)[1][:n_accounts].astype(np.int64)
    return Clusters(label, np.bincount(label)[label])


def fingerprint_signal(
    account: NDArray[np.int64], tls: NDArray[np.uint64], is_script: NDArray[np.bool_], n_accounts: int
) -> Floats:
    """Clients that name a script library, change their TLS fingerprint, or share it with ten accounts.

    Header orders and known script fingerprints are not in these logs: the user agent stands for them.
    """
    n = np.bincount(account, minlength=n_accounts)
    place = codes(tls)
    known = place >= 0
    owner, value, _ = distinct_pairs(account[known], place[known])
    n_own = np.bincount(owner, minlength=n_accounts)
    n_users = np.bincount(value)
    shared = np.zeros(n_accounts)
    np.maximum.at(shared, owner, n_users[value].astype(np.float64))
    score = 0.15 * (np.bincount(account[is_script], minlength=n_accounts) > 0)
    score = score + 0.20 * (n_own >= _FEWEST) + steps(shared, (10, 0.15))
    sure = np.minimum(n / 20, 1.0)
    return effective(score * (0.4 + 0.6 * sure), sure)


def hydra(
    clusters: Clusters,
    payment: NDArray[np.int64],
    owner_prefix: tuple[NDArray[np.int64], NDArray[np.int64]],
    n_exchanges: NDArray[np.int64],
) -> Floats:
    """Size of the account's cluster, and how many payments and networks it holds; a shared payment adds.

    payment         Payment of each account, -1 unknown.
    owner_prefix    Distinct pairs of account and address prefix.
    n_exchanges     Exchanges of each account.
    """
    n_clusters = int(clusters.label.max(initial=-1)) + 1
    known = payment >= 0
    n_payments = np.bincount(distinct_pairs(clusters.label[known], payment[known])[0], minlength=n_clusters)
    owner, prefix = owner_prefix
    n_prefixes = np.bincount(distinct_pairs(clusters.label[owner], prefix)[0], minlength=n_clusters)
    sharers = np.append(np.bincount(payment[known], minlength=1), 0)[payment]
    size = clusters.size.astype(np.float64)
    score = 0.40 * np.minimum(size / 25, 1.0)
    score += np.minimum(0.07 * n_payments, 0.35)[clusters.label] + np.minimum(0.03 * n_prefixes, 0.15)[clusters.label]
    score += 0.15 * (known & (sharers >= 4))
    total = np.bincount(clusters.label, weights=n_exchanges, minlength=n_clusters)[clusters.label]
    return effective(np.where(size >= _FEWEST, score, 0.0), np.minimum(total / 100, 1.0))


def pivot(
    account: NDArray[np.int64], time_us: NDArray[np.int64], model: NDArray[np.int64], clusters: Clusters
) -> Floats:
    """Changes of model, and changes to the same model by five accounts of the cluster within six hours.

    account, time_us, model     Exchanges in order of account, then time.
    """
    switched = np.flatnonzero((np.diff(account, prepend=-1) == 0) & (np.diff(model, prepend=-1) != 0))
    found = np.zeros(len(clusters.label))
    if not len(switched):
        return found
    who, when, to = account[switched], time_us[switched], model[switched]
    group = clusters.label[who] * (int(model.max()) + 1) + to
    order = np.lexsort((when, group))
    who, when, group = who[order], when[order], group[order]
    # one axis for all groups: they lie further apart than any window
    axis = np.unique(group, return_inverse=True)[1] * (int(when.max() - when.min()) + 4 * _PIVOT_US) + when - when.min()
    low, high = np.searchsorted(axis, axis - _PIVOT_US), np.searchsorted(axis, axis + _PIVOT_US, side="right")
    together = np.minimum(high - low, clusters.size[who]).astype(np.float64)
    score = np.where(together >= 5, 0.20 + together / 30 * 0.80, 0.20)
    np.maximum.at(found, who, effective(score, 0.85))
    return found
