"""What other members have told, and what came of it here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from stillwatch.console.sharing.database import MOST
from stillwatch.console.sharing.out import Heard, heard_of
from stillwatch.console.sharing.told import Told, told_of
from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.node.said import OPINIONS
from stillwatch.share.node.tables import ANSWERS, FINDINGS, OBJECTS
from stillwatch.share.stix.ids import read_time

__all__ = ["NOTHING", "THEIR_STATES", "Matched", "Theirs", "matched_of", "n_theirs", "theirs"]

NOTHING: Final = "nothing"
"""Answer where nothing could be compared: nothing is sent of it."""
THEIR_STATES: Final = (SightingAnswer.SEEN.value, SightingAnswer.LOOKED_NOT_SEEN.value, NOTHING, "disputed", "gone")
_FIRST, _LAST = "indicator--", "indicator-."
"""Ids of indicators stand between these: a range of the key, so that other objects are not read."""
_INDICATOR: Final = and_(OBJECTS.c.object_id >= _FIRST, OBJECTS.c.object_id < _LAST)
_ID: Final = func.substr(OBJECTS.c.object_id, len(_FIRST) + 1)


@dataclass(frozen=True, slots=True)
class Matched:
    """What of the member's own an indicator points to.

    n_families  Families that it matches.
    most_bits   Of the best match.
    """

    n_families: int
    most_bits: float
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class Theirs:
    """An indicator of another member.

    origin      Pseudonym; empty of one that was deleted before it came.
    answer      What the node answered to this version, `NOTHING` too; None when it has not checked it.
    """

    indicator_id: str
    origin: str
    modified: datetime | None
    is_revoked: bool
    answer: str | None
    checked_at: datetime | None
    told: Told | None
    matched: Matched | None
    heard: Heard


def n_theirs(connection: Connection, state: str = "", origin: str = "") -> int:
    """How many there are, as `theirs` chooses."""
    wanted = select(func.count()).select_from(_joined()).where(*_chosen(state, origin))
    return int(connection.execute(wanted).scalar_one())


def theirs(
    connection: Connection, start: int = 0, most: int = MOST, *, state: str = "", origin: str = ""
) -> list[Theirs]:
    """A page of others' indicators, the newest first.

    state       One of `THEIR_STATES`; empty for all.
    origin      Only of this member; empty for all.
    """
    wanted = (
        select(OBJECTS.c.object_id, OBJECTS.c.origin, OBJECTS.c.modified, OBJECTS.c.revoked)
        .add_columns(ANSWERS.c.answer, ANSWERS.c.checked_at)
        .select_from(_joined())
        .where(*_chosen(state, origin))
        .order_by(OBJECTS.c.modified.desc(), OBJECTS.c.object_id)
    )
    rows = connection.execute(wanted.limit(most).offset(start)).all()
    ids = [row.object_id.removeprefix(_FIRST) for row in rows]
    told, matched, heard = told_of(connection, ids), matched_of(connection, ids), heard_of(connection, ids)
    return [
        Theirs(
            one,
            row.origin,
            read_time(row.modified),
            row.revoked,
            None if row.checked_at is None else row.answer or NOTHING,
            read_time(row.checked_at),
            told.get(one),
            matched.get(one),
            heard.get(one, Heard()),
        )
        for one, row in zip(ids, rows, strict=True)
    ]


def matched_of(connection: Connection, indicator_ids: Sequence[str]) -> dict[str, Matched]:
    """What indicators point to here; those that point to nothing are left out."""
    wanted = select(FINDINGS.c.indicator_id, FINDINGS.c.word, FINDINGS.c.withdrawn)
    found: dict[str, Matched] = {}
    for row in connection.execute(wanted.where(FINDINGS.c.indicator_id.in_(indicator_ids))):
        bits, before = _bits(row.word), found.get(row.indicator_id)
        n, most = (0, bits) if before is None else (before.n_families, before.most_bits)
        found[row.indicator_id] = Matched(n + 1, max(most, bits), row.withdrawn)
    return found


def _bits(word: Mapping[str, Any]) -> float:
    return float(word.get("match_bits") or 0.0)


def _joined() -> Any:  # noqa: ANN401 - a join of two tables
    """Indicators with the answer to the version that is held."""
    return OBJECTS.outerjoin(ANSWERS, and_(ANSWERS.c.indicator_id == _ID, ANSWERS.c.version == OBJECTS.c.modified))


def _chosen(state: str, origin: str) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [_INDICATOR]
    if origin:
        chosen.append(OBJECTS.c.origin == origin)
    if state == "gone":
        return [*chosen, OBJECTS.c.revoked]
    if state:
        chosen.append(OBJECTS.c.revoked.is_(False))
    if state == "disputed":
        against = exists().where(OPINIONS.c.indicator_id == _ID, OPINIONS.c.opinion.is_not(None))
        chosen.append(against.where(OPINIONS.c.revoked.is_(False)))
    elif state == NOTHING:
        chosen += [ANSWERS.c.checked_at.is_not(None), ANSWERS.c.answer.is_(None)]
    elif state:
        chosen.append(ANSWERS.c.answer == state)
    return chosen
