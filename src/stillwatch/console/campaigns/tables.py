"""What is behind each picture of a campaign, as a table to take away."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import pyarrow as pa
from starlette.responses import Response

from stillwatch.console.campaigns.hours import over_time
from stillwatch.console.downloads import download
from stillwatch.console.visit import Visit
from stillwatch.errors import MissingData
from stillwatch.model.campaign import Campaign

__all__ = ["TABLES", "take_table"]


def take_table(visit: Visit) -> Response:
    """One of the tables.

    Raises      MissingData for a name that is none.
    """
    campaign, _ = visit.console.shelf.campaign(visit.part("campaign"))
    name = visit.part("table")
    if name not in TABLES:
        message = f"a table must be one of {', '.join(TABLES)}"
        raise MissingData(message)
    return download(visit, TABLES[name](campaign), f"{name}-{campaign.campaign_id[:40]}")


def _hours(campaign: Campaign) -> pa.Table:
    """Exchanges over time."""
    rows = over_time(campaign).rows
    names = ("start", "n_exchanges", "n_until_then")
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})


def _accounts(campaign: Campaign) -> pa.Table:
    """Exchanges by account and hour of the day, UTC."""
    accounts = list(campaign.heatmap_accounts)[: len(campaign.heatmap)]
    hours = {f"hour_{hour:02d}": [row[hour] for row in campaign.heatmap[: len(accounts)]] for hour in range(24)}
    return pa.table({"account_id": pa.array(accounts, pa.string()), **hours})


def _tests(campaign: Campaign) -> pa.Table:
    """Structure tests of every family, with the legitimate range."""
    rows = [
        {
            "family_id": family.family_id,
            "view": family.view,
            "test": effect.test,
            "effect": effect.value,
            "standard_error": effect.standard_error,
            "bits": effect.bits,
            "reference_low": effect.reference_low,
            "reference_high": effect.reference_high,
        }
        for family in campaign.families
        for effect in family.effects
    ]
    return pa.Table.from_pylist(rows)


def _channels(campaign: Campaign) -> pa.Table:
    """Coordination of every family by channel; bits are null where a channel could not be judged."""
    rows = [
        {"family_id": family.family_id, "channel": one.channel, "bits": one.bits if one.judged else None}
        for family in campaign.families
        for one in family.channels
    ]
    return pa.Table.from_pylist(rows)


def _taken(campaign: Campaign) -> pa.Table:
    """What it took, by capability and by model."""
    taken = campaign.exposure
    rows = [
        {"by": by, "name": name, "n_exchanges": n}
        for by, amounts in (("capability", taken.capabilities), ("model", taken.models))
        for name, n in amounts.items()
    ]
    return pa.Table.from_pylist(rows)


def _shared(campaign: Campaign) -> pa.Table:
    """Who shares what."""
    names = ("account_id", "attribute", "n_accounts")
    return pa.table({name: [edge[at] for edge in campaign.graph_edges] for at, name in enumerate(names)})


TABLES: Final[Mapping[str, Callable[[Campaign], pa.Table]]] = MappingProxyType(
    {
        "hours": _hours,
        "accounts": _accounts,
        "tests": _tests,
        "channels": _channels,
        "taken": _taken,
        "shared": _shared,
    }
)
"""By the name in the address."""
