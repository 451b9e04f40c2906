"""Families that share more accounts than chance allows become one campaign."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stillwatch.stats.tails import benjamini_hochberg, log_hypergeometric_tail

__all__ = ["link"]

_FALSE_DISCOVERY_RATE: Final = 1e-3
_HALF: Final = 0.5


def link(family: NDArray[np.int64], account: NDArray[np.int64], n_families: int, n_accounts: int) -> NDArray[np.int64]:
    """Component of each family, numbered by their first family.

    Families at least half alike (Jaccard) are tied, and a family that lies mostly inside others to the one of these it
    is most alike, when what they share is improbable (hypergeometric upper tail, Benjamini-Hochberg over all pairs that
    share any). So popular bystanders tie nothing, and a family that covers several operations (one client that all of
    them use) belongs to none of them instead of making them one.

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
    log_p = log_hypergeometric_tail(common.data, size[common.row], size[common.col], n_accounts)
    improbable = benjamini_hochberg(np.exp(log_p), _FALSE_DISCOVERY_RATE)
    pairs = (np.asarray(part[improbable], np.int64) for part in (common.row, common.col, common.data))
    one, other = _partners(*pairs, size)
    graph = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(n_families, n_families))
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    first = np.unique(component, return_index=True)[1]
    return np.asarray(first[component], np.int64)


def _partners(
    row: NDArray[np.int64], col: NDArray[np.int64], common: NDArray[np.int64], size: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs at least half alike (Jaccard), and each family mostly inside others with the one of these most alike."""
    one, other, both = np.r_[row, col], np.r_[col, row], np.r_[common, common]
    inside = both >= _HALF * size[one]
    one, other, both = one[inside], other[inside], both[inside]
    jaccard = both / (size[one] + size[other] - both)
    order = np.lexsort((other, -jaccard, one))
    tied = jaccard[order] >= _HALF
    tied[np.unique(one[order], return_index=True)[1]] = True
    return one[order][tied], other[order][tied]
