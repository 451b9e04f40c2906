"""Close a drill: its canaries are deleted, what was committed to is revealed, and what came of it is counted."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from stillwatch.errors import MissingData
from stillwatch.ledger.book import Event, append, entry_at, opening_of, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.proof import Proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import Role
from stillwatch.share.commitments.holding import Holding, Reveal
from stillwatch.share.commitments.record import reveal
from stillwatch.share.drills.canary import Drill, DrillReport, evaluate
from stillwatch.share.drills.reactions import echoes_of, reactions_to, readers_of
from stillwatch.share.drills.tables import DRILLS
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.tables import OBJECT, RECORDS
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import reading

__all__ = ["OPERATOR", "Listed", "close", "drills_in", "proof_of", "report_on"]

OPERATOR: Final = "operator"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: Final = ("indicator", "infrastructure", "relationship", "campaign")


@dataclass(frozen=True, slots=True)
class Listed:
    """A drill as the operator sees it."""

    drill_id: str
    n_canaries: int
    planted_at: datetime
    closed_at: datetime | None


def drills_in(connection: Connection) -> list[Listed]:
    """Every drill of the forum, the oldest first."""
    rows = connection.execute(select(DRILLS).order_by(DRILLS.c.planted_us)).all()
    return [
        Listed(
            row.drill_id,
            len(row.statement["indicators"]),
            _EPOCH + timedelta(microseconds=row.planted_us),
            None if row.closed_us is None else _EPOCH + timedelta(microseconds=row.closed_us),
        )
        for row in rows
    ]


def close(store: Store, drill_id: str, forum_key: SigningKey) -> DrillReport:
    """Delete the canaries, so that every node withdraws them, and reveal in the ledger that they were a drill.

    What was interrupted is closed by closing again; of a drill that is closed it is the report as things stand.

    Raises      MissingData when there is no such drill.
    """
    with store.engine.begin() as connection:
        row = _row(connection, drill_id)
        echoes = [[one.member_id, one.indicator_id, one.object_id, one.echoed_us] for one in echoes_of(connection, row)]
        connection.execute(update(DRILLS).where(DRILLS.c.drill_id == row.drill_id).values(echoes=echoes))
        objects = _objects_of(connection, row)
    operator = Member(OPERATOR, Role.OPERATOR)
    for object_id in objects:
        store.delete(operator, row.collection_id, Filters(ids=(object_id,), every=True))
    with store.engine.begin() as connection:
        _reveal(connection, _row(connection, drill_id), forum_key)
    return report_on(store, drill_id)


def report_on(store: Store, drill_id: str) -> DrillReport:
    """What a drill has come to so far; before it is closed nobody can have removed anything.

    Raises      MissingData when there is no such drill; InvalidInput when nobody can read its collection.
    """
    with reading(store.engine).begin() as connection:
        row = _row(connection, drill_id)
        reactions = reactions_to(connection, row)
        members = readers_of(connection, row.collection_id)
    began = _EPOCH + timedelta(microseconds=row.planted_us)
    return evaluate(Drill(row.drill_id, began, frozenset(row.statement["indicators"])), reactions, members)


def proof_of(store: Store, drill_id: str, forum_key: SigningKey) -> dict[str, Any]:
    """What shows to whoever has the forum's public key that these canaries were a drill before they were published.

    Raises      MissingData when there is no such drill, or it is not closed: nobody is to be warned.
    """
    with store.engine.begin() as connection:
        row = _row(connection, drill_id)
        if row.closed_us is None:
            message = f"the drill {drill_id[:64]} is not closed"
            raise MissingData(message)
        head = sign_head(connection, forum_key, datetime.now(UTC))
        opening = opening_of(connection, row.committed_entry)
        if opening is None:
            message = f"the ledger's document of entry {row.committed_entry} was forgotten"
            raise MissingData(message)
        path = inclusion_path(connection, row.committed_entry, int(head["size"]))
        proof = Proof(entry_at(connection, row.committed_entry), int(head["size"]), tuple(path))
    return {
        "head": head,
        "proof": proof.told(),
        "salt": opening.salt.hex(),
        "commitment": dict(opening.document),
        "reveal": _opening(row).told(),
    }


def _reveal(connection: Connection, row: Row[Any], forum_key: SigningKey) -> None:
    """Both entries of the ledger once: what the account had committed to, and that the forum ended its drill."""
    if row.closed_us is not None:
        return
    now = datetime.now(UTC)
    reveal(connection, row.account, row.committed_entry, [_opening(row)], now)
    told = {"event": "drill-closed", "account": row.account, "commitment": row.committed_entry, **row.statement}
    append(connection, Event(Kind.DRILL, OPERATOR, told, now))
    sign_head(connection, forum_key, now)
    ended = update(DRILLS).where(DRILLS.c.drill_id == row.drill_id)
    connection.execute(ended.values(closed_us=time.time_ns() // 1000))


def _opening(row: Row[Any]) -> Reveal:
    return Holding(row.account, [row.statement], row.secret).reveal(row.statement)


def _objects_of(connection: Connection, row: Row[Any]) -> list[str]:
    """What the account has published, but what is the same for everybody; indicators first."""
    mine = (RECORDS.c.collection_id == row.collection_id, RECORDS.c.origin == row.account)
    there = (RECORDS.c.added_us >= row.planted_us, RECORDS.c.kind == OBJECT, RECORDS.c.document.is_not(None))
    found = select(RECORDS.c.object_id, RECORDS.c.type).where(*mine, *there, RECORDS.c.type.in_(_TYPES)).distinct()
    rows = connection.execute(found).all()
    return [one.object_id for one in sorted(rows, key=lambda one: (_TYPES.index(one.type), one.object_id))]


def _row(connection: Connection, drill_id: str) -> Row[Any]:
    row = connection.execute(select(DRILLS).where(DRILLS.c.drill_id == drill_id)).first()
    if row is None:
        message = f"no such drill: {drill_id[:64]}"
        raise MissingData(message)
    return row
