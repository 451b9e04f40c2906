"""What the member has answered to others: seen, looked and not seen, nothing to compare; sent, or waiting to be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from stillwatch.console.sharing.database import MOST
from stillwatch.console.sharing.incoming import NOTHING
from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.node.tables import ANSWERS, OBJECTS
from stillwatch.share.stix.ids import read_time

__all__ = ["ANSWER_STATES", "Answered", "Waiting", "answered", "n_answered", "waiting"]

ANSWER_STATES: Final = (SightingAnswer.SEEN.value, SightingAnswer.LOOKED_NOT_SEEN.value, NOTHING, "waiting")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to one version of an indicator.

    answer      As in `SightingAnswer`, or `NOTHING`.
    days        Of traffic that were searched.
    coverage    Share of it that carries what was searched for, 0 to 1.
    is_sent     Whether the forum has it; of `NOTHING` nothing is sent.
    """

    indicator_id: str
    origin: str
    answer: str
    days: int
    coverage: float
    checked_at: datetime | None
    is_sent: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Answers that the forum has not got.

    since   Of the oldest; None when none waits.
    """

    n: int
    since: datetime | None


def n_answered(connection: Connection, state: str = "", indicator_id: str = "") -> int:
    """How many there are, as `answered` chooses."""
    wanted = select(func.count()).select_from(ANSWERS).where(*_chosen(state, indicator_id))
    return int(connection.execute(wanted).scalar_one())


def answered(
    connection: Connection, start: int = 0, most: int = MOST, *, state: str = "", indicator_id: str = ""
) -> list[Answered]:
    """A page of answers, the newest first.

    state           One of `ANSWER_STATES`; empty for all.
    indicator_id    Only to this indicator; empty for all.
    """
    columns = (name for name in ANSWERS.c if name.name != "body")
    wanted = (
        select(*columns, OBJECTS.c.origin)
        .outerjoin(OBJECTS, OBJECTS.c.object_id == "indicator--" + ANSWERS.c.indicator_id)
        .where(*_chosen(state, indicator_id))
        .order_by(ANSWERS.c.checked_at.desc(), ANSWERS.c.indicator_id)
    )
    return [
        Answered(
            row.indicator_id,
            row.origin or "",
            row.answer or NOTHING,
            row.days,
            row.coverage,
            read_time(row.checked_at),
            row.is_sent,
        )
        for row in connection.execute(wanted.limit(most).offset(start))
    ]


def waiting(connection: Connection) -> Waiting:
    """Answers that are still to be sent."""
    wanted = select(func.count(), func.min(ANSWERS.c.checked_at)).where(ANSWERS.c.is_sent.is_(False))
    n, since = connection.execute(wanted).one()
    return Waiting(int(n), read_time(since))


def _chosen(state: str, indicator_id: str) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if indicator_id:
        chosen.append(ANSWERS.c.indicator_id == indicator_id)
    if state == "waiting":
        chosen.append(ANSWERS.c.is_sent.is_(False))
    elif state == NOTHING:
        chosen.append(ANSWERS.c.answer.is_(None))
    elif state:
        chosen.append(ANSWERS.c.answer == state)
    return chosen
