"""MMD window test on TF-IDF: whether an account's window is drawn from what benign accounts send."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.baselines._account_text import AccountText
from stillwatch.bench.baselines._kernels_near import SparseRows, kernel_sums_between, kernel_sums_within
from stillwatch.bench.baselines._mmd import ACCOUNTS, MIXED, NONE, Discrepancies, discrepancies, suspicion
from stillwatch.bench.baselines._tf_idf import N_COLUMNS, sparse_rows
from stillwatch.bench.baselines._windows import WINDOW, Memory
from stillwatch.model.baseline import Setting, Traffic

__all__ = ["MmdTfIdf", "TextVectors"]

_REFERENCE: Final = WINDOW
_POOL: Final = 2 * WINDOW


class TextVectors:
    """TF-IDF rows of windows; see `stillwatch.bench.baselines._mmd.Vectors`."""

    def __init__(self, text: AccountText) -> None:
        self._text = text

    def cosines(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Every row with every other."""
        matrix = self._text.vectors(rows)
        return np.asarray((matrix @ matrix.T).toarray(), np.float64)

    def kernel_sums(
        self, rows: NDArray[np.int64], bounds: NDArray[np.int64], reference: NDArray[np.int64], gamma: float
    ) -> NDArray[np.float64]:
        """Sums inside each group and between each group and the reference."""
        matrix = self._text.vectors(reference)
        target, by_column = sparse_rows(matrix), sparse_rows(matrix.T.tocsr())

        def sums(group_rows: SparseRows, at: NDArray[np.int64]) -> NDArray[np.float64]:
            within = kernel_sums_within(group_rows, at, N_COLUMNS, gamma)
            row_sums = kernel_sums_between(group_rows, target, by_column, gamma)
            return np.stack([within, np.diff(np.concatenate([[0.0], np.cumsum(row_sums)])[at])], axis=1)

        return self._text.map_rows(sums, rows, bounds)


class MmdTfIdf:
    """Unbiased squared MMD with a Gaussian kernel between an account's latest prompts and benign prompts.

    The threshold comes from benign windows held against benign queries alone, as the paper's abstract has it: random
    splits of benign queries, which is a permutation null (0), or windows of single benign accounts (1), of about the
    same size. Kernel, bandwidth and this standardisation are ours, from Gretton et al. Benign are the accounts that
    `benign_accounts` takes for it. Accounts with fewer prompts than `min_prompts` are not judged.
    """

    name = "mmd_tfidf"
    title = "MMD of an account's window to benign prompts, TF-IDF"
    source = (
        "Liu, Guo and Dong (2026), arXiv:2606.05725; Gretton et al. (2012), J. Mach. Learn. Res. 13, 723-773, eq. 3"
    )

    def __init__(self) -> None:
        self._memory = Memory()

    def settings(self) -> tuple[Setting, ...]:
        """Null (0 mixed, 1 accounts, 2 none), least prompts to be judged, bandwidth over the median distance."""
        shapes = (
            *((null, n, 1.0) for null in (MIXED, ACCOUNTS) for n in (20, 5)),
            *((NONE, n, 1.0) for n in (100, 20)),
            *((null, 20, 0.5) for null in (MIXED, ACCOUNTS)),
        )
        return tuple({"null": null, "min_prompts": n, "bandwidth": factor} for null, n, factor in shapes)

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Standard deviations of squared MMD above the null's mean, or squared MMD itself (null 2)."""
        factor = float(setting["bandwidth"])
        found = self._memory.recall(traffic, factor, lambda: _found(traffic, factor))
        return suspicion(found, setting)


def _found(traffic: Traffic, factor: float) -> Discrepancies:
    text = AccountText(traffic)
    return discrepancies(TextVectors(text), text.windows, text.benign, factor, _REFERENCE, _POOL)
