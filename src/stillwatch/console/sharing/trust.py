"""What the node holds of the other members: grades by kind of signal, and how their words fared here.

The node keeps a grade for each indicator that points to something of the member's own: the worst that the forum's
audits say of its source, over the kinds that matched. So of a member and a kind the best grade of any such indicator
is shown: the source is at least that good, as far as this node has asked.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from stillwatch.model.indicator import SightingAnswer, SignalKind
from stillwatch.share.node.said import OPINIONS
from stillwatch.share.node.tables import ANSWERS, FINDINGS, OBJECTS
from stillwatch.share.node.trust_tables import GRADES

__all__ = ["MOST_GRADED", "Trusted", "trust_of"]

MOST_GRADED: Final = 2_000
"""Graded indicators that are looked at, the last ones."""
_MOST_MEMBERS: Final = 500
_BEST: Final = "FEDCBA"


@dataclass(slots=True)
class Trusted:
    """One member.

    n_told      Indicators of its that came; n_gone of these it, or the forum, took back.
    n_seen      That were seen here; n_looked looked for in vain.
    n_false     That some member holds to be false.
    n_graded    That are graded here.
    grades      Best grade of a source by kind of signal; a kind that is not there was never graded.
    information How many by grade of what is said.
    n_proved    With another independent origin, proved.
    """

    member_id: str
    n_told: int = 0
    n_gone: int = 0
    n_seen: int = 0
    n_looked: int = 0
    n_false: int = 0
    n_graded: int = 0
    grades: dict[str, str] = field(default_factory=dict)
    information: Counter[str] = field(default_factory=Counter)
    n_proved: int = 0


def trust_of(connection: Connection) -> tuple[list[Trusted], bool]:
    """Members of whom something came, those who told most first; and whether all grades were looked at."""
    found: dict[str, Trusted] = {}
    _count_told(connection, found)
    _count_answers(connection, found)
    is_all = _add_grades(connection, found)
    return sorted(found.values(), key=lambda one: (-one.n_told, one.member_id)), is_all


def _count_told(connection: Connection, found: dict[str, Trusted]) -> None:
    indicators = (OBJECTS.c.object_id >= "indicator--") & (OBJECTS.c.object_id < "indicator-.")
    n = func.count()
    wanted = select(OBJECTS.c.origin, n, func.sum(OBJECTS.c.revoked)).where(indicators, OBJECTS.c.origin != "")
    for origin, told, gone in connection.execute(
        wanted.group_by(OBJECTS.c.origin).order_by(n.desc()).limit(_MOST_MEMBERS)
    ):
        found[origin] = Trusted(origin, int(told), int(gone or 0))


def _count_answers(connection: Connection, found: Mapping[str, Trusted]) -> None:
    of_whom = OBJECTS.c.object_id == "indicator--" + ANSWERS.c.indicator_id
    n = func.count(ANSWERS.c.indicator_id.distinct())
    wanted = select(OBJECTS.c.origin, ANSWERS.c.answer, n).join_from(ANSWERS, OBJECTS, of_whom)
    for origin, answer, count in connection.execute(wanted.group_by(OBJECTS.c.origin, ANSWERS.c.answer)):
        if origin not in found:
            continue
        if answer == SightingAnswer.SEEN.value:
            found[origin].n_seen = int(count)
        elif answer == SightingAnswer.LOOKED_NOT_SEEN.value:
            found[origin].n_looked = int(count)


def _add_grades(connection: Connection, found: Mapping[str, Trusted]) -> bool:
    of_whom = OBJECTS.c.object_id == "indicator--" + GRADES.c.indicator_id
    wanted = select(GRADES, OBJECTS.c.origin).join_from(GRADES, OBJECTS, of_whom)
    rows = connection.execute(wanted.order_by(OBJECTS.c.modified.desc()).limit(MOST_GRADED + 1)).all()
    looked = rows[:MOST_GRADED]
    kinds = _kinds(connection, [row.indicator_id for row in looked])
    for row in looked:
        if row.origin in found:
            _add(found[row.origin], row, kinds.get(row.indicator_id, frozenset()))
    for indicator_origin, n in _disputed(connection):
        if indicator_origin in found:
            found[indicator_origin].n_false = n
    return len(rows) <= MOST_GRADED


def _kinds(connection: Connection, indicator_ids: list[str]) -> dict[str, frozenset[str]]:
    """Kinds whose tags matched here, by indicator."""
    found: dict[str, frozenset[str]] = {}
    for start in range(0, len(indicator_ids), 500):
        here = FINDINGS.c.indicator_id.in_(indicator_ids[start : start + 500])
        for name, word in connection.execute(select(FINDINGS.c.indicator_id, FINDINGS.c.word).where(here)):
            found[name] = found.get(name, frozenset()) | frozenset(word.get("tag_kinds") or ())
    return found


def _disputed(connection: Connection) -> list[tuple[str, int]]:
    """How many indicators of each member somebody holds to be false."""
    of_whom = OBJECTS.c.object_id == "indicator--" + OPINIONS.c.indicator_id
    wanted = select(OBJECTS.c.origin, func.count(OPINIONS.c.indicator_id.distinct()))
    stands = OPINIONS.c.opinion.is_not(None), OPINIONS.c.revoked.is_(False)
    rows = connection.execute(wanted.join_from(OPINIONS, OBJECTS, of_whom).where(*stands).group_by(OBJECTS.c.origin))
    return [(origin, int(n)) for origin, n in rows]


def _add(one: Trusted, row: Row[Any], kinds: frozenset[str]) -> None:
    one.n_graded += 1
    one.information[row.information] += 1
    one.n_proved += row.origins > 1
    for kind in kinds & frozenset(SignalKind):
        known = one.grades.get(kind)
        if known is None or _BEST.index(row.source) > _BEST.index(known):
            one.grades[kind] = row.source
