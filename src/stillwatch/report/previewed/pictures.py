"""Pictures of a preview: where a share stands against its limits, who is touched, how much a campaign loses."""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from stillwatch.act.preview.figures import Later
from stillwatch.model.decision import Action
from stillwatch.report import quantities
from stillwatch.report.pictures import svg
from stillwatch.report.previewed import words

__all__ = ["gauge", "loss", "meter", "stack"]

_GAUGE, _ROW, _LOSS = 62, 22, 190
_ONE, _TWO = 0.45, 0.8
"""Where the zones of a gauge end: shares are small and limits far apart, so each zone has a scale of its own."""
_LEAST: Final = 0.004
_ENDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Where the axis of a loss may end."""


def gauge(share: float, one: float, most: float, title: str) -> Markup:
    """A share on three zones: one person, two people, refused."""
    at = _place(share, one, most)
    zones = (
        ("zone-one", 0.0, _ONE, "one person"),
        ("zone-two", _ONE, _TWO, "two people"),
        ("zone-no", _TWO, 1.0, "refused"),
    )
    drawn = [svg.rectangle(css, start, 22, end - start, 14) for css, start, end, _ in zones]
    drawn += [svg.text("tick", start + 0.005, 12, name) for _, start, _, name in zones[:1]]
    drawn += [svg.text("tick", (start + end) / 2, 12, name) for _, start, end, name in zones[1:]]
    drawn += [svg.text("tick", _ONE, 54, words.over(one)), svg.text("tick", _TWO, 54, words.over(most))]
    drawn += [svg.line("needle", at, 17, at, 41), svg.circle("needle-head", at, 29, 7)]
    return svg.picture(title, _GAUGE, drawn)


def _place(share: float, one: float, most: float) -> float:
    if share <= one:
        return _ONE * share / one if one else _ONE
    if share <= most:
        return _ONE + (_TWO - _ONE) * (share - one) / (most - one)
    return _TWO + (0.985 - _TWO) * (share - most) / (1 - most) if most < 1 else 1.0


def stack(by_action: Mapping[Action, int], whole: int, title: str) -> Markup:
    """Exchanges by action as one bar, harshest first, on a scale where `whole` fills the width."""
    drawn, at = [svg.line("axis", 0, _ROW / 2, 1, _ROW / 2)], 0.0
    for action in sorted(by_action, key=list(Action).index, reverse=True):
        width = by_action[action] / whole if whole else 0.0
        bar = svg.element(
            "rect",
            svg.tooltip(f"{words.ACTIONS[action]}: {quantities.count(by_action[action])}"),
            class_=f"act-{action.value}",
            x=svg.per_cent(at),
            y=4,
            width=svg.per_cent(max(_LEAST, width)),
            height=_ROW - 8,
        )
        drawn.append(bar)
        at += width
    return svg.element("svg", *drawn, class_="row-picture", width="100%", height=_ROW, role="img", aria_label=title)


def meter(share: float, title: str) -> Markup:
    """A share from 0 to 1 as a small bar."""
    drawn = [svg.rectangle("reference", 0, 7, 1, 8), svg.rectangle("amount", 0, 7, max(_LEAST, share), 8)]
    return svg.element("svg", *drawn, class_="row-picture", width="100%", height=_ROW, role="img", aria_label=title)


def loss(later: Sequence[Later], found: Later | None) -> Markup:
    """Share of exchanges and of output tokens withheld, by how late a campaign was found."""
    top, base, n = 26, 154, len(later)
    most = next(end for end in _ENDS if end >= max(_tallest(one) for one in (*later, *([found] if found else []))))
    drawn = []
    for level in (0.0, 0.5, 1.0):
        y = base - level * (base - top)
        drawn += [svg.line("axis" if level == 0 else "grid", 0, y, 1, y)]
        drawn += [svg.text("tick", 0, y - 4, quantities.share(level * most))]
    for i, one in enumerate(later):
        left = 0.08 + 0.92 * i / n
        bars = ((one.exchanges, "amount", left), (one.output_tokens, "for", left + 0.32 / n))
        for share, css, x in bars:
            if share is not None:
                height = max(1.5, share / most * (base - top))
                drawn.append(svg.rectangle(css, x, base - height, 0.28 / n, height))
        drawn.append(svg.text("tick", left + 0.3 / n, base + 16, words.after(one)))
        drawn.append(
            svg.text(
                "label", left + 0.3 / n, base - _tallest(one) / most * (base - top) - 5, quantities.share(one.exchanges)
            )
        )
    if found is not None:
        y = base - found.exchanges / most * (base - top)
        drawn.append(svg.line("bar-line", 0.08, y, 1, y))
    title = "Share withheld, by how long after its first exchange a campaign is found: " + "; ".join(
        f"{words.after(one)} {quantities.share(one.exchanges)} of exchanges" for one in later
    )
    return svg.picture(title, _LOSS - 14, drawn)


def _tallest(one: Later) -> float:
    return max(one.exchanges, one.output_tokens or 0.0)
