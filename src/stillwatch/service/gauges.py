"""What the parts of the service count by themselves, brought into its metrics."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from sqlalchemy import Connection, func, select

from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.cases.case import State
from stillwatch.act.cases.tables import CASES
from stillwatch.act.decide.health import Health
from stillwatch.model.decision import Action
from stillwatch.service.metrics import PrometheusMetrics
from stillwatch.signing.stamp import stamp

__all__ = ["tell_decisions", "tell_desk"]

_ACTIONS: Final = frozenset(action.value for action in Action)
_FAILED: Final = "failed:"


class _Active(Protocol):
    """A policy in force."""

    @property
    def number(self) -> int: ...

    @property
    def stage(self) -> float: ...


def tell_decisions(metrics: PrometheusMetrics, health: Health, active: _Active | None) -> None:
    """Decisions by action and by guard, what waits, and the share that was touched."""
    failed = 0
    for name, n in health.counts.items():
        if name in _ACTIONS:
            metrics.total("stillwatch_decide_decisions_total", n, action=name)
        elif name.startswith(_FAILED):
            failed += n
        else:
            metrics.total("stillwatch_decide_softened_total", n, guard=name)
    metrics.total("stillwatch_decide_failed_rules_total", failed)
    metrics.gauge("stillwatch_decide_waiting_records", health.n_waiting)
    metrics.gauge("stillwatch_decide_held_streams", health.n_held)
    metrics.gauge("stillwatch_decide_alarm", health.alarm is not None)
    for what in ("traffic", "organisations", "tenured"):
        metrics.gauge("stillwatch_decide_touched_share", health.figures.share(what), of=what)
    metrics.gauge("stillwatch_policy_activation", 0 if active is None else active.number)
    metrics.gauge("stillwatch_policy_stage", 0.0 if active is None else active.stage)


def tell_desk(metrics: PrometheusMetrics, connection: Connection, now: datetime | None = None) -> None:
    """Cases by state, and appeals that wait for a person."""
    counted = select(CASES.c.state, func.count()).group_by(CASES.c.state)
    by_state: Mapping[str, int] = {row[0]: row[1] for row in connection.execute(counted)}
    for state in State:
        metrics.gauge("stillwatch_cases", by_state.get(state.value, 0), state=state.value)
    is_late = APPEALS.c.deadline < stamp(now or datetime.now(UTC))
    waiting = select(is_late, func.count()).where(APPEALS.c.outcome.is_(None)).group_by(is_late)
    by_lateness = {bool(late): n for late, n in connection.execute(waiting)}
    for late in (False, True):
        metrics.gauge("stillwatch_appeals_waiting", by_lateness.get(late, 0), overdue="yes" if late else "no")
