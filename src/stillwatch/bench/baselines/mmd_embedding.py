"""MMD window test on sentence embeddings, as its authors run it; needs the extra ``embed``."""

from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.baselines._mmd import ACCOUNTS, MIXED, NONE, Discrepancies, discrepancies, suspicion
from stillwatch.bench.baselines._sentence_embedding import load_encoder
from stillwatch.bench.baselines._windows import WINDOW, Memory, Windows, benign_accounts, spread_rows, windows_of
from stillwatch.model.baseline import Setting, Traffic

__all__ = ["DenseVectors", "MmdEmbedding", "thinned"]

_REFERENCE: Final = 750
_MIN_PROMPTS: Final = 8
_SEED: Final = 384


class DenseVectors:
    """Rows of unit length; see `stillwatch.bench.baselines._mmd.Vectors`."""

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self._matrix = matrix

    def cosines(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Every row with every other."""
        return np.asarray(self._matrix[rows] @ self._matrix[rows].T, np.float64)

    def kernel_sums(
        self, rows: NDArray[np.int64], bounds: NDArray[np.int64], reference: NDArray[np.int64], gamma: float
    ) -> NDArray[np.float64]:
        """Sums inside each group and between each group and the reference."""
        target = self._matrix[reference]
        sums = np.zeros((len(bounds) - 1, 2))
        for group, (begin, end) in enumerate(pairwise(bounds)):
            own = self._matrix[rows[begin:end]]
            sums[group, 0] = np.exp(-gamma * (1 - own @ own.T), dtype=np.float64).sum() - _diagonal(own, gamma)
            sums[group, 1] = np.exp(-gamma * (1 - own @ target.T), dtype=np.float64).sum()
        return sums


def _diagonal(own: NDArray[np.float32], gamma: float) -> float:
    return float(np.exp(-gamma * (1 - np.einsum("ij,ij->i", own, own)), dtype=np.float64).sum())


class MmdEmbedding:
    """Unbiased squared MMD with a Gaussian kernel on embeddings of an account's prompts and of benign prompts.

    max_prompts     Prompts embedded at most, equal ones once: about 60 a second and core. The benign references take
                    1,500; every account with 8 prompts or more gets as many, evenly over its window, as fit. Where not
                    even 8 each fit, those with most prompts are judged and the others are not.
    """

    name = "mmd_embedding"
    title = "MMD of an account's window to benign prompts, sentence embedding"
    source = (
        "Liu, Guo and Dong (2026), arXiv:2606.05725; Gretton et al. (2012), J. Mach. Learn. Res. 13, 723-773, eq. 3; "
        "Reimers and Gurevych (2019), EMNLP (all-MiniLM-L6-v2)"
    )

    def __init__(self, max_prompts: int = 12_000) -> None:
        self._max_prompts = max_prompts
        self._memory = Memory()

    def settings(self) -> tuple[Setting, ...]:
        """Null (0 mixed, 1 accounts, 2 none), least prompts to be judged, bandwidth over the median distance."""
        shapes = [(null, 1.0) for null in (MIXED, ACCOUNTS, NONE)] + [(null, 0.5) for null in (MIXED, ACCOUNTS)]
        return tuple({"null": null, "min_prompts": _MIN_PROMPTS, "bandwidth": factor} for null, factor in shapes)

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Standard deviations of squared MMD above the null's mean, or squared MMD itself (null 2).

        Raises  MissingData when the extra is not installed.
        """
        factor = float(setting["bandwidth"])
        vectors, windows, benign = self._memory.recall(traffic, "vectors", lambda: self._embedded(traffic))

        def found() -> Discrepancies:
            return discrepancies(vectors, windows, benign, factor, _REFERENCE, _REFERENCE)

        return suspicion(self._memory.recall(traffic, factor, found), setting)

    def _embedded(self, traffic: Traffic) -> tuple[DenseVectors, Windows, NDArray[np.int64]]:
        encoder = load_encoder()
        full = windows_of(traffic, WINDOW)
        benign = benign_accounts(traffic, full.n_texts)
        windows = thinned(full, benign, self._max_prompts)
        distinct = windows.texts.combine_chunks().dictionary_encode()
        vectors = encoder.embed(distinct.dictionary.to_pylist())
        return DenseVectors(vectors[distinct.indices.to_numpy()]), windows, benign


def thinned(windows: Windows, benign: NDArray[np.int64], max_prompts: int) -> Windows:
    """At most `max_prompts` rows: a draw over benign accounts for references, and evenly spaced ones of those judged.

    Judged are accounts with 8 prompts or more, those with most first where not all fit.
    """
    drawn = spread_rows(windows, benign, min(2 * _REFERENCE, max_prompts // 2), np.random.default_rng(_SEED))
    n_texts, room = windows.n_texts, max_prompts - len(drawn)
    judged = np.argsort(-n_texts, kind="stable")[: min(int((n_texts >= _MIN_PROMPTS).sum()), room // _MIN_PROMPTS)]
    share = _largest_share(n_texts[judged], room)
    spaced = [windows.bounds[a] + _evenly(int(n_texts[a]), share) for a in judged]
    rows = np.unique(np.concatenate([drawn, *spaced]))
    bounds = np.searchsorted(rows, windows.bounds)
    return Windows(windows.texts.take(pa.array(rows)), bounds.astype(np.int64))


def _largest_share(n: NDArray[np.int64], room: int) -> int:
    """Largest number of prompts each may have so that all fit."""
    low, high = _MIN_PROMPTS, WINDOW
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(n, middle).sum() <= room else (low, middle - 1)
    return low


def _evenly(n: int, share: int) -> NDArray[np.int64]:
    return np.arange(n) if n <= share else (np.arange(share) * n) // share
