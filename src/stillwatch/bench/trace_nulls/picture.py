"""P-values of innocent texts against uniform: one curve for each kind of text."""

import math
from collections.abc import Sequence

import numpy as np

from stillwatch.bench.line_plot import Axis, Band, Line, plot
from stillwatch.bench.trace_nulls.study import Row
from stillwatch.stats.ranked import rank_band, ranked

__all__ = ["p_value_plot"]


def p_value_plot(title: str, rows: Sequence[Row]) -> str:
    """SVG: on both axes minus log10 of p, chance along the diagonal with the band of 95 of 100 at each rank.

    rows        At least one, all with the same number of texts.
    """
    n = len(rows[0].log_p)
    ends = math.ceil(math.log10(n))
    highest = max(ends, math.ceil(max(-row.log_p.min() / math.log(10) for row in rows)))
    lines = []
    for row in rows:
        ranks, values = ranked(row.log_p)
        lines.append(Line(row.kind, -np.log10((ranks - 0.5) / n), -values / math.log(10)))
    ranks, _ = ranked(rows[0].log_p)
    low, high = rank_band(ranks, n)
    places = -np.log10((ranks - 0.5) / n)
    band = Band("95 of 100 at each rank", places, -np.log10(high), -np.log10(np.maximum(low, 1e-300)))
    lines.append(Line("uniform", np.array([0.0, ends]), np.array([0.0, ends]), is_bound=True))
    step = max(1, highest // 6)
    return plot(
        title,
        Axis("p that chance gives at this rank", 0, ends, {float(i): _ten(i) for i in range(ends + 1)}),
        Axis("p", 0, highest, {float(i): _ten(i) for i in range(0, highest + 1, step)}),
        lines,
        band,
    )


def _ten(level: int) -> str:
    return "1" if level == 0 else f"1e-{level}"
