"""loc: does the stream wander as people do, or is it shuffled? Behind a relay are people, behind a harvest a list."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.harvest._kernels import neighbours
from stillwatch.detect.harvest.heads import distinct_rows
from stillwatch.detect.harvest.ratio import NOT_JUDGED, judged_ratio
from stillwatch.model.family import Family

__all__ = ["Locality"]

_WITHIN_US: Final = 600_000_000
_MIN_PAIRS: Final = 20
_N_BLOCKS: Final = 8


class Locality:
    """Mean similarity of topics of consecutive exchanges less than 10 minutes apart, accounts ignored.

    One question that is sent several times, or worded again, is no pair: harvests sample answers, too.
    0 for a shuffled list, up to 1.
    """

    name: Final = "loc"
    meaning: Final = "Do topics stay for a while, as in sessions of people?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Similarity and its error: the largest over accounts, over 8 stretches of the stream, and for a shuffled one.

        NaN with fewer than 20 pairs, which leave an error of more than a tenth on any real variety of topics, or when
        fewer than 8 accounts take part.
        """
        rows = distinct_rows(family)
        if len(rows) < 2:
            return NOT_JUDGED
        first, products, mean_square, product_square = neighbours(family.topic[rows], family.time_us[rows], _WITHIN_US)
        n = len(products)
        if n < _MIN_PAIRS or mean_square <= 1e-9:
            return NOT_JUDGED
        similarities = products / mean_square
        variance = n * product_square / mean_square**2
        value, over_accounts = _clustered(similarities, family.account[rows[first]], variance)
        _, over_time = _clustered(similarities, np.arange(n) * _N_BLOCKS // n, variance)
        return value + 1 / (len(rows) - 1), max(over_accounts, over_time)


def _clustered(
    similarities: NDArray[np.float64], cluster: NDArray[np.int32] | NDArray[np.int64], variance: float
) -> tuple[float, float]:
    """Mean, and its error when pairs of one cluster go together."""
    pairs = np.bincount(cluster)
    taking_part = pairs > 0
    sums = np.asarray(np.bincount(cluster, similarities), np.float64)
    return judged_ratio(sums[taking_part], pairs[taking_part].astype(np.float64), variance)
