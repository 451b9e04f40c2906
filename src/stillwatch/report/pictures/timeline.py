"""When a campaign was active, and all campaigns on one time axis."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from stillwatch.model.campaign import Campaign
from stillwatch.report import quantities, wording
from stillwatch.report.pictures import svg
from stillwatch.report.pictures.hours import Bins, bin_hours, day_ticks
from stillwatch.report.sentences import named

__all__ = ["lanes", "timeline", "width_words"]

_HEIGHT, _TOP, _BASE = 150, 18, 128
_LANE, _LANE_TEXT = 54, 20


def width_words(bins: Bins) -> str:
    """Bin width in words.

    >>> from datetime import UTC
    >>> width_words(Bins(datetime(2026, 3, 2, tzinfo=UTC), 24, (1,)))
    'day'
    """
    return {1: "hour", 24: "day", 24 * 7: "week"}.get(bins.width_h, f"{bins.width_h} hours")


def _steps(counts: Sequence[int], peak: int) -> str:
    """Path of bars, one unit wide, 100 units high at `peak`."""
    gap = 0.18 if len(counts) <= 120 else 0.0
    drawn = []
    for i, n in enumerate(counts):
        if n:
            height = max(1.5, 100 * n / peak)
            drawn.append(f"M{i + gap / 2:g} 100v-{height:.3g}h{1 - gap:g}V100z")
    return "".join(drawn)


def _ticks(start: datetime, end: datetime, top: float, base: float) -> list[Markup]:
    drawn = []
    for x, words in day_ticks(start, end):
        drawn.append(svg.line("grid", x, top, x, base))
        drawn.append(svg.text("tick", x, base + 15, words))
    return drawn


def timeline(campaign: Campaign) -> Markup:
    """Exchanges over time, one bar per hour or wider."""
    bins = bin_hours(campaign.timeline, campaign.first_seen, campaign.last_seen)
    peak = max(bins.counts, default=1) or 1
    path = svg.element("path", class_="bars", d=_steps(bins.counts, peak))
    return svg.picture(
        f"Timeline of campaign {named(campaign.campaign_id)}: exchanges per {width_words(bins)}, "
        f"at most {quantities.count(peak)}",
        _HEIGHT,
        [
            *_ticks(bins.start, bins.end, _TOP, _BASE),
            svg.line("grid", 0, _TOP, 1, _TOP),
            svg.stretched([path], (len(bins.counts), 100), _TOP, _BASE - _TOP),
            svg.line("axis", 0, _BASE, 1, _BASE),
            svg.text("tick", 0, _TOP - 6, f"{quantities.count(peak)} per {width_words(bins)}"),
        ],
    )


def lanes(campaigns: Sequence[Campaign]) -> Markup:
    """All campaigns below one another on one time axis, each to its own height."""
    start = min(c.first_seen for c in campaigns)
    end = max(c.last_seen for c in campaigns)
    binned = [bin_hours(c.timeline, start, end) for c in campaigns]
    base = _LANE * len(campaigns)
    drawn = _ticks(binned[0].start, binned[0].end, 0, base)
    for i, (campaign, bins) in enumerate(zip(campaigns, binned, strict=True)):
        drawn.extend(_lane(campaign, bins, i * _LANE))
    drawn.append(svg.line("axis", 0, base, 1, base))
    return svg.picture(f"When each of {len(campaigns)} campaigns was active", base + 22, drawn)


def _lane(campaign: Campaign, bins: Bins, top: float) -> list[Markup]:
    peak = max(bins.counts, default=1) or 1
    label = wording.VERDICTS[campaign.verdict].label
    path = svg.element("path", class_=f"bars verdict-{campaign.verdict.value}", d=_steps(bins.counts, peak))
    return [
        svg.text("lane", 0, top + _LANE_TEXT - 1, f"{named(campaign.campaign_id, 20)} · {label}"),
        svg.stretched([path], (len(bins.counts), 100), top + _LANE_TEXT + 4, _LANE - _LANE_TEXT - 4),
        svg.line("grid", 0, top + _LANE, 1, top + _LANE),
    ]
