"""What a node holds of its own harvests: committed to before it reads what others publish, revealed when both did.

A commitment is of everything: what a node chose to commit to after it had read others would prove nothing. It is made
when there is nothing to commit to as well, so that it tells nobody whether there is.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, select, update

from stillwatch.ledger.entry import SALT_BYTES
from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import Tag
from stillwatch.share.commitments.held import item_of
from stillwatch.share.commitments.holding import Holding
from stillwatch.share.commitments.messages import REVEALED_MOST, commitment_message, reveal_message
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.publish import Tagged, indicator_of
from stillwatch.share.node.trust_tables import HOLDINGS, SHOWN
from stillwatch.share.trust.places import digest_of
from stillwatch.share.warnings.lists import WarningLists

__all__ = ["Holdings", "Post", "held_tags"]

Post = Callable[[str, Admitted], dict[str, Any]]
"""Sends a message to a path of the forum and gives its answer."""


def held_tags(index: LocalIndex, tagged: Tagged, lists: WarningLists, now: datetime) -> frozenset[Tag]:
    """Tags of all harvests of an index, those that would be told of them."""
    harvests = [name for name, act in index.acts.items() if act["verdict"] == Verdict.HARVEST.value]
    return frozenset(tag for name in harvests for tag in indicator_of(index, name, tagged, lists, now).tags)


class Holdings:
    """Commitments of one node; salts and what they are of stay in its database.

    engine      Database with `NODE_TABLES`.
    """

    def __init__(self, member_id: str, engine: Engine, post: Post) -> None:
        self._member_id, self._engine, self._post = member_id, engine, post

    def commit(self, tags: Iterable[Tag], now: datetime) -> int | None:
        """Commit to what is held, unless it is what was committed to last; place in the ledger of a new commitment.

        It is kept before it is sent: a commitment whose answer was lost is sent again as it is.

        Raises      What posting raises.
        """
        items = sorted(map(item_of, tags), key=lambda item: (item["kind"], item["epoch"], item["value"]))
        last = select(HOLDINGS).order_by(HOLDINGS.c.number.desc()).limit(1)
        with self._engine.begin() as connection:
            known = connection.execute(last).first()
            if known is None or known.items != items:
                row = {"number": 0 if known is None else known.number + 1, "items": items}
                connection.execute(insert(HOLDINGS), row | {"secret": secrets.token_bytes(SALT_BYTES), "place": None})
                known = connection.execute(last).one()
        if known.place is not None:
            return None
        holding = Holding(self._member_id, known.items, known.secret)
        place = int(self._post("/commitments/", commitment_message(holding.commitment, now))["index"])
        with self._engine.begin() as connection:
            connection.execute(update(HOLDINGS).where(HOLDINGS.c.number == known.number).values(place=place))
        return place

    def reveal(self, own: Iterable[Tag], others: Iterable[Tag], now: datetime) -> int:
        """Reveal what the node tells itself, another tells too and was committed to, each tag once; how many tags.

        A tag is revealed of the first commitment that it is in. 256 of a commitment at a time are enough for a proof.

        Raises      What posting raises.
        """
        common = frozenset(own) & frozenset(others)
        digests = {digest_of(tag): tag for tag in common}
        with self._engine.begin() as connection:
            shown = set(connection.execute(select(SHOWN.c.digest)).scalars()) if digests else set()
            rows = connection.execute(select(HOLDINGS).where(HOLDINGS.c.place.is_not(None)).order_by(HOLDINGS.c.place))
            holdings = rows.all() if digests.keys() - shown else []
        wanted = [digests[digest] for digest in sorted(digests.keys() - shown)]
        n = 0
        for row in holdings:
            holding = Holding(self._member_id, row.items, row.secret)
            found = [tag for tag in wanted if item_of(tag) in holding][:REVEALED_MOST]
            wanted = [tag for tag in wanted if item_of(tag) not in holding]
            if found:
                self._show(holding, row.place, found, now)
                n += len(found)
        return n

    def _show(self, holding: Holding, place: int, found: Sequence[Tag], now: datetime) -> None:
        reveals = [holding.reveal(item_of(tag)) for tag in found]
        self._post("/reveals/", reveal_message(place, reveals, now))
        with self._engine.begin() as connection:
            connection.execute(insert(SHOWN), [{"digest": digest_of(tag), "commitment": place} for tag in found])
