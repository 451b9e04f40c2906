"""Pictures of a test: what is found stands above the line, the rest inside the band, and scales hold everything."""

import math
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.trace_report import Interval, NullRun, RankedP
from stillwatch.report.traced.pictures import decoys, quantiles, share
from stillwatch.stats.ranked import ranked

BAR = math.log(1e-3 / 1000)


def ordered(log_p: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> tuple[RankedP, ...]:
    """P-values as a report holds them."""
    ranks, values = ranked(log_p)
    return tuple(RankedP(int(rank), float(value)) for rank, value in zip(ranks, values, strict=True))


def test_only_what_passes_the_line_is_shown_as_found() -> None:
    """Uniform p-values give no coloured point; two small ones give two, and the smallest its number."""
    uniform = np.log(np.random.default_rng(1).random(1000))
    assert 'class="found"' not in quantiles(ordered(uniform), 1000, BAR)
    uniform[:2] = -400.0, -20.0
    drawn = str(quantiles(ordered(uniform), 1000, BAR))
    assert drawn.count('class="found"') == 2
    assert "1.9e-174, beyond the scale" in drawn


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-5000, 0), min_size=1, max_size=300))
def test_every_point_stays_inside(log_p: list[float]) -> None:
    """Whatever the p-values, circles stand inside the picture."""
    drawn = str(quantiles(ordered(np.array(log_p)), len(log_p), BAR))
    for found in re.findall(r'cy="([-\d.e+]+)"', drawn):
        assert 0 <= float(found) <= 250


def test_the_real_key_stands_where_it_is() -> None:
    """The needle is at the observed value's place, decoys below it in bars."""
    drawn = str(decoys(NullRun("campaign c", tuple(np.linspace(0, 1, 99)), 2.0, math.log(0.01))))
    place = float(re.findall(r'class="needle" x1="([\d.]+)%', drawn)[0])
    assert 95 < place < 98
    assert "99 keys that were never used" in drawn


def test_decoys_that_are_all_alike_are_drawn() -> None:
    """No spread at all is still a picture."""
    assert "the real key" in decoys(NullRun("c", (3.0, 3.0), 3.0, 0.0))


def test_a_share_shows_its_interval() -> None:
    """The bar is the interval, the needle the value."""
    drawn = str(share(Interval("share", 0.4, 0.3, 0.6, 0.95, "nothing")))
    assert 'class="for" x="30%" y="14" width="30%"' in drawn
    assert 'class="needle" x1="40%"' in drawn
