"""What needs a person: each with its number, a sentence, and where to go; the most pressing first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from stillwatch.act.appeals.answering import appeals_of
from stillwatch.act.appeals.appeal import Appeal
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.cases.case import State
from stillwatch.act.cases.tables import CASES
from stillwatch.act.decide.tables import ALARMS
from stillwatch.act.policy.approvals import approvals
from stillwatch.act.policy.limits import Needs, needs
from stillwatch.act.policy.previews import last_preview
from stillwatch.act.policy.tables import PREVIEWS
from stillwatch.act.policy.versions import load_version
from stillwatch.console.visit import Visit, at
from stillwatch.errors import StillwatchError
from stillwatch.service.access.roles import Right
from stillwatch.signing.stamp import stamp

__all__ = ["Need", "needs_of", "soonest_appeals"]

_MOST_PREVIEWS = 5


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person.

    n           How many; None where there is nothing to count.
    is_grave    It breaks a promise, or leaves something undone that should be done.
    """

    n: int | None
    words: str
    where: str
    is_grave: bool = False


def needs_of(visit: Visit, connection: Connection, status: dict[str, Any] | None) -> list[Need]:
    """Everything that waits, the most pressing first."""
    found = [
        *_appeals(visit, connection),
        *_problems(status),
        *_alarms(connection),
        *_approvals(visit, connection),
        *_cases(visit, connection),
    ]
    return sorted(found, key=lambda need: not need.is_grave)


def soonest_appeals(connection: Connection, most: int = 5) -> list[Appeal]:
    """Appeals that wait, the soonest deadline first."""
    waiting = select(APPEALS.c.appeal_id).where(APPEALS.c.outcome.is_(None)).order_by(APPEALS.c.deadline).limit(most)
    return appeals_of(connection, APPEALS.c.appeal_id.in_(list(connection.execute(waiting).scalars())))


def _appeals(visit: Visit, connection: Connection) -> Iterator[Need]:
    if not visit.may(Right.ANSWER):
        return
    late = select(func.count()).where(APPEALS.c.outcome.is_(None), APPEALS.c.deadline < stamp(visit.now))
    waiting = select(func.count()).where(APPEALS.c.outcome.is_(None), APPEALS.c.deadline >= stamp(visit.now))
    n_late, n_waiting = connection.execute(late).scalar_one(), connection.execute(waiting).scalar_one()
    if n_late:
        words = "appeal is" if n_late == 1 else "appeals are"
        yield Need(n_late, f"{words} overdue: an answer was promised by now", at("appeals"), True)
    if n_waiting:
        words = "appeal waits" if n_waiting == 1 else "appeals wait"
        yield Need(n_waiting, f"{words} for an answer", at("appeals"))


def _problems(status: dict[str, Any] | None) -> Iterator[Need]:
    problems = {} if status is None else status["problems"]
    for part, said in problems.items():
        for sentence in said:
            yield Need(None, f"{part}: {sentence}", "#health", True)


def _alarms(connection: Connection) -> Iterator[Need]:
    for row in connection.execute(select(ALARMS).order_by(ALARMS.c.raised_at.desc()).limit(3)):
        words = (
            f"policy {row.policy_version[:12]} touched {row.share:.1%} of {row.what}, over its limit of {row.limit:.1%}"
        )
        yield Need(None, words, at("policies", row.policy_version), bool(row.is_final))


def _approvals(visit: Visit, connection: Connection) -> Iterator[Need]:
    """Versions whose newest preview needs a second person and has none."""
    if not visit.may(Right.APPROVE):
        return
    newest = select(PREVIEWS.c.version, func.max(PREVIEWS.c.number).label("n")).group_by(PREVIEWS.c.version)
    ordered = connection.execute(newest.order_by(func.max(PREVIEWS.c.number).desc()).limit(_MOST_PREVIEWS))
    for version, _ in ordered.all():
        try:
            found = last_preview(connection, version, visit.console.keys)
            if found is None:
                continue
            limits = load_version(connection, version, visit.console.keys).limits
            waits = needs(found[1].shares, limits) is Needs.TWO
            if waits and not approvals(connection, found[0], visit.console.keys):
                words = f"policy {version[:12]} touches more than one person may allow: a second person must look"
                yield Need(None, words, at("policies", version))
        except StillwatchError:
            continue  # its own page says what is wrong with it


def _cases(visit: Visit, connection: Connection) -> Iterator[Need]:
    counted = select(func.count()).select_from(CASES)
    open_ = connection.execute(counted.where(CASES.c.state == State.OPEN.value)).scalar_one()
    if open_:
        words = "campaign" if open_ == 1 else "campaigns"
        yield Need(open_, f"{words} nobody has looked at yet", at("campaigns", state="open"))
    mine = (CASES.c.assignee == visit.user.name) & (CASES.c.state != State.CLOSED.value)
    n_mine = connection.execute(counted.where(mine)).scalar_one()
    if n_mine:
        yield Need(n_mine, "case is yours" if n_mine == 1 else "cases are yours", at("campaigns", state="mine"))
