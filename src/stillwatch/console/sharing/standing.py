"""How the member's part in the exchange stands: who it is there, what is wrong, what waits for a person."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from stillwatch.console.sharing.answered import Waiting, waiting
from stillwatch.console.sharing.database import NEWEST
from stillwatch.console.sharing.told import told_in
from stillwatch.share.node.pins import KEY_SIGHTS
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import ANSWERS, APPEALS_TOLD, KEYS, OWN, PASSED_OVER, PLACES
from stillwatch.share.stix.ids import read_time

__all__ = ["PassedOver", "Standing", "passed_over", "pseudonym", "standing_of"]

_MOST_REASONS: Final = 20
_WINDOW: Final = "window.parquet"


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Objects of one member that were not taken, for one reason."""

    origin: str
    reason: str
    n: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The node, from its own database.

    member_id       Pseudonym at the forum; None until the node has told or answered anything.
    has_read        Whether it has read anything of the feed.
    last_checked    When it last checked an indicator.
    n_keys_waiting  Keys of members that nobody has confirmed: what they sign is passed over.
    n_appeals       Appeals that it was told of.
    index_at        When the index that it compares with was written; None when there is none.
    """

    member_id: str | None
    has_read: bool
    last_checked: datetime | None
    waiting: Waiting
    n_keys_waiting: int
    n_passed_over: int
    n_appeals: int
    index_at: datetime | None


def standing_of(connection: Connection, node: NodeSettings) -> Standing:
    """How it stands."""
    last = connection.execute(select(func.max(ANSWERS.c.checked_at))).scalar()
    known = (KEYS.c.member_id == KEY_SIGHTS.c.member_id) & (KEYS.c.key_id == KEY_SIGHTS.c.key_id)
    unconfirmed = select(func.count()).select_from(KEY_SIGHTS.outerjoin(KEYS, known)).where(KEYS.c.key_id.is_(None))
    return Standing(
        member_id=pseudonym(connection),
        has_read=connection.execute(select(PLACES.c.place).limit(1)).first() is not None,
        last_checked=read_time(last),
        waiting=waiting(connection),
        n_keys_waiting=_n(connection, unconfirmed),
        n_passed_over=_n(connection, select(func.count()).select_from(PASSED_OVER)),
        n_appeals=_n(connection, select(func.count()).select_from(APPEALS_TOLD)),
        index_at=_written_at(node.index),
    )


def pseudonym(connection: Connection) -> str | None:
    """The member's own, as it stands in what the node has told or answered; the forum is not asked."""
    body = connection.execute(select(OWN.c.body).order_by(NEWEST.desc()).limit(1)).scalar()
    told = told_in(orjson.loads(body)["objects"]) if body else None
    if told is not None:
        return told.maker or None
    body = connection.execute(select(ANSWERS.c.body).where(ANSWERS.c.body.is_not(None)).limit(1)).scalar()
    objects = orjson.loads(body)["objects"] if body else ()
    makers = (str(made["created_by_ref"]) for made in objects if made["type"] == "sighting")
    return next((maker.partition("--")[2] for maker in makers), None)


def passed_over(connection: Connection) -> list[PassedOver]:
    """What was not taken, by whom and why; most first, at most 20."""
    n = func.count()
    wanted = select(PASSED_OVER.c.origin, PASSED_OVER.c.reason, n).group_by(PASSED_OVER.c.origin, PASSED_OVER.c.reason)
    rows = connection.execute(wanted.order_by(n.desc(), PASSED_OVER.c.origin).limit(_MOST_REASONS))
    return [PassedOver(origin, reason, int(count)) for origin, reason, count in rows]


def _n(connection: Connection, wanted: Any) -> int:  # noqa: ANN401 - a statement
    return int(connection.execute(wanted).scalar_one())


def _written_at(index: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp((index / _WINDOW).stat().st_mtime, UTC)
    except OSError:
        return None
