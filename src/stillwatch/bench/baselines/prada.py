"""PRADA: distances between an account's queries that are not normally distributed."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import shapiro

from stillwatch.bench.baselines._account_text import AccountText
from stillwatch.bench.baselines._kernels_near import nearest_members
from stillwatch.bench.baselines._tf_idf import N_COLUMNS
from stillwatch.bench.baselines._windows import Memory
from stillwatch.model.baseline import Setting, Traffic

__all__ = ["Prada", "lowest_normality"]

_STEP: Final = 10  # queries between two tests, as the authors' code has it
_OUTLIER: Final = 3.0  # standard deviations


def lowest_normality(distances: NDArray[np.float64], min_distances: int) -> float:
    """Smallest Shapiro-Wilk W of the distances so far, tested after every tenth; NaN when it could not be tested.

    Distances 3 standard deviations or more from their mean are left out, and more than `min_distances` must remain.

    References  Juuti et al. (2019) as their code does it; Shapiro and Wilk (1965), Biometrika 52, 591-611.

    >>> round(lowest_normality(np.arange(1.0, 21.0), 10), 3)
    0.96
    """
    lowest = np.nan
    for n in range(_STEP * (min_distances // _STEP), len(distances) + 1, _STEP):
        seen = distances[:n]
        seen = seen[np.abs(seen - seen.mean()) < _OUTLIER * seen.std()] if n else seen
        if len(seen) > min_distances and np.ptp(seen) > 0:
            lowest = np.fmin(lowest, shapiro(seen).statistic)
    return float(lowest)


class Prada:
    """1 - W over the distances of an account's queries to the growing set of its earlier ones.

    In the paper a query is an image and meets only queries of the class that the model predicts. A language model
    predicts no class, so there is one; the distance is Euclidean between unit TF-IDF vectors. The threshold delta on W
    is what the scoreboard tunes. Accounts with too few distances are never judged, as in the authors' code.
    """

    name = "prada"
    title = "normality of distances between an account's prompts"
    source = (
        "Juuti, Szyller, Marchal and Asokan (2019), EuroS&P, arXiv:1805.02628; the growing set, its threshold and the "
        "test follow the authors' code, SSGAalto/prada-protecting-against-dnn-model-stealing-attacks"
    )

    def __init__(self) -> None:
        self._memory = Memory()

    def settings(self) -> tuple[Setting, ...]:
        """Distances that must be there before the first test: 100 in the authors' code; fewer judge more."""
        return tuple({"min_distances": n} for n in (100, 50, 20))

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """1 - the smallest W of the account, 0 to 1; its latest 1,500 prompts are looked at."""
        distance, bounds = self._memory.recall(traffic, "distances", lambda: _distances(traffic))
        min_distances = int(setting["min_distances"])
        scores = np.full(len(bounds) - 1, -np.inf)
        for account in np.flatnonzero(np.diff(bounds) > min_distances):
            normality = lowest_normality(distance[bounds[account] + 1 : bounds[account + 1]], min_distances)
            scores[account] = -np.inf if np.isnan(normality) else 1.0 - normality
        return scores


def _distances(traffic: Traffic) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    text = AccountText(traffic)
    return text.map(lambda rows, bounds: nearest_members(rows, bounds, N_COLUMNS)), text.windows.bounds
