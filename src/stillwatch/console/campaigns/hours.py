"""A campaign over time: exchanges by bin, and what was taken by then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from stillwatch.model.campaign import Campaign
from stillwatch.report.pictures.hours import bin_hours
from stillwatch.report.pictures.timeline import width_words

__all__ = ["OverTime", "over_time"]


@dataclass(frozen=True, slots=True)
class OverTime:
    """Rows of the picture.

    width       What a row spans: hour, 6 hours, day.
    rows        Start, exchanges, exchanges until its end.
    """

    width: str
    rows: tuple[tuple[datetime, int, int], ...]


def over_time(campaign: Campaign) -> OverTime:
    """Exchanges over time, in a few hundred rows at most."""
    bins = bin_hours(campaign.timeline, campaign.first_seen, campaign.last_seen)
    starts = (bins.start + timedelta(hours=bins.width_h * i) for i in range(len(bins.counts)))
    rows = zip(starts, bins.counts, accumulate(bins.counts), strict=True)
    return OverTime(width_words(bins), tuple(rows))
