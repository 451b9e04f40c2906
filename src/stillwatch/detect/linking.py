"""Families that share more accounts than chance allows become one campaign."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stillwatch.stats.tails import benjamini_hochberg, log_hypergeometric_tail

__all__ = ["Streams", "link"]

_FALSE_DISCOVERY_RATE: Final = 1e-3
_HALF: Final = 0.5
_INSIDE: Final = 0.8
_TENTH: Final = 0.1


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams of families as codes, one row each.

    family, account     Codes; accounts among the `n_accounts` that were seen at all.
    n                   Exchanges.
    has_template        Whether the family's view shows fixed text. Shape: families.
    """

    family: NDArray[np.int64]
    account: NDArray[np.int64]
    n: NDArray[np.int64]
    has_template: NDArray[np.bool_]
    n_accounts: int


def link(streams: Streams) -> NDArray[np.int64]:
    """Component of each family, numbered by their first family.

    Two families whose common accounts are improbable (hypergeometric upper tail, Benjamini-Hochberg over all pairs that
    share any) can be tied when one holds four in five accounts of the other and at least a tenth of what these accounts
    sent in their busiest families. They are when they are more than half alike (Jaccard), or the holder has a template;
    a family without a template is also tied to the one most alike of all that hold it. So popular bystanders tie
    nothing; a client that several operations use, or a sentence that all of them send now and then, belongs to none of
    them instead of making them one.

    >>> codes = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 9])
    >>> link(Streams(*codes, np.ones(5, np.int64), np.ones(3, np.bool_), 1000)).tolist()
    [0, 0, 2]
    """
    n_families = len(streams.has_template)
    ones = np.ones(len(streams.family), np.int64)
    at, shape = (streams.family, streams.account), (n_families, streams.n_accounts)
    incidence, counts = sparse.csr_array((ones, at), shape=shape), sparse.csr_array((streams.n, at), shape=shape)
    common = sparse.coo_array(incidence @ incidence.T)
    volume: Any = incidence @ counts.T
    size: NDArray[np.int64] = np.asarray(incidence.sum(axis=1)).ravel()
    busiest = np.zeros(streams.n_accounts, np.int64)
    np.maximum.at(busiest, streams.account, streams.n)
    busy: NDArray[np.int64] = np.asarray(incidence @ busiest)
    one, other, both = (
        np.asarray(part[common.row != common.col], np.int64) for part in (common.row, common.col, common.data)
    )
    if not len(one):
        return np.arange(n_families)
    log_p = log_hypergeometric_tail(both, size[one], size[other], streams.n_accounts)
    tied = benjamini_hochberg(np.exp(log_p), _FALSE_DISCOVERY_RATE) & (both > _INSIDE * size[one])
    tied &= np.asarray(volume[one, other]).ravel() > _TENTH * busy[one]
    one, other, both = one[tied], other[tied], both[tied]
    joined = _alike(one, other, both / (size[one] + size[other] - both), streams.has_template)
    graph = sparse.coo_array((np.ones(joined.sum()), (one[joined], other[joined])), shape=(n_families, n_families))
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    first = np.unique(component, return_index=True)[1]
    return np.asarray(first[component], np.int64)


def _alike(
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    jaccard: NDArray[np.float64],
    has_template: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which pairs, `one` inside `other`, are tied."""
    order = np.lexsort((other, -jaccard, one))
    most_alike = np.zeros(len(one), np.bool_)
    most_alike[order[np.unique(one[order], return_index=True)[1]]] = True
    return (jaccard > _HALF) | has_template[other] | (most_alike & ~has_template[one])
