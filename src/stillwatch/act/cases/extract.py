"""The part of the ledger that is about a case: who saw and did what, each entry with its proof and its document."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.ledger.book import entry_at
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.signing.canonical import canonical

__all__ = ["About", "extract"]

_KINDS: Final = [
    kind.value for kind in (Kind.CASE, Kind.APPEAL, Kind.DECISION, Kind.DISCLOSURE, Kind.POLICY, Kind.REVOKE)
]
_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class About:
    """What the entries are to be about.

    campaigns   Ids of the campaign: now, and before.
    """

    campaigns: Collection[str]
    appeals: Collection[str]
    decisions: Collection[str]
    policies: Collection[str]

    def holds(self, document: Mapping[str, Any]) -> bool:
        """Whether a document is about any of them."""
        named = (("case", self.campaigns), ("campaign_id", self.campaigns), ("appeal_id", self.appeals))
        also = (("decision_id", self.decisions), ("version", self.policies))
        return any(document.get(name) in wanted for name, wanted in (*named, *also) if name in document)


def extract(connection: Connection, about: About, size: int) -> Iterator[dict[str, Any]]:
    """Lines of ledger.jsonl, in order.

    size        Of the head that the proofs are for.
    """
    joined = DOCUMENTS.join(ENTRIES, DOCUMENTS.c.index == ENTRIES.c.index)
    wanted = select(DOCUMENTS).select_from(joined).where(ENTRIES.c.kind.in_(_KINDS), ENTRIES.c.index < size)
    found = connection.execute(wanted.order_by(DOCUMENTS.c.index)).yield_per(_BATCH)
    rows = [(index, salt, document) for index, salt, document in found if about.holds(document)]
    for index, salt, document in rows:
        yield {
            "entry": entry_at(connection, index).told(),
            "path": [part.hex() for part in inclusion_path(connection, index, size)],
            "salt": salt.hex(),
            "document": canonical(document).decode(),
        }
