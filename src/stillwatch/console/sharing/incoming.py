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

__all__ = ["NOTHING", "THEIR_STATES", "Matched", "Tally", "Theirs", "matched_of", "n_theirs", "tally", "theirs"]

NOTHING: Final = "nothing"
"""Answer where nothing could be compared: nothing is sent of it."""
_BY_ANSWER: Final = (SightingAnswer.SEEN.value, SightingAnswer.LOOKED_NOT_SEEN.value, NOTHING)
THEIR_STATES: Final = (*_BY_ANSWER, "disputed", "gone")
_NOT_CHECKED: Final = (None, None)
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


@dataclass(frozen=True, slots=True)
class Tally:
    """How many indicators of others there are.

    n_seen      Indicators that were seen here, in any version; n_looked that were looked for in vain.
    """

    n: int
    n_gone: int
    n_seen: int
    n_looked: int


def tally(connection: Connection) -> Tally:
    """All of them, by what came of them."""
    wanted = select(func.count(), func.sum(OBJECTS.c.revoked)).where(_INDICATOR)
    n, gone = connection.execute(wanted).one()
    by_answer = select(ANSWERS.c.answer, func.count(ANSWERS.c.indicator_id.distinct())).group_by(ANSWERS.c.answer)
    answers = {answer: int(count) for answer, count in connection.execute(by_answer)}
    seen, looked = (answers.get(one.value, 0) for one in (SightingAnswer.SEEN, SightingAnswer.LOOKED_NOT_SEEN))
    return Tally(int(n), int(gone or 0), seen, looked)


def n_theirs(connection: Connection, state: str = "", origin: str = "") -> int:
    """How many there are, as `theirs` chooses."""
    wanted = select(func.count()).select_from(_tables(state)).where(*_chosen(state, origin))
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
        .select_from(_tables(state))
        .where(*_chosen(state, origin))
        .order_by(OBJECTS.c.modified.desc(), OBJECTS.c.object_id)
    )
    rows = connection.execute(wanted.limit(most).offset(start)).all()
    ids = [row.object_id.removeprefix(_FIRST) for row in rows]
    answers = _answers(connection, ids)
    told, matched, heard = told_of(connection, ids), matched_of(connection, ids), heard_of(connection, ids)
    return [
        Theirs(
            indicator_id=one,
            origin=row.origin,
            modified=read_time(row.modified),
            is_revoked=row.revoked,
            answer=answers.get((one, row.modified), _NOT_CHECKED)[0],
            checked_at=answers.get((one, row.modified), _NOT_CHECKED)[1],
            told=told.get(one),
            matched=matched.get(one),
            heard=heard.get(one, Heard()),
        )
        for one, row in zip(ids, rows, strict=True)
    ]


def _answers(
    connection: Connection, indicator_ids: Sequence[str]
) -> dict[tuple[str, str], tuple[str, datetime | None]]:
    """Answers to versions of these indicators, and when they were given."""
    columns = ANSWERS.c.indicator_id, ANSWERS.c.version, ANSWERS.c.answer, ANSWERS.c.checked_at
    rows = connection.execute(select(*columns).where(ANSWERS.c.indicator_id.in_(indicator_ids)))
    return {(row.indicator_id, row.version): (row.answer or NOTHING, read_time(row.checked_at)) for row in rows}


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


def _tables(state: str) -> Any:  # noqa: ANN401 - a table, or a join of two
    """Indicators; with the answer to the version that is held where it is asked for."""
    if state not in _BY_ANSWER:
        return OBJECTS
    return OBJECTS.join(ANSWERS, and_(ANSWERS.c.indicator_id == _ID, ANSWERS.c.version == OBJECTS.c.modified))


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
        chosen.append(ANSWERS.c.answer.is_(None))
    elif state:
        chosen.append(ANSWERS.c.answer == state)
    return chosen
