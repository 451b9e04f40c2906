"""dr: does the stream as a whole drift? A sorted list does, whoever sends it."""

from typing import Final

from stillwatch.detect.harvest._kernels import bins_of_time, bit_moments, capped
from stillwatch.detect.harvest.heads import distinct_rows
from stillwatch.detect.harvest.ratio import NOT_JUDGED
from stillwatch.detect.harvest.similarity import MOST_PER_GROUP, similarity
from stillwatch.model.family import Family

__all__ = ["Drift"]

_BIN_US: Final = 3 * 3_600_000_000


class Drift:
    """Intraclass correlation of topic sketches within bins of 3 hours; 0 for a shuffled list, up to 1."""

    name: Final = "dr"
    meaning: Final = "Do the topics of the whole stream drift?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Correlation and its error over bins; NaN with fewer than 8 bins that have two exchanges with text."""
        rows = distinct_rows(family)
        if len(rows) < 2:
            return NOT_JUDGED
        time_us = family.time_us[rows]
        bins = bins_of_time(time_us, _BIN_US)
        n_bins = int(bins[-1]) + 1
        keep = capped(bins, n_bins, time_us, family.content[rows], MOST_PER_GROUP)
        return similarity(bit_moments(family.topic[rows[keep]], bins[keep], n_bins))
