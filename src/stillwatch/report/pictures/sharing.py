"""Who shares what: accounts on the left, what they have in common on the right."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from stillwatch.model.campaign import Campaign
from stillwatch.report import quantities, wording
from stillwatch.report.pictures import svg
from stillwatch.report.sentences import named

__all__ = ["Hub", "hub_words", "hubs", "sharing"]

_MOST_HUBS = 10
_MOST_EDGES = 400
_ROW = 38
_LEFT, _RIGHT = 2.0, 45.0


@dataclass(frozen=True, slots=True)
class Hub:
    """Something that accounts share, and who does.

    weights     Weight by account id.
    """

    attribute: str
    weights: Mapping[str, int]


def hubs(campaign: Campaign, most_edges: int | None = None) -> list[Hub]:
    """What at least two accounts share, most accounts first.

    most_edges  Only so many of who shares what; None for all.
    """
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for account, attribute, weight in campaign.graph_edges[:most_edges]:
        found[attribute][account] = found[attribute].get(account, 0) + weight
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Hub(attribute, weights) for attribute, weights in ordered if len(weights) > 1]


def hub_words(attribute: str) -> tuple[str, str]:
    """Kind and value of an attribute written ``kind=value``.

    >>> hub_words("payment=7f3a")
    ('means of payment', '7f3a')
    """
    kind, found, value = attribute.partition("=")
    if found and kind in wording.ATTRIBUTES:
        return wording.ATTRIBUTES[kind], named(value, 26)
    return "attribute", named(attribute, 26)


def _in_order(drawn: Sequence[Hub]) -> list[str]:
    """Accounts sorted by the middle of the hubs they touch, so that bundles do not cross."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, hub in enumerate(drawn):
        for account in hub.weights:
            places[account].append(i)
    return sorted(places, key=lambda account: (sum(places[account]) / len(places[account]), account))


def _curve(y1: float, y2: float) -> str:
    middle = (_LEFT + _RIGHT) / 2
    return f"M{_LEFT:g} {y1:.1f}C{middle:g} {y1:.1f} {middle:g} {y2:.1f} {_RIGHT:g} {y2:.1f}"


def _hub_marks(hub: Hub, y: float, most: int) -> list[Markup]:
    kind, value = hub_words(hub.attribute)
    x = svg.per_cent((_RIGHT + 4) / 100)
    radius = 3 + 6 * (len(hub.weights) / most) ** 0.5
    counted = f"{kind} · {quantities.count(len(hub.weights))} accounts"
    return [
        svg.circle("hub", _RIGHT / 100, y, radius),
        svg.element("text", escape(counted), class_="tick", x=x, y=y - 3),
        svg.element("text", escape(value), class_="code", x=x, y=y + 12),
    ]


def sharing(campaign: Campaign) -> Markup | None:
    """Draw the ten attributes with most accounts; None when no two accounts share anything."""
    drawn = hubs(campaign, _MOST_EDGES)[:_MOST_HUBS]
    if not drawn:
        return None
    accounts = _in_order(drawn)
    height = max(_ROW * len(drawn), min(360, 7 * len(accounts)))
    y_account = {account: (i + 0.5) * height / len(accounts) for i, account in enumerate(accounts)}
    y_hub = [(i + 0.5) * height / len(drawn) for i in range(len(drawn))]
    curves = [
        svg.element("path", class_="edge", d="".join(_curve(y_account[account], y) for account in sorted(hub.weights)))
        for hub, y in zip(drawn, y_hub, strict=True)
    ]
    dots = [
        svg.element("circle", svg.tooltip(named(account)), class_="dot", cx=svg.per_cent(_LEFT / 100), cy=y, r=3)
        for account, y in y_account.items()
    ]
    most = len(drawn[0].weights)
    marks = [mark for hub, y in zip(drawn, y_hub, strict=True) for mark in _hub_marks(hub, y, most)]
    title = f"Who shares what: {len(accounts)} accounts and {len(drawn)} attributes they have in common"
    return svg.picture(title, height, [svg.stretched(curves, (100, height), 0, height), *dots, *marks])
