"""What was taken back, by us or by others, and appeals that are filed or wait at the forum."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from stillwatch.console.sharing.database import MOST
from stillwatch.share.node.tables import APPEALS_FILED, APPEALS_TOLD
from stillwatch.signing.stamp import time_of

__all__ = ["Filed", "Told", "filed", "n_filed", "n_told", "told"]


@dataclass(frozen=True, slots=True)
class Filed:
    """An appeal that the member has filed for a customer, who is not named.

    grounds     As in `Grounds`.
    is_sent     Whether the forum has it.
    """

    reference: str
    indicator_id: str
    grounds: str
    filed_at: datetime
    is_sent: bool


@dataclass(frozen=True, slots=True)
class Told:
    """An appeal that the forum has told the node of, and that a person is to answer."""

    appeal: str
    indicator_id: str


def n_filed(connection: Connection) -> int:
    """Appeals that the member has filed."""
    return int(connection.execute(select(func.count()).select_from(APPEALS_FILED)).scalar_one())


def filed(connection: Connection, start: int = 0, most: int = MOST) -> list[Filed]:
    """A page of these, the latest first."""
    columns = (column for column in APPEALS_FILED.c if column.name != "body")
    wanted = select(*columns).order_by(APPEALS_FILED.c.filed_at.desc()).limit(most).offset(start)
    return [
        Filed(row.reference, row.indicator_id, row.grounds, time_of(row.filed_at), row.is_sent)
        for row in connection.execute(wanted)
    ]


def n_told(connection: Connection, indicator_id: str = "") -> int:
    """Appeals that the node was told of; of one indicator if wanted."""
    wanted = select(func.count()).select_from(APPEALS_TOLD)
    if indicator_id:
        wanted = wanted.where(APPEALS_TOLD.c.indicator_id == indicator_id)
    return int(connection.execute(wanted).scalar_one())


def told(connection: Connection, start: int = 0, most: int = MOST) -> list[Told]:
    """A page of these."""
    wanted = select(APPEALS_TOLD).order_by(APPEALS_TOLD.c.appeal).limit(most).offset(start)
    return [Told(row.appeal, row.indicator_id) for row in connection.execute(wanted)]
