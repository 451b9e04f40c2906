"""The benign rate that a node tells with an answer: what it costs of privacy is counted in the node's own database."""

from sqlalchemy import Connection

from stillwatch.model.indicator import Indicator
from stillwatch.share.answers.innocents import Innocents
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.trust.benign import BENIGN_TABLES, benign_rate

__all__ = ["told_rate"]

for _table in BENIGN_TABLES.tables.values():
    _table.to_metadata(NODE_TABLES)


def told_rate(connection: Connection, indicator: Indicator, innocents: Innocents | None) -> float | None:
    """Share of the member's innocent accounts that carry an indicator's tags, with noise; the same all epoch long.

    Returns     None when there is nothing to count, too few accounts for the noise, or no budget left this epoch.
    """
    if innocents is None:
        return None
    tags = innocents.asked(indicator.tags)
    if not tags:
        return None
    return benign_rate(connection, innocents.index.epoch, tags, innocents.carrying(tags))
