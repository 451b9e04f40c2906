"""TF-IDF rows of every account's window, worked through in pieces on threads."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from stillwatch.bench.baselines._kernels_near import SparseRows
from stillwatch.bench.baselines._tf_idf import TfIdf, sparse_rows
from stillwatch.bench.baselines._windows import Windows, benign_accounts, pieces_of, spread_rows, windows_of
from stillwatch.engine.threads import available_cores, map_in_order
from stillwatch.model.baseline import Traffic

__all__ = ["AccountText"]

_LEARNT_FROM: Final = 20_000
_SEED: Final = 2019


class AccountText:
    """Windows of a traffic with the accounts taken for benign and weights learnt from those.

    windows     Latest texts of each account.
    benign      Accounts taken for benign, ascending.
    weights     TF-IDF weights of at most 20,000 benign texts, drawn in turns from the accounts.
    """

    def __init__(self, traffic: Traffic) -> None:
        self.windows: Windows = windows_of(traffic)
        self.benign = benign_accounts(traffic, self.windows.n_texts)
        rows = spread_rows(self.windows, self.benign, _LEARNT_FROM, np.random.default_rng(_SEED))
        self.weights = TfIdf(self.windows.texts.take(pa.array(rows)))

    def map(self, fn: Callable[[SparseRows, NDArray[np.int64]], NDArray[Any]]) -> NDArray[Any]:
        """Results of `fn` over all accounts; it gets the rows of some of them and where each account begins."""
        return self.map_rows(fn, np.arange(self.windows.bounds[-1]), self.windows.bounds)

    def map_rows(
        self,
        fn: Callable[[SparseRows, NDArray[np.int64]], NDArray[Any]],
        rows: NDArray[np.int64],
        bounds: NDArray[np.int64],
    ) -> NDArray[Any]:
        """Results of `fn` over groups of rows of the windows, one after another."""

        def piece(groups: tuple[int, int]) -> NDArray[Any]:
            at = bounds[groups[0] : groups[1] + 1]
            return fn(sparse_rows(self.vectors(rows[at[0] : at[-1]])), at - at[0])

        return np.concatenate(list(map_in_order(piece, pieces_of(bounds), available_cores())))

    def vectors(self, rows: NDArray[np.int64]) -> sp.csr_array:
        """Unit TF-IDF rows of some rows of the windows."""
        return self.weights.rows(self.windows.texts.take(pa.array(rows)))
