"""Families that share more accounts than chance allows become one campaign."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stillwatch.stats.tails import benjamini_hochberg, log_hypergeometric_tail

__all__ = ["link"]

_FALSE_DISCOVERY_RATE: Final = 1e-3
_MIN_SHARE: Final = 0.5


def link(family: NDArray[np.int64], account: NDArray[np.int64], n_families: int, n_accounts: int) -> NDArray[np.int64]:
    """Component of each family, numbered by their first family.

    Two families are tied when their common accounts are improbable (hypergeometric upper tail, Benjamini-Hochberg over
    all pairs that share any) and are at least half of the smaller one: neither popular bystanders nor a text that two operations both use tie anything.

    family, account     Streams as codes, one row each; accounts among the `n_accounts` that were seen at all.

    >>> link(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 9]), 3, 1000).tolist()
    [0, 0, 2]
    """
    ones = np.ones(len(family), np.int64)
    incidence = sparse.csr_array((ones, (family, account)), shape=(n_families, n_accounts))
    size: NDArray[np.int64] = np.asarray(incidence.sum(axis=1)).ravel()
    common = sparse.coo_array(sparse.triu(incidence @ incidence.T, k=1))
    if not common.nnz:
        return np.arange(n_families)
    small, large = np.minimum(size[common.row], size[common.col]), np.maximum(size[common.row], size[common.col])
    log_p = log_hypergeometric_tail(common.data, large, small, n_accounts)
    tied = benjamini_hochberg(np.exp(log_p), _FALSE_DISCOVERY_RATE) & (common.data >= _MIN_SHARE * small)
    graph = sparse.coo_array(
        (ones[:1].repeat(tied.sum()), (common.row[tied], common.col[tied])), shape=(n_families, n_families)
    )
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    first = np.unique(component, return_index=True)[1]
    return np.asarray(first[component], np.int64)
