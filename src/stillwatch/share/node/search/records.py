"""Searches in the node's database: each step is one transaction, with the letter that it sends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from stillwatch.errors import MissingData
from stillwatch.share.node.search.letter import Sealed
from stillwatch.share.node.search.tables import INCOMING, OUTGOING, SEARCH_TABLES, SEARCHES, SETUPS, UNCOUNTED, State

__all__ = ["Records"]

_UNANSWERED_S: Final = 2 * 86_400
_OPEN_S: Final = 14 * 86_400
_GOING_ON: Final = tuple(
    state.value for state in (State.ASKED, State.ANSWERING, State.ANSWERED, State.COUNTED, State.APPROVED)
)
_WIPED: Final = {"secret": None, "listed": None, "rows": None}


class Records:
    """Searches, and what waits to be sent or is on its way in."""

    def __init__(self, engine: Engine) -> None:
        SEARCH_TABLES.create_all(engine)
        self.engine = engine

    def find(self, search_id: str) -> Any:  # noqa: ANN401 - a row
        """A search; None when there is none."""
        with self.engine.begin() as connection:
            return connection.execute(select(SEARCHES).where(SEARCHES.c.search_id == search_id)).first()

    def get(self, search_id: str) -> Any:  # noqa: ANN401
        """A search.

        Raises      MissingData when there is none.
        """
        found = self.find(search_id)
        if found is None:
            message = f"this node knows no search {search_id}"
            raise MissingData(message)
        return found

    def every(self) -> Sequence[Any]:
        """All searches, the oldest first."""
        with self.engine.begin() as connection:
            return connection.execute(select(SEARCHES).order_by(SEARCHES.c.opened_s, SEARCHES.c.search_id)).all()

    def used(self, connection: Connection, other: str, epoch: int) -> int:
        """Searches that another member has made here in an epoch."""
        mine = (SEARCHES.c.side == "holder") & (SEARCHES.c.other == other) & (SEARCHES.c.epoch == epoch)
        counted = SEARCHES.c.state.not_in(UNCOUNTED)
        return int(connection.execute(select(func.count()).select_from(SEARCHES).where(mine, counted)).scalar_one())

    def add(self, connection: Connection, row: dict[str, object], letter: Sealed | None = None) -> None:
        """A new search, with its first letter."""
        connection.execute(insert(SEARCHES).values(**row))
        self._queue(connection, letter)

    def move(self, search_id: str, before: State, letter: Sealed | None = None, **values: object) -> bool:
        """Take a search on from one state, with the letter to send; whether it was there."""
        there = (SEARCHES.c.search_id == search_id) & (SEARCHES.c.state == before.value)
        with self.engine.begin() as connection:
            moved = connection.execute(update(SEARCHES).where(there).values(**values)).rowcount == 1
            if moved:
                self._queue(connection, letter)
        return moved

    def end(self, search_id: str, state: State, reason: str) -> None:
        """End a search that goes on; what it needed is deleted, and what it would have sent."""
        there = (SEARCHES.c.search_id == search_id) & SEARCHES.c.state.in_(_GOING_ON)
        with self.engine.begin() as connection:
            ended = {"state": state.value, "reason": reason[:200], **_WIPED}
            connection.execute(update(SEARCHES).where(there).values(**ended))
            connection.execute(delete(OUTGOING).where(OUTGOING.c.search_id == search_id))

    def forget(self, now: datetime) -> None:
        """End what nobody answered in two days or approved in two weeks, and delete set-ups of that age."""
        now_s = now.timestamp()
        asked = (SEARCHES.c.state == State.ASKED.value) & (SEARCHES.c.opened_s < now_s - _UNANSWERED_S)
        old = SEARCHES.c.state.in_(_GOING_ON) & (SEARCHES.c.opened_s < now_s - _OPEN_S)
        with self.engine.begin() as connection:
            ended = {"state": State.EXPIRED.value, "reason": "nobody answered in time", **_WIPED}
            connection.execute(update(SEARCHES).where(asked | old).values(**ended))
            connection.execute(delete(SETUPS).where(SETUPS.c.made_s < now_s - _OPEN_S))

    def _queue(self, connection: Connection, letter: Sealed | None) -> None:
        if letter is None:
            return
        place = {"search_id": letter.search_id, "stage": letter.stage, "reader": letter.reader}
        for number, data in enumerate(letter.parts):
            row = {**place, "number": number, "n_parts": len(letter.parts), "data": data}
            connection.execute(insert(OUTGOING).values(**row))

    def unsent(self) -> Any:  # noqa: ANN401
        """The next part to send, with its message; None when nothing waits."""
        order = OUTGOING.c.search_id, OUTGOING.c.stage, OUTGOING.c.number
        with self.engine.begin() as connection:
            return connection.execute(select(OUTGOING).order_by(*order).limit(1)).first()

    def sent(self, part: Any) -> None:  # noqa: ANN401
        """The forum has a part."""
        one = (OUTGOING.c.search_id == part.search_id) & (OUTGOING.c.stage == part.stage)
        with self.engine.begin() as connection:
            connection.execute(delete(OUTGOING).where(one, OUTGOING.c.number == part.number))

    def incoming(self, search_id: str, stage: str) -> dict[int, bytes]:
        """Parts of a message that are here."""
        one = (INCOMING.c.search_id == search_id) & (INCOMING.c.stage == stage)
        with self.engine.begin() as connection:
            return {row.number: bytes(row.data) for row in connection.execute(select(INCOMING).where(one))}

    def arrived(self, search_id: str, stage: str, number: int, data: bytes) -> None:
        """A part of a message is here."""
        row = {"search_id": search_id, "stage": stage, "number": number, "data": data}
        with self.engine.begin() as connection:
            connection.execute(insert(INCOMING).values(**row))

    def taken(self, search_id: str, stage: str) -> None:
        """A message is dealt with."""
        with self.engine.begin() as connection:
            one = (INCOMING.c.search_id == search_id) & (INCOMING.c.stage == stage)
            connection.execute(delete(INCOMING).where(one))
