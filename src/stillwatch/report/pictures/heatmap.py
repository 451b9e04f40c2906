"""Which account is active at which hour of the day: one hand's accounts look alike, people's do not."""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from stillwatch.model.campaign import Campaign
from stillwatch.report import quantities
from stillwatch.report.pictures import svg
from stillwatch.report.sentences import named

__all__ = ["MOST_ROWS", "heatmap"]

MOST_ROWS = 40
_ROW, _TOP, _LEVELS = 8, 18, 6
_FOOT = 34


def _level(n: int, peak: int) -> int:
    """Shade from 1 to `_LEVELS`, by square root so that quiet hours still show."""
    return min(_LEVELS, 1 + int(_LEVELS * math.sqrt(n / peak) * 0.9999))


def _cells(rows: Sequence[Sequence[int]], peak: int) -> list[Markup]:
    """One path per shade; neighbours of one shade are one stroke."""
    drawn: dict[int, list[str]] = {}
    for y, row in enumerate(rows):
        for x, n in enumerate(row):
            if n > 0:
                drawn.setdefault(_level(n, peak), []).append(f"M{x} {y}h.94v.86h-.94z")
    return [svg.element("path", class_=f"heat-{level}", d="".join(d)) for level, d in sorted(drawn.items())]


def _row_tooltip(account: str, row: Sequence[int], y: int) -> Markup:
    busiest = max(range(len(row)), key=row.__getitem__)
    words = f"{named(account)}: {quantities.count(sum(row))} exchanges, most at {busiest:02d}:00"
    return svg.element("rect", svg.tooltip(words), class_="hover", x=0, y=y, width=24, height=1)


def _legend(peak: int, top: float) -> list[Markup]:
    drawn = [
        svg.element("rect", class_=f"heat-{level}", x=(level - 1) * 18, y=top, width=17, height=10)
        for level in range(1, _LEVELS + 1)
    ]
    words = f"1 to {quantities.count(peak)} exchanges"
    label = svg.element("text", escape(words), class_="tick", x=_LEVELS * 18 + 8, y=top + 9)
    return [*drawn, label]


def heatmap(campaign: Campaign) -> Markup:
    """Accounts by hour of the day, busiest account on top."""
    rows = campaign.heatmap[:MOST_ROWS]
    peak = max((max(row, default=0) for row in rows), default=0) or 1
    tips = [
        _row_tooltip(account, row, y)
        for y, (account, row) in enumerate(zip(campaign.heatmap_accounts, rows, strict=False))
    ]
    body = svg.stretched([*_cells(rows, peak), *tips], (24, max(1, len(rows))), _TOP, _ROW * len(rows))
    ticks = [svg.text("tick", hour / 24, _TOP - 6, f"{hour:02d}:00") for hour in (0, 6, 12, 18)]
    title = f"Activity of the {len(rows)} busiest accounts by hour of the day, UTC"
    foot = _TOP + _ROW * len(rows)
    return svg.picture(title, foot + _FOOT, [*ticks, body, *_legend(peak, foot + 12)])
