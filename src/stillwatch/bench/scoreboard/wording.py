"""Numbers and measures of the scoreboard as people read them."""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from stillwatch.bench.scoreboard.results import Headline, Interval

__all__ = ["GROUPS", "MEASURES", "Measure", "interval", "measure_cell", "per_million", "seconds", "value"]

ABSENT: Final = "–"


class Measure(NamedTuple):
    """A column of the headline table: name in the results, head, what it says, and whether it is a share."""

    name: str
    head: str
    says: str
    is_share: bool = True


MEASURES: Final = (
    Measure("found", "campaigns found", "at least half of its exchanges in one accusation that is nine tenths its own"),
    Measure("exchange_recall", "exchange recall", "planted exchanges that were accused"),
    Measure("exchange_precision", "exchange precision", "accused exchanges that were planted"),
    Measure("recall_0", "account recall, no false account", "attackers' accounts above every legitimate one"),
    Measure("recall_1e-05", "at 1e-5", "one legitimate account in 100,000 accused"),
    Measure("recall_0.0001", "at 1e-4", "one in 10,000"),
    Measure("recall_0.001", "at 1e-3", "one in 1,000"),
    Measure("average_precision", "average precision", "over all thresholds, mean over seeds"),
    Measure(
        "false_per_million",
        "false accounts per million",
        "legitimate accounts accused at the bar or threshold in use",
        is_share=False,
    ),
)

GROUPS: Final[Mapping[str, str]] = {
    "campaigns": "Campaigns",
    "evasions": "Evasions",
    "innocents": "No attack at all",
    "all": "All three worlds under one threshold",
}


def value(number: float, *, is_share: bool = True) -> str:
    """Share to three digits, or a number a million.

    >>> value(0.9166), value(float("nan")), value(12.3, is_share=False)
    ('0.917', '–', '12')
    """
    if math.isnan(number):
        return ABSENT
    return f"{number:.3f}" if is_share else per_million(number)


def per_million(number: float) -> str:
    """Accounts of a million.

    >>> per_million(0.0), per_million(3.21), per_million(186306.7)
    ('0', '3.2', '186,307')
    """
    return f"{number:.1f}" if 0 < number < 10 else f"{number:,.0f}"


def interval(measured: Interval, *, is_share: bool = True) -> str:
    """Ends of an interval, empty where there is none.

    >>> interval(Interval(0.5, 0.25, 0.75)), interval(Interval(0.5))
    ('0.250 to 0.750', '')
    """
    if math.isnan(measured.low):
        return ""
    return f"{value(measured.low, is_share=is_share)} to {value(measured.high, is_share=is_share)}"


def measure_cell(headline: Headline, measure: Measure) -> tuple[str, str]:
    """Value and interval of one measure of one method."""
    measured = headline.measures[measure.name]
    shown = value(measured.value, is_share=measure.is_share)
    if measure.name == "found" and headline.n_campaigns:
        shown = f"{headline.n_found} of {headline.n_campaigns}"
    return shown, interval(measured, is_share=measure.is_share)


def seconds(wall_s: float) -> str:
    """Time as people say it.

    >>> seconds(3.21), seconds(75.0), seconds(7260.0), seconds(float("nan"))
    ('3.2 s', '75 s', '2 h 1 min', '–')
    """
    if math.isnan(wall_s):
        return ABSENT
    if wall_s < 120:
        return f"{wall_s:.1f} s" if wall_s < 10 else f"{wall_s:.0f} s"
    minutes = round(wall_s / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
