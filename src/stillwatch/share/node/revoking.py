"""Take back what the node has told of campaigns, without index and evaluators: from another process, or by hand."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.node import Node
from stillwatch.share.node.service import forum_taxii, node_at
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import NODE_TABLES, OWN
from stillwatch.share.taxii.client import Outcome, Taxii
from stillwatch.store.database import open_database

__all__ = ["RevokingDesk", "revoking_desk"]


@dataclass(frozen=True, slots=True)
class RevokingDesk:
    """A node's hand at the forum, for revocations alone."""

    settings: NodeSettings
    node: Node
    taxii: Taxii

    def told_of(self, campaign_ids: Collection[str], now: datetime) -> tuple[list[str], int]:
        """Indicators of these campaigns that stand and have not ended, and how many were taken back already."""
        standing = [made.indicator_id for made, campaign_id in self.node.own(now) if campaign_id in campaign_ids]
        gone = select(func.count()).select_from(OWN).where(OWN.c.revoked, OWN.c.campaign_id.in_(list(campaign_ids)))
        with self.node.engine.begin() as connection:
            return standing, int(connection.execute(gone).scalar_one())

    def take_back(self, indicator_id: str) -> Outcome:
        """Revoke an indicator everywhere; again is no harm.

        Raises      MissingData when the node has told no such indicator; UnreadableSource when the forum cannot be
                    reached, and it must be done again; InvalidInput when it refuses the whole.
        """
        told: Admitted = self.node.take_back(indicator_id, datetime.now(UTC))
        outcome = self.taxii.publish(self.settings.collection, told.document()["objects"])
        if not outcome.refused:
            self.node.taken_back(indicator_id)
        return outcome


@contextlib.contextmanager
def revoking_desk(settings: NodeSettings) -> Iterator[RevokingDesk]:
    """A desk for the node of these settings.

    Raises      What reading files and the forum raise.
    """
    with contextlib.ExitStack() as stack:
        engine = open_database(settings.folder / "node.db", NODE_TABLES)
        stack.callback(engine.dispose)
        taxii = forum_taxii(settings)
        stack.callback(taxii.close)
        yield RevokingDesk(settings, node_at(settings, engine), taxii)
