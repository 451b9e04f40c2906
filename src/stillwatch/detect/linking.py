"""Families that share more accounts than chance allows become one campaign."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stillwatch.stats.tails import benjamini_hochberg, log_hypergeometric_tail

__all__ = ["link"]

_FALSE_DISCOVERY_RATE: Final = 1e-3
_HALF: Final = 0.5


def link(
    family: NDArray[np.int64], account: NDArray[np.int64], has_template: NDArray[np.bool_], n_accounts: int
) -> NDArray[np.int64]:
    """Component of each family, numbered by their first family.

    Families whose common accounts are improbable (hypergeometric upper tail, Benjamini-Hochberg over all pairs that
    share any) are tied when they are more than half alike (Jaccard), or when one lies mostly inside the other and this
    other has a template; a family without a template is also tied to the one most alike of all that hold it. So popular
    bystanders tie nothing, and a client that several operations use belongs to none of them instead of making them one.

    family, account     Streams as codes, one row each; accounts among the `n_accounts` that were seen at all.
    has_template        Whether the family's view shows fixed text. Shape: families.

    >>> link(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 9]), np.ones(3, np.bool_), 1000).tolist()
    [0, 0, 2]
    """
    n_families = len(has_template)
    ones = np.ones(len(family), np.int64)
    incidence = sparse.csr_array((ones, (family, account)), shape=(n_families, n_accounts))
    size: NDArray[np.int64] = np.asarray(incidence.sum(axis=1)).ravel()
    common = sparse.coo_array(sparse.triu(incidence @ incidence.T, k=1))
    if not common.nnz:
        return np.arange(n_families)
    log_p = log_hypergeometric_tail(common.data, size[common.row], size[common.col], n_accounts)
    improbable = benjamini_hochberg(np.exp(log_p), _FALSE_DISCOVERY_RATE)
    row, col, both = (np.asarray(part[improbable], np.int64) for part in (common.row, common.col, common.data))
    one, other = _partners(np.r_[row, col], np.r_[col, row], np.r_[both, both], size, has_template)
    graph = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(n_families, n_families))
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    first = np.unique(component, return_index=True)[1]
    return np.asarray(first[component], np.int64)


def _partners(
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    both: NDArray[np.int64],
    size: NDArray[np.int64],
    has_template: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs to tie, of all ordered pairs with `both` accounts in common."""
    inside = both > _HALF * size[one]
    one, other, both = one[inside], other[inside], both[inside]
    jaccard = both / (size[one] + size[other] - both)
    order = np.lexsort((other, -jaccard, one))
    one, other = one[order], other[order]
    tied = (jaccard[order] > _HALF) | has_template[other]
    most_alike = np.zeros(len(one), np.bool_)
    most_alike[np.unique(one, return_index=True)[1]] = True
    tied |= most_alike & ~has_template[one]
    return one[tied], other[tied]
