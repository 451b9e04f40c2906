"""Set-ups: a node makes its own once an epoch and index, and keeps those of others while searches may need them."""

from datetime import datetime
from typing import Any

import pyarrow.compute as pc
from sqlalchemy import Engine, delete, insert, select

from stillwatch.errors import MissingData
from stillwatch.model.indicator import SignalKind
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.memory import is_of_kind, shared_values
from stillwatch.share.node.search.letter import digest_of
from stillwatch.share.node.search.own import Own
from stillwatch.share.node.search.tables import SETUPS
from stillwatch.share.oprf.group import random_scalar
from stillwatch.share.psi.holder import setup_of
from stillwatch.share.warnings.lists import WarningLists
from stillwatch.store.conflict import insert_if_new

__all__ = ["Setups", "held_values"]


def held_values(index: LocalIndex, kind: SignalKind, lists: WarningLists) -> list[str]:
    """Distinct values of a kind in a window, without those on warning lists and those of no form of the kind."""
    rows = index.signals.filter(pc.equal(index.signals["kind"], kind.value))
    values = [value for value in pc.unique(rows["value"]).to_pylist() if is_of_kind(kind, value)]
    shared = shared_values(kind, values, lists)
    return [value for value, is_shared in zip(values, shared, strict=True) if not is_shared]


class Setups:
    """Set-ups in the node's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def own(self, own: Own, kind: SignalKind, now: datetime) -> Any:  # noqa: ANN401 - a row
        """The node's set-up with its key: the one that is there, else a new one.

        A new index has a new key: under the old one, answers that askers have could be held against the new values,
        and each would be a search that nobody counted.
        """
        mine = (SETUPS.c.owner == own.node.member_id) & (SETUPS.c.kind == kind.value)
        fresh = mine & (SETUPS.c.epoch == own.epoch) & (SETUPS.c.index_ns == own.index_ns)
        with self._engine.begin() as connection:
            found = connection.execute(select(SETUPS).where(fresh)).first()
        if found is None:
            secret = random_scalar()
            data = setup_of(kind, own.epoch, held_values(own.index, kind, own.lists), secret)
            row = {"digest": digest_of(data), "owner": own.node.member_id, "kind": kind.value, "epoch": own.epoch}
            rest = {"made_s": int(now.timestamp()), "index_ns": own.index_ns, "secret": secret, "data": data}
            with self._engine.begin() as connection:
                connection.execute(delete(SETUPS).where(mine))
                connection.execute(insert(SETUPS).values(**row, **rest))
                found = connection.execute(select(SETUPS).where(fresh)).one()
        return found

    def known(self, owner: str, kind: SignalKind, epoch: int) -> str | None:
        """Digest of another member's newest set-up that is here."""
        theirs = (SETUPS.c.owner == owner) & (SETUPS.c.kind == kind.value) & (SETUPS.c.epoch == epoch)
        with self._engine.begin() as connection:
            row = select(SETUPS.c.digest).where(theirs).order_by(SETUPS.c.made_s.desc()).limit(1)
            return connection.execute(row).scalar()

    def keep(self, owner: str, kind: SignalKind, epoch: int, data: bytes, now: datetime) -> None:
        """Keep another member's set-up."""
        row = {"digest": digest_of(data), "owner": owner, "kind": kind.value, "epoch": epoch, "data": data}
        with self._engine.begin() as connection:
            insert_if_new(connection, SETUPS, {**row, "made_s": int(now.timestamp())})

    def get(self, digest: str) -> bytes:
        """A set-up.

        Raises      MissingData when it is not here any more.
        """
        with self._engine.begin() as connection:
            data = connection.execute(select(SETUPS.c.data).where(SETUPS.c.digest == digest)).scalar()
        if data is None:
            message = "the set-up of the search is not here any more: ask again"
            raise MissingData(message)
        return bytes(data)
