"""What chance alone explains: of one record with one of very many outputs, and of an account's share of a data set."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

__all__ = ["log_chance"]


def log_chance(shared: ArrayLike, shingles: ArrayLike, holders: ArrayLike, served: int) -> NDArray[np.float64]:
    """Natural log of a bound on the chance that any served output holds so many phrases of a record written apart.

    The model: an output that has nothing to do with the record holds each of its shingles with a chance of at most
    (holders + 1) / (served + 1), and those that do not overlap independently. Then so many of them are held with a
    chance of at most C(shingles, shared) rate^shared (a union over all choices), and by any output with at most
    `served` times that. A text that quotes another breaks the model: the bound is on coincidence, not on quotation.

    shared     Shingles of the record that one output holds and that do not overlap.
    shingles   Shingles of the record in all; at least `shared`.
    holders    Outputs that hold the most common one of those shared, at least 1.
    served     Outputs in the index.

    >>> float(log_chance(0, 10, 1, 1000))
    0.0
    >>> bool(log_chance(10, 10, 1, 1_000_000) < -100)
    True
    """
    k, m, d = (np.asarray(value, np.float64) for value in np.broadcast_arrays(shared, shingles, holders))
    rate = np.log(np.minimum((d + 1) / (served + 1), 1.0))
    choices = gammaln(m + 1) - gammaln(k + 1) - gammaln(np.maximum(m - k, 0) + 1)
    bound = np.log(max(served, 1)) + choices + k * rate
    return np.asarray(np.where(k == 0, 0.0, np.minimum(bound, 0.0)), np.float64)
