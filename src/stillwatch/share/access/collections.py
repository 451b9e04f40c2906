"""Collections, and who may read or write each; who may neither cannot tell that it is there."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.access.roster import OnEvent, no_event
from stillwatch.share.access.tables import COLLECTIONS, GRANTS, MEMBERS, ROSTER, advance
from stillwatch.store.database import reading

__all__ = ["Collection", "Collections"]


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as one member sees it.

    alias       Name that may stand in URLs instead of the id; None: no such.
    """

    collection_id: str
    title: str
    description: str | None
    alias: str | None
    can_read: bool
    can_write: bool


class Collections:
    """Collections and their access lists; for the operator's hands, and for looking up what a member sees."""

    def __init__(self, engine: Engine, on_event: OnEvent = no_event) -> None:
        self.engine = engine
        self._on_event = on_event

    def add(self, title: str, description: str | None = None, alias: str | None = None) -> str:
        """Id of a new collection that nobody may read or write yet.

        Raises      InvalidInput for a title that is empty or long, and for an alias that is taken.
        """
        if not 1 <= len(title) <= 200 or len(description or "") > 2000 or len(alias or "") > 100:
            message = "a collection's title must have 1 to 200 characters, its description 2,000 at most, its alias 100"
            raise InvalidInput(message)
        collection_id = str(uuid.uuid4())
        row = {"collection_id": collection_id, "title": title, "description": description, "alias": alias}
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(COLLECTIONS).values(row))
                self._on_event("collection-added", "operator", row, connection)
        except IntegrityError as error:
            message = f"the alias of a collection must be free, got {alias}"
            raise InvalidInput(message) from error
        return collection_id

    def grant(self, member_id: str, collection: str, *, read: bool, write: bool) -> None:
        """Set what a member may do in a collection; neither takes the grant away.

        collection  Id or alias.
        Raises      MissingData when there is no such member or collection.
        """
        with self.engine.begin() as connection:
            named = (COLLECTIONS.c.collection_id == collection) | (COLLECTIONS.c.alias == collection)
            collection_id = connection.execute(select(COLLECTIONS.c.collection_id).where(named)).scalar()
            known = select(MEMBERS.c.member_id).where(MEMBERS.c.member_id == member_id, MEMBERS.c.revoked_s.is_(None))
            if collection_id is None or connection.execute(known).first() is None:
                message = f"no such member or collection: {member_id}, {collection}"
                raise MissingData(message)
            pair = {"member_id": member_id, "collection_id": collection_id}
            connection.execute(delete(GRANTS).filter_by(**pair))
            if read or write:
                connection.execute(insert(GRANTS).values(**pair, can_read=read, can_write=write))
            advance(connection, ROSTER)
            told = {"collection_id": collection_id, "read": read, "write": write}
            self._on_event("granted", member_id, told, connection)

    def seen_by(self, member_id: str) -> dict[str, Collection]:
        """Collections that a member may read or write, by id, in one fixed order."""
        rows = (
            select(COLLECTIONS, GRANTS.c.can_read, GRANTS.c.can_write)
            .join(GRANTS, GRANTS.c.collection_id == COLLECTIONS.c.collection_id)
            .where(GRANTS.c.member_id == member_id)
            .order_by(COLLECTIONS.c.title, COLLECTIONS.c.collection_id)
        )
        with reading(self.engine).begin() as connection:
            found = connection.execute(rows).all()
        return {
            r.collection_id: Collection(r.collection_id, r.title, r.description, r.alias, r.can_read, r.can_write)
            for r in found
        }
