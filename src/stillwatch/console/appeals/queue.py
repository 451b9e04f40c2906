"""Appeals as a queue: those that wait by their deadlines, answered ones newest first; without customers' words."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, func, select

from stillwatch.act.appeals.appeal import Grounds, Outcome, State
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.cases.tables import CASE_ALIASES
from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.console.appeals.asked import AskedAppeals
from stillwatch.model.decision import Action
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.stats.tails import clopper_pearson

__all__ = ["SPAN", "Heard", "Line", "RuleShare", "counts", "heard", "lines", "lines_where", "names_of", "next_deadline"]

SPAN: Final = timedelta(days=90)
"""What figures are of: appeals that were due in it."""
_CHUNK: Final = 5_000
_MOST_HELD: Final = 20_000
"""Ids that one statement may name; of more, those with the first deadlines are shown."""
_WAITS: Final = APPEALS.c.outcome.is_(None)
_LIGHT: Final = [column for column in APPEALS.c if column.name not in {"statement", "contact", "answer"}]
_JOINED: Final = APPEALS.outerjoin(DECISIONS, APPEALS.c.decision_id == DECISIONS.c.decision_id)
_LINES: Final = select(*_LIGHT, DECISIONS.c.action, DECISIONS.c.rule, DECISIONS.c.policy_version).select_from(_JOINED)


@dataclass(frozen=True, slots=True)
class Line:
    """One appeal in the queue.

    action, rule, policy_version    Of the decision; None when that is not on record any more.
    """

    appeal_id: str
    decision_id: str
    stream: Stream
    grounds: Grounds
    filed_at: datetime
    deadline: datetime
    looked_at: datetime | None
    looked_by: str | None
    outcome: Outcome | None
    answered_at: datetime | None
    answered_by: str | None
    action: Action | None
    rule: str | None
    policy_version: str | None

    @property
    def state(self) -> State:
        """Where it is."""
        if self.outcome is not None:
            return State(self.outcome.value)
        return State.FILED if self.looked_at is None else State.LOOKED_AT

    def is_overdue(self, now: datetime) -> bool:
        """Whether the provider has broken its promise."""
        return self.outcome is None and now > self.deadline


@dataclass(frozen=True, slots=True)
class RuleShare:
    """How often people took back what a rule did.

    low, high   95 % interval of the share (Clopper and Pearson).
    """

    rule: str
    n_answered: int
    n_upheld: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Heard:
    """How appeals were heard that were due in the last 90 days.

    n_due       Answered, or overdue.
    n_in_time   Answered by their deadline.
    """

    n_due: int
    n_in_time: int
    n_answered: int
    n_upheld: int
    by_rule: tuple[RuleShare, ...]


def names_of(connection: Connection, campaign: str) -> list[str]:
    """Every name that a campaign has or had, by any of them."""
    alias = CASE_ALIASES.c.alias
    now = connection.execute(select(CASE_ALIASES.c.case_id).where(alias == campaign)).scalar() or campaign
    earlier = connection.execute(select(alias).where(CASE_ALIASES.c.case_id == now)).scalars()
    return sorted({campaign, now, *earlier})


def lines(
    connection: Connection, asked: AskedAppeals, person: str, now: datetime, held_back: AbstractSet[Stream]
) -> "_Lines":
    """What is asked for, to be counted and paged.

    person      Whose `mine` are.
    held_back   Streams, as `act.appeals.standing.overdue` tells them.
    """
    wanted = _where(connection, asked, person, now)
    found = _Lines(connection, wanted, asked.state)
    if asked.state == "held-back":
        ids = [name for name, stream in _streams(connection, wanted) if stream in held_back]
        return _Lines(connection, [APPEALS.c.appeal_id.in_(ids[:_MOST_HELD])], asked.state)
    return found


@dataclass(frozen=True, slots=True)
class _Lines:
    """Appeals that fulfil conditions, in the order of their state."""

    connection: Connection
    where: Sequence[ColumnElement[bool]]
    state: str

    def n(self) -> int:
        """How many there are."""
        return self.connection.execute(select(func.count()).select_from(APPEALS).where(*self.where)).scalar() or 0

    def page(self, start: int, most: int) -> list[Line]:
        """Some of them."""
        ids = select(APPEALS.c.appeal_id).where(*self.where).order_by(*_order(self.state)).offset(start).limit(most)
        chosen = self.connection.execute(ids).scalars().all()
        by_id: dict[str, Line] = {}
        for first in range(0, len(chosen), _CHUNK):
            here = APPEALS.c.appeal_id.in_(chosen[first : first + _CHUNK])
            by_id |= {one.appeal_id: one for one in lines_where(self.connection, here)}
        return [by_id[name] for name in chosen]


def lines_where(connection: Connection, *conditions: ColumnElement[bool], most: int = 100_000) -> list[Line]:
    """Appeals that fulfil conditions, the last filed first."""
    wanted = _LINES.where(*conditions).order_by(APPEALS.c.filed_at.desc(), APPEALS.c.appeal_id).limit(most)
    return [_line(row) for row in connection.execute(wanted).mappings()]


def counts(connection: Connection, person: str, now: datetime) -> dict[str, int]:
    """How many appeals wait, are overdue, and wait for that person."""
    late, mine = APPEALS.c.deadline < stamp(now), APPEALS.c.looked_by == person
    columns = func.count(), func.sum(case((late, 1), else_=0)), func.sum(case((mine, 1), else_=0))
    n, n_late, n_mine = connection.execute(select(*columns).select_from(APPEALS).where(_WAITS)).one()
    return {"waiting": n, "overdue": n_late or 0, "mine": n_mine or 0}


def next_deadline(connection: Connection, now: datetime) -> datetime | None:
    """The soonest deadline that can still be kept; None when nothing waits that could be answered in time."""
    ahead = select(func.min(APPEALS.c.deadline)).where(_WAITS, APPEALS.c.deadline >= stamp(now))
    found = connection.execute(ahead).scalar()
    return None if found is None else time_of(found)


def heard(connection: Connection, now: datetime) -> Heard:
    """Figures of appeals that were due in the last 90 days, or were answered before they will be."""
    outcomes = APPEALS.c.outcome.in_([one.value for one in Outcome]) & (APPEALS.c.deadline >= stamp(now - SPAN))
    in_time = case((APPEALS.c.answered_at <= APPEALS.c.deadline, 1), else_=0)
    columns = DECISIONS.c.rule, APPEALS.c.outcome, func.count(), func.sum(in_time)
    wanted = select(*columns).select_from(_JOINED).where(outcomes).group_by(DECISIONS.c.rule, APPEALS.c.outcome)
    rows = [tuple(row) for row in connection.execute(wanted)]
    late = _WAITS & (APPEALS.c.deadline < stamp(now)) & (APPEALS.c.deadline >= stamp(now - SPAN))
    n_late = connection.execute(select(func.count()).select_from(APPEALS).where(late)).scalar() or 0
    n_answered = sum(n for _, _, n, _ in rows)
    return Heard(
        n_due=n_answered + n_late,
        n_in_time=sum(n for _, _, _, n in rows),
        n_answered=n_answered,
        n_upheld=sum(n for _, outcome, n, _ in rows if outcome == Outcome.UPHELD.value),
        by_rule=_by_rule(rows),
    )


def _by_rule(rows: Sequence[tuple[Any, ...]]) -> tuple[RuleShare, ...]:
    found: dict[str, list[int]] = {}
    for rule, outcome, n, _ in rows:
        answered, upheld = found.get(rule or "", [0, 0])
        found[rule or ""] = [answered + n, upheld + n * (outcome == Outcome.UPHELD.value)]
    shares = [RuleShare(rule, n, k, k / n, *clopper_pearson(k, n)) for rule, (n, k) in found.items()]
    return tuple(sorted(shares, key=lambda one: (-one.share, -one.n_answered, one.rule)))


def _where(connection: Connection, asked: AskedAppeals, person: str, now: datetime) -> list[ColumnElement[bool]]:
    late = and_(_WAITS, APPEALS.c.deadline < stamp(now))
    states: dict[str, list[ColumnElement[bool]]] = {
        "waiting": [_WAITS],
        "overdue": [late],
        "held-back": [late],
        "mine": [_WAITS, APPEALS.c.looked_by == person],
        "answered": [APPEALS.c.outcome.is_not(None)],
    }
    found = list(states.get(asked.state, []))
    if asked.campaign:
        found.append(APPEALS.c.campaign_id.in_(names_of(connection, asked.campaign)))
    if asked.account:
        found.append(APPEALS.c.account_id == asked.account)
    return found


def _order(state: str) -> list[ColumnElement[Any]]:
    newest: list[ColumnElement[Any]] = [APPEALS.c.answered_at.desc(), APPEALS.c.appeal_id.asc()]
    if state == "answered":
        return newest
    soonest: list[ColumnElement[Any]] = [APPEALS.c.deadline.asc(), APPEALS.c.appeal_id.asc()]
    if state != "all":
        return soonest
    waits_first = case((_WAITS, 0), else_=1)
    return [waits_first.asc(), case((_WAITS, APPEALS.c.deadline)).asc(), *newest]


def _streams(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[tuple[str, Stream]]:
    wanted: Select[Any] = select(APPEALS.c.appeal_id, APPEALS.c.campaign_id, APPEALS.c.account_id).where(*where)
    wanted = wanted.order_by(APPEALS.c.deadline, APPEALS.c.appeal_id)
    return [(row.appeal_id, Stream(row.campaign_id, row.account_id)) for row in connection.execute(wanted)]


def _line(row: RowMapping) -> Line:
    return Line(
        appeal_id=row["appeal_id"],
        decision_id=row["decision_id"],
        stream=Stream(row["campaign_id"], row["account_id"]),
        grounds=Grounds(row["grounds"]),
        filed_at=time_of(row["filed_at"]),
        deadline=time_of(row["deadline"]),
        looked_at=time_of(row["looked_at"]) if row["looked_at"] else None,
        looked_by=row["looked_by"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        answered_at=time_of(row["answered_at"]) if row["answered_at"] else None,
        answered_by=row["answered_by"],
        action=Action(row["action"]) if row["action"] else None,
        rule=row["rule"],
        policy_version=row["policy_version"],
    )
