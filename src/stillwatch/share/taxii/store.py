"""The forum's store of objects: one database behind publishing, reading and the feed."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from stillwatch.errors import UnreadableSource
from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Quotas
from stillwatch.share.access.roster import OnEvent, no_event
from stillwatch.share.access.tables import ROSTER, SEQUENCE, TABLES, advance, counter, key_of
from stillwatch.share.taxii.admission import Failure, Prepared
from stillwatch.share.taxii.cursor import KEY_BYTES, Cursors
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.forgetting import forget_ended
from stillwatch.share.taxii.publishing import Publication, erase, insert_objects
from stillwatch.share.taxii.selection import Page, Record, after, page
from stillwatch.share.taxii.status import load_status, prune_statuses
from stillwatch.share.taxii.tables import RECORD_TABLES
from stillwatch.share.taxii.together import Together
from stillwatch.store.database import empty_log, open_database, reading

__all__ = ["Store"]

_PRUNE_S: Final = 60.0


class Store:
    """Objects, tombstones and statuses.

    on_event    Called inside the transaction of every publication (``publish``) and deletion (``delete``).
    """

    def __init__(self, url: str | Path, on_event: OnEvent = no_event) -> None:
        self.engine: Engine = open_database(url, TABLES)
        try:
            RECORD_TABLES.create_all(self.engine)
        except SQLAlchemyError as error:
            message = f"cannot make the tables of the forum: {type(error).__name__}"
            raise UnreadableSource(message) from error
        with self.engine.begin() as connection:
            self.cursors = Cursors(key_of(connection, "cursor", os.urandom(KEY_BYTES)))
        self._on_event = on_event
        self._listeners: list[Callable[[], None]] = []
        # Publishers wait for one another anyway; SQLite's own waiting sleeps ever longer, a lock does not.
        self._turn = threading.Lock()
        self._together = Together(self._write, self._turn)
        self._prune_at = 0.0

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after every change by this process; gives one that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(
        self, member: Member, collection_id: str, items: Sequence[Prepared | Failure], quotas: Quotas
    ) -> dict[str, Any]:
        """Status of a publication whose objects are on the disk.

        Raises      Problem 429 when a quota is spent; nothing is stored then.
        """
        return self._together.publish(Publication(member, collection_id, items, quotas))

    def delete(self, member: Member, collection_id: str, filters: Filters) -> list[str]:
        """Versions of one object that are deleted now; none when there were none.

        Raises      NotYours.
        """
        with self._turn, self.engine.begin() as connection:
            gone = erase(connection, member, collection_id, filters, self._on_event)
        self._tell()
        return gone

    def forget(self) -> None:
        """Forget what has long ended, and overwrite what was forgotten; to be called every now and then."""
        with self._turn, self.engine.begin() as connection:
            advance(connection, SEQUENCE, 0)
            forget_ended(connection, time.time_ns() // 1000, self._on_event)
        empty_log(self.engine)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of its own among those of publishers: for what changes objects and something else at once."""
        with self._turn, self.engine.begin() as connection:
            advance(connection, SEQUENCE, 0)
            yield connection
        self._tell()

    def page(self, collection_id: str, filters: Filters, beyond: int = 0, *, documents: bool = True) -> Page:
        """Page of a collection after a place."""
        with reading(self.engine).begin() as connection:
            return page(connection, collection_id, filters, beyond, documents=documents)

    def after(
        self, beyond: int, collections: Sequence[str] | None = None, limit: int = 500
    ) -> tuple[tuple[Record, ...], int]:
        """What came after a place, and how often the roster had changed by then."""
        with reading(self.engine).begin() as connection:
            return after(connection, beyond, collections, limit)

    def status(self, member: Member, status_id: str) -> dict[str, Any] | None:
        """Status of one of this member's publications."""
        with reading(self.engine).begin() as connection:
            return load_status(connection, member.member_id, status_id)

    def marks(self) -> tuple[int, int]:
        """Last place of the sequence, and how often the roster has changed."""
        with reading(self.engine).begin() as connection:
            return counter(connection, SEQUENCE), counter(connection, ROSTER)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _write(self, publications: Sequence[Publication]) -> list[dict[str, Any]]:
        with self.engine.begin() as connection:
            # First of all, so that writers of several processes wait here and never hold what another waits for.
            advance(connection, SEQUENCE, 0)
            for one in publications:
                one.quotas.publish(connection, one.member.member_id, len(one.items), one.size_bytes)
            statuses = insert_objects(connection, publications, self._on_event)
            if time.monotonic() > self._prune_at:
                self._prune_at = time.monotonic() + _PRUNE_S
                publications[0].quotas.prune(connection)
                prune_statuses(connection)
        self._tell()
        return statuses

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
