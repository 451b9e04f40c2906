"""The mailbox between two members: which message may come next, which parts are there, and when all of it goes."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Quotas
from stillwatch.share.access.roster import OnEvent
from stillwatch.share.access.tables import GRANTS, MEMBERS
from stillwatch.share.forum.relay_tables import MESSAGES, PARTS, RELAY_TABLES, SEARCHES
from stillwatch.store.conflict import insert_if_new
from stillwatch.store.database import reading
from stillwatch.web.problem import Problem

__all__ = ["MOST_PARTS", "MOST_SEARCHES", "MOST_WAITING_BYTES", "STAGES", "Part", "RelayStore"]

MOST_PARTS: Final = 80
"""Of a message: the set-up of eight million values and the answer to a quarter of a million."""
MOST_SEARCHES: Final = 32
"""That a member may open in a day."""
MOST_WAITING_BYTES: Final = 256 << 20
"""Of a member's messages that nobody has taken yet."""
_UNTAKEN_S: Final = 86_400
_SEARCH_S: Final = 14 * 86_400
_SWEEP_S: Final = 60.0


class _Stage(NamedTuple):
    """Who writes it, the stage that must be there before it, what the ledger is told when it is whole."""

    by_asker: bool
    after: str | None
    event: str | None = None


STAGES: Final = {
    "request": _Stage(True, None, "search-asked"),
    "answer": _Stage(False, "request"),
    "approval": _Stage(True, "answer"),
    "reveal": _Stage(False, "approval", "search-revealed"),
}
_UNKNOWN: Final = "no such search or member, or it is not for you"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message, as it is sent.

    reader  Pseudonym, with a request only; later messages go to the other side of their search.
    of      Parts of the message.
    """

    search_id: str
    stage: str
    number: int
    of: int
    reader: str | None
    data: bytes


class RelayStore:
    """Messages of back-searches, sealed; for every search one of each stage, in their order.

    on_event    Told in the transaction that makes a request or a reveal whole.
    clock       Unix time.
    """

    def __init__(
        self, engine: Engine, quotas: Quotas, on_event: OnEvent, clock: Callable[[], float] = time.time
    ) -> None:
        RELAY_TABLES.create_all(engine)
        self._engine, self._quotas, self._on_event, self._clock = engine, quotas, on_event, clock
        self._sweep_at = 0.0

    def put(self, member: Member, part: Part) -> None:
        """Keep a part; the same one again is no harm.

        Raises      Problem 404 for a search or member that is unknown or not for the sender, all in the same words;
                    409 for another part in this one's place; 429 when too much waits or was sent.
        """
        with self._engine.begin() as connection:
            if self._is_due():
                self._sweep(connection)
            search = self._search(connection, member, part)
            message = self._message(connection, member, part, search)
            if not self._is_new(connection, part) or message.is_over:
                return
            self._quotas.publish(connection, member.member_id, 1, len(part.data))
            self._keep(connection, member, part)
            have = select(func.count()).select_from(PARTS).where(_of(PARTS, part))
            if connection.execute(have).scalar_one() == message.n_parts:
                self._whole(connection, member, part, search)

    def inbox(self, member: Member) -> list[dict[str, Any]]:
        """Whole messages that wait for a member, the oldest first."""
        if self._is_due():
            with self._engine.begin() as connection:
                self._sweep(connection)
        mine = MESSAGES.c.reader == member.member_id
        live = MESSAGES.c.is_whole, MESSAGES.c.is_over.is_(False), MESSAGES.c.begun_s > self._clock() - _UNTAKEN_S
        rows = select(MESSAGES).where(mine, *live).order_by(MESSAGES.c.begun_s, MESSAGES.c.search_id)
        with reading(self._engine).begin() as connection:
            found = connection.execute(rows).all()
        return [{"search": r.search_id, "stage": r.stage, "from": r.sender, "parts": r.n_parts} for r in found]

    def part(self, member: Member, search_id: str, stage: str, number: int) -> bytes:
        """A part of a message that waits for the member.

        Raises      Problem 404.
        """
        with reading(self._engine).begin() as connection:
            self._mine(connection, member, search_id, stage)
            one = (PARTS.c.search_id == search_id) & (PARTS.c.stage == stage) & (PARTS.c.number == number)
            data = connection.execute(select(PARTS.c.data).where(one)).scalar()
        if data is None:
            raise Problem(HTTPStatus.NOT_FOUND, _UNKNOWN)
        return bytes(data)

    def take(self, member: Member, search_id: str, stage: str) -> None:
        """The reader has it: its parts are deleted; once more is no harm.

        Raises      Problem 404.
        """
        with self._engine.begin() as connection:
            self._mine(connection, member, search_id, stage, waiting=False)
            _end(connection, (MESSAGES.c.search_id == search_id) & (MESSAGES.c.stage == stage))

    def _mine(
        self, connection: Connection, member: Member, search_id: str, stage: str, *, waiting: bool = True
    ) -> None:
        one = (MESSAGES.c.search_id == search_id) & (MESSAGES.c.stage == stage)
        found = connection.execute(select(MESSAGES).where(one, MESSAGES.c.reader == member.member_id)).first()
        late = found is not None and found.begun_s <= self._clock() - _UNTAKEN_S
        if found is None or not found.is_whole or (waiting and (found.is_over or late)):
            raise Problem(HTTPStatus.NOT_FOUND, _UNKNOWN)

    def _search(self, connection: Connection, member: Member, part: Part) -> Any:  # noqa: ANN401 - a row
        """The search of a part; a request opens it."""
        row = select(SEARCHES).where(SEARCHES.c.search_id == part.search_id)
        search = connection.execute(row).first()
        if search is None and part.stage == "request" and part.reader is not None:
            self._check_opened(connection, member)
            new = {"search_id": part.search_id, "asker": member.member_id, "holder": part.reader}
            insert_if_new(connection, SEARCHES, {**new, "opened_s": int(self._clock())})
            search = connection.execute(row).first()
        stage = STAGES[part.stage]
        if search is None or member.member_id != (search.asker if stage.by_asker else search.holder):
            raise Problem(HTTPStatus.NOT_FOUND, _UNKNOWN)
        is_next = stage.after is None or _is_whole(connection, part.search_id, stage.after)
        if part.reader not in {None, search.holder} or not is_next or not _meet(connection, search):
            raise Problem(HTTPStatus.NOT_FOUND, _UNKNOWN)
        return search

    def _check_opened(self, connection: Connection, member: Member) -> None:
        since = SEARCHES.c.opened_s > self._clock() - _UNTAKEN_S
        mine = select(func.count()).select_from(SEARCHES).where(SEARCHES.c.asker == member.member_id, since)
        if connection.execute(mine).scalar_one() >= MOST_SEARCHES:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, f"too many searches: {MOST_SEARCHES} may be opened in a day")

    def _message(self, connection: Connection, member: Member, part: Part, search: Any) -> Any:  # noqa: ANN401
        """The message of a part, held until the transaction ends, so that one part is the last."""
        reader = search.holder if STAGES[part.stage].by_asker else search.asker
        row = {"search_id": part.search_id, "stage": part.stage, "sender": member.member_id, "reader": reader}
        rest = {"n_parts": part.of, "size_bytes": 0, "begun_s": int(self._clock()), "is_whole": False, "is_over": False}
        insert_if_new(connection, MESSAGES, {**row, **rest})
        found = connection.execute(select(MESSAGES).where(_of(MESSAGES, part)).with_for_update()).one()
        if found.n_parts != part.of:
            raise Problem(HTTPStatus.CONFLICT, "the message was begun with another number of parts")
        return found

    def _is_new(self, connection: Connection, part: Part) -> bool:
        one = select(PARTS.c.digest).where(_of(PARTS, part), PARTS.c.number == part.number)
        known = connection.execute(one).scalar()
        if known is not None and known != _digest(part.data):
            raise Problem(HTTPStatus.CONFLICT, "another part is there already")
        return known is None

    def _keep(self, connection: Connection, member: Member, part: Part) -> None:
        waits = (MESSAGES.c.sender == member.member_id) & MESSAGES.c.is_over.is_(False)
        waiting = connection.execute(select(func.sum(MESSAGES.c.size_bytes)).where(waits)).scalar() or 0
        if waiting + len(part.data) > MOST_WAITING_BYTES:
            message = f"too much waits to be taken: {MOST_WAITING_BYTES} bytes are allowed"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, message)
        row = {"search_id": part.search_id, "stage": part.stage, "number": part.number}
        connection.execute(insert(PARTS).values(**row, digest=_digest(part.data), data=part.data))
        grown = MESSAGES.c.size_bytes + len(part.data)
        connection.execute(update(MESSAGES).where(_of(MESSAGES, part)).values(size_bytes=grown))

    def _whole(self, connection: Connection, member: Member, part: Part, search: Any) -> None:  # noqa: ANN401
        connection.execute(update(MESSAGES).where(_of(MESSAGES, part)).values(is_whole=True))
        event = STAGES[part.stage].event
        if event is not None:
            parts = connection.execute(
                select(PARTS.c.digest).where(_of(PARTS, part)).order_by(PARTS.c.number)
            ).scalars()
            sides = {"asker": search.asker, "holder": search.holder, "by": member.member_id}
            told = {"search": part.search_id, **sides, "sealed": _digest("".join(parts).encode())}
            self._on_event(event, search.asker, told, connection)

    def _is_due(self) -> bool:
        return self._clock() >= self._sweep_at

    def _sweep(self, connection: Connection) -> None:
        """End what nobody took in a day, and forget searches after two weeks."""
        self._sweep_at = self._clock() + _SWEEP_S
        late = (MESSAGES.c.begun_s <= self._clock() - _UNTAKEN_S) & MESSAGES.c.is_over.is_(False)
        _end(connection, late)
        old = select(SEARCHES.c.search_id).where(SEARCHES.c.opened_s <= self._clock() - _SEARCH_S)
        for table in (PARTS, MESSAGES, SEARCHES):
            connection.execute(delete(table).where(table.c.search_id.in_(old)))


def _of(table: Any, part: Part) -> Any:  # noqa: ANN401 - a table's columns, a condition
    return (table.c.search_id == part.search_id) & (table.c.stage == part.stage)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _end(connection: Connection, which: Any) -> None:  # noqa: ANN401
    for row in connection.execute(select(MESSAGES.c.search_id, MESSAGES.c.stage).where(which)).all():
        one = (PARTS.c.search_id == row.search_id) & (PARTS.c.stage == row.stage)
        connection.execute(update(PARTS).where(one).values(data=None))
    connection.execute(update(MESSAGES).where(which).values(is_over=True))


def _is_whole(connection: Connection, search_id: str, stage: str) -> bool:
    one = (MESSAGES.c.search_id == search_id) & (MESSAGES.c.stage == stage)
    return bool(connection.execute(select(MESSAGES.c.is_whole).where(one)).scalar())


def _meet(connection: Connection, search: Any) -> bool:  # noqa: ANN401 - a row
    """Whether both sides are members still, and may read a collection in common."""
    if search.asker == search.holder:
        return False
    mine, theirs = GRANTS.alias(), GRANTS.alias()
    common = (
        select(mine.c.collection_id)
        .join(theirs, theirs.c.collection_id == mine.c.collection_id)
        .join(MEMBERS, MEMBERS.c.member_id == theirs.c.member_id)
        .where(mine.c.member_id == search.asker, theirs.c.member_id == search.holder)
        .where(mine.c.can_read, theirs.c.can_read, MEMBERS.c.revoked_s.is_(None))
    )
    return connection.execute(common.limit(1)).first() is not None
