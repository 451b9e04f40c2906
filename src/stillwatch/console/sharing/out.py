"""What the member has told: its own indicators, and what the others have answered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import ColumnElement, Connection, func, select

from stillwatch.console.sharing.database import MOST, NEWEST
from stillwatch.console.sharing.told import Told, told_in
from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.node.said import OPINIONS, SIGHTINGS
from stillwatch.share.node.tables import OWN

__all__ = ["OWN_STATES", "Heard", "Ours", "heard_of", "n_ours", "ours"]

OWN_STATES: Final = ("stands", "gone")


@dataclass(frozen=True, slots=True)
class Heard:
    """What other members said of an indicator and did not take back.

    n_seen      Members that saw it.
    n_looked    Members that looked and did not see it.
    n_against   Members that hold it to be false.
    """

    n_seen: int = 0
    n_looked: int = 0
    n_against: int = 0


@dataclass(frozen=True, slots=True)
class Ours:
    """An indicator of the member's own.

    told        None when its body cannot be read.
    """

    indicator_id: str
    campaign_id: str
    is_revoked: bool
    told: Told | None
    heard: Heard

    def state(self, now: datetime) -> str:
        """`gone` when it was taken back, `ended` when its time is over, else `stands`."""
        if self.is_revoked:
            return "gone"
        return "ended" if self.told is not None and self.told.has_ended(now) else "stands"


def n_ours(connection: Connection, state: str = "", campaign_id: str = "") -> int:
    """How many there are, as `ours` chooses."""
    return int(
        connection.execute(select(func.count()).select_from(OWN).where(*_chosen(state, campaign_id))).scalar_one()
    )


def ours(
    connection: Connection, start: int = 0, most: int = MOST, *, state: str = "", campaign_id: str = ""
) -> list[Ours]:
    """A page of the member's indicators, those that were told last first.

    state       One of `OWN_STATES`; empty for all.
    campaign_id Only of this campaign; empty for all.
    """
    wanted = select(OWN).where(*_chosen(state, campaign_id)).order_by(NEWEST.desc()).limit(most).offset(start)
    rows = connection.execute(wanted).all()
    heard = heard_of(connection, [row.indicator_id for row in rows])
    return [
        Ours(
            row.indicator_id,
            row.campaign_id,
            row.revoked,
            told_in(orjson.loads(row.body)["objects"]) if row.body else None,
            heard.get(row.indicator_id, Heard()),
        )
        for row in rows
    ]


def heard_of(connection: Connection, indicator_ids: Sequence[str]) -> dict[str, Heard]:
    """What others said of these indicators; those of which nobody said anything are left out."""
    seen: Counter[tuple[str, str]] = Counter()
    answers = (
        select(SIGHTINGS.c.indicator_id, SIGHTINGS.c.answer, func.count())
        .where(SIGHTINGS.c.indicator_id.in_(indicator_ids), SIGHTINGS.c.revoked.is_(False))
        .group_by(SIGHTINGS.c.indicator_id, SIGHTINGS.c.answer)
    )
    for indicator_id, answer, n in connection.execute(answers):
        seen[indicator_id, answer] += n
    against = (
        select(OPINIONS.c.indicator_id, func.count())
        .where(
            OPINIONS.c.indicator_id.in_(indicator_ids), OPINIONS.c.opinion.is_not(None), OPINIONS.c.revoked.is_(False)
        )
        .group_by(OPINIONS.c.indicator_id)
    )
    for indicator_id, n in connection.execute(against):
        seen[indicator_id, "against"] += n
    return {
        one: Heard(
            seen[one, SightingAnswer.SEEN.value], seen[one, SightingAnswer.LOOKED_NOT_SEEN.value], seen[one, "against"]
        )
        for one in {name for name, _ in seen}
    }


def _chosen(state: str, campaign_id: str) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if state:
        chosen.append(OWN.c.revoked.is_(state == "gone"))
    if campaign_id:
        chosen.append(OWN.c.campaign_id == campaign_id)
    return chosen
