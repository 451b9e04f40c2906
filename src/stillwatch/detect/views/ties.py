"""Accounts that rare attributes tie together: components of a graph that chance and popular values do not chain.

An edge needs two votes: a means of payment that few share counts two, every network block, mail domain or sign-up hour
that few share counts one. People meet others in a block; they do not meet the same people in two. Two conditions keep
whole populations from hanging together:

- a pair must share a tenth of the rare blocks of the one that has fewer: who is everywhere meets anybody in two;
- an edge must close triangles with a quarter of the smaller end's other edges: a group is known by its inside, and one
  account that lies between two groups does not make them one.

References
----------
Cao, Yang, Yu and Palow (2014), Uncovering large groups of active malicious accounts in online social networks, CCS
(votes per constraint, single linkage). Radicchi et al. (2004), PNAS 101, 2658-2663 (edges that close few triangles lie
between groups).
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.views.mixing import mix
from stillwatch.model.family import ATTRIBUTES

__all__ = ["tied_groups"]

_VOTES: Final = 2
_TOLD: Final = {"payment": 2, "email_domain": 1, "signup": 1}
_MOST_ON_BLOCK: Final = 50
_MOST_TOLD: Final = 200
_SHARED_BLOCKS: Final = 0.1
_CLOSED: Final = 0.25
_SMALLEST: Final = 3


def tied_groups(visits: pa.Table, book: AccountBook) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Account hashes, ascending, and the hash of each one's component; accounts in components under three are left out.

    visits      Columns account and prefix, one row each pair that was seen.
    """
    if not len(book.account):
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    blocks = _incidence(book.rows(visits["account"].to_numpy()), visits["prefix"].to_numpy(), book, _MOST_ON_BLOCK)
    one, other = _edges(blocks, book)
    one, other = _inside(one, other, len(book.account))
    graph = sparse.coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(book.account),) * 2)
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    _, first, at, size = np.unique(component, return_index=True, return_inverse=True, return_counts=True)
    kept = size[at] >= _SMALLEST
    return book.account[kept], mix(book.account[first[at[kept]]])


def _incidence(rows: NDArray[np.int64], values: NDArray[np.uint64], book: AccountBook, most: int) -> sparse.csr_array:
    """Accounts by values that 2 to `most` of them have; each pair is given once."""
    _, code, count = np.unique(values, return_inverse=True, return_counts=True)
    kept = (values != 0) & (count[code] >= 2) & (count[code] <= most)
    shape = len(book.account), len(count)
    return sparse.csr_array((np.ones(kept.sum(), np.int32), (rows[kept], code[kept])), shape=shape)


def _edges(blocks: sparse.csr_array, book: AccountBook) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows, the lower first, with votes enough and enough blocks in common."""
    everybody = np.arange(len(book.account))
    votes = blocks @ blocks.T
    for name, weight in _TOLD.items():
        told = _incidence(everybody, book.attributes[:, ATTRIBUTES.index(name)], book, _MOST_TOLD)
        votes = votes + weight * (told @ told.T)
    pairs = sparse.coo_array(sparse.triu(votes, k=1))
    used = np.diff(blocks.indptr)
    fewer = np.minimum(used[pairs.row], used[pairs.col])
    kept = (pairs.data >= _VOTES) & (pairs.data >= _SHARED_BLOCKS * fewer)
    return pairs.row[kept].astype(np.int64), pairs.col[kept].astype(np.int64)


def _inside(one: NDArray[np.int64], other: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Edges that lie inside a group: they close triangles with a quarter of the smaller end's other edges."""
    ends = np.r_[one, other], np.r_[other, one]
    graph = sparse.csr_array((np.ones(2 * len(one), np.int32), ends), shape=(n, n))
    closed = sparse.csr_array((graph @ graph).multiply(graph))
    degree = np.diff(graph.indptr)
    kept = np.asarray(closed[one, other]).ravel() >= _CLOSED * (np.minimum(degree[one], degree[other]) - 1)
    return one[kept], other[kept]
