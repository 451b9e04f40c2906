"""How well appeals are heard: time to the first human answer, what waits, and the share upheld by rule."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from stillwatch.act.appeals.appeal import AppealRules, Outcome
from stillwatch.act.appeals.standing import overdue
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.signing.stamp import time_of
from stillwatch.stats.tails import clopper_pearson

__all__ = ["AppealsReport", "RuleUpheld", "appeals_report", "waiting_quantile"]


@dataclass(frozen=True, slots=True)
class RuleUpheld:
    """How often a person took back what a rule did.

    rule        Name of the rule; empty for decisions of no rule.
    low, high   95 % interval of the share (Clopper and Pearson), for answers are few.
    """

    rule: str
    n_answered: int
    n_upheld: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AppealsReport:
    """Figures of all appeals.

    answer_h_median, answer_h_p90   Hours to the first human answer, appeals that still wait counted as longer than they
                    have waited (Kaplan and Meier, 1958); None when too few are answered to tell.
    oldest_open_h   Hours that the oldest open appeal has waited; None when none is open.
    n_late          Answered after the deadline.
    n_softened, n_held_back     Streams of overdue appeals, see standing.py.
    """

    n_filed: int
    n_open: int
    n_overdue: int
    n_upheld: int
    n_denied: int
    n_late: int
    n_softened: int
    n_held_back: int
    answer_h_median: float | None
    answer_h_p90: float | None
    oldest_open_h: float | None
    by_rule: tuple[RuleUpheld, ...]


def appeals_report(connection: Connection, rules: AppealRules, now: datetime) -> AppealsReport:
    """Figures as they stand."""
    columns = APPEALS.c.filed_at, APPEALS.c.deadline, APPEALS.c.outcome, APPEALS.c.answered_at, DECISIONS.c.rule
    joined = APPEALS.join(DECISIONS, APPEALS.c.decision_id == DECISIONS.c.decision_id)
    rows = connection.execute(select(*columns).select_from(joined)).all()
    filed = [time_of(row.filed_at) for row in rows]
    ended = [time_of(row.answered_at) if row.answered_at else None for row in rows]
    waits = [((end or now) - start).total_seconds() / 3600 for start, end in zip(filed, ended, strict=True)]
    answered = [end is not None for end in ended]
    late = overdue(connection, rules, now)
    open_h = [wait for wait, done in zip(waits, answered, strict=True) if not done]
    outcomes = [row.outcome for row in rows]
    return AppealsReport(
        n_filed=len(rows),
        n_open=len(open_h),
        n_overdue=sum(end is None and time_of(r.deadline) < now for r, end in zip(rows, ended, strict=True)),
        n_upheld=outcomes.count(Outcome.UPHELD.value),
        n_denied=outcomes.count(Outcome.DENIED.value),
        n_late=sum(end is not None and end > time_of(r.deadline) for r, end in zip(rows, ended, strict=True)),
        n_softened=len(late.softened),
        n_held_back=len(late.held_back),
        answer_h_median=waiting_quantile(waits, answered, 0.5),
        answer_h_p90=waiting_quantile(waits, answered, 0.9),
        oldest_open_h=max(open_h, default=None),
        by_rule=_by_rule([(row.rule or "", row.outcome) for row in rows if row.outcome]),
    )


def _by_rule(answers: Sequence[tuple[str, str]]) -> tuple[RuleUpheld, ...]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for rule, outcome in answers:
        counts[rule][0] += 1
        counts[rule][1] += outcome == Outcome.UPHELD.value
    found = [RuleUpheld(rule, n, k, k / n, *clopper_pearson(k, n)) for rule, (n, k) in counts.items()]
    return tuple(sorted(found, key=lambda one: (-one.share, one.rule)))


def waiting_quantile(waits: Sequence[float], ended: Sequence[bool], share: float) -> float | None:
    """Time by which a share of waits ends, those that still last counted as longer than they have lasted.

    waits, ended    Times, and whether each is over.
    share           Above 0, below 1.
    References      Kaplan and Meier (1958), J. Am. Stat. Assoc. 53, 457-481.

    >>> waiting_quantile([1.0, 2.0, 3.0, 9.0], [True, True, True, False], 0.5)
    2.0
    """
    left, n = 1.0, len(waits)
    for wait, over in sorted(zip(waits, ended, strict=True), key=lambda pair: (pair[0], not pair[1])):
        if over:
            left *= (n - 1) / n
        n -= 1
        if left < 1 - share or math.isclose(left, 1 - share):
            return wait
    return None
