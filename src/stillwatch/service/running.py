"""A service that runs: its parts, and what they say of themselves together."""

from dataclasses import dataclass
from typing import Any, Final

from stillwatch import __version__
from stillwatch.service.access.doorkeeper import Doorkeeper
from stillwatch.service.collect.collector import Collector
from stillwatch.service.collect.journal import Journal
from stillwatch.service.collect.redis_source import RedisSource
from stillwatch.service.deciding import Deciding
from stillwatch.service.gauges import tell_decisions
from stillwatch.service.health import Health
from stillwatch.service.home import Home
from stillwatch.service.late_facts import LateFacts
from stillwatch.service.metrics import PrometheusMetrics
from stillwatch.service.partner.service_member import Member
from stillwatch.service.repeating import Repeating
from stillwatch.service.ticking import Ticker, TickerHealth

__all__ = ["Service"]

_PARTS: Final = ("collect", "watch", "decide", "member", "policy", "database", "access", "service")
_OLD_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs.

    drain       Takes what collectors in front have put into Redis; None without any.
    looking, counting   Threads that see what has changed, and count what people wait for.
    """

    home: Home
    metrics: PrometheusMetrics
    doorkeeper: Doorkeeper
    collector: Collector
    journal: Journal
    facts: LateFacts
    member: Member
    deciding: Deciding
    ticker: Ticker
    looking: Repeating
    counting: Repeating
    drain: RedisSource | None = None

    def health(self) -> Health:
        """How it fares."""
        decider, ticks = self.deciding.decider.health(), self.ticker.health()
        problems = {
            "collect": [
                None if self.journal.takes else "the collector cannot write: see its log, and the disk",
                None if self.drain is None else self.drain.problem,
            ],
            "watch": [*_of_ticks(ticks), *self.facts.problems()],
            "decide": [*decider.problems, _told("looking after decisions", self.deciding.tending.problem)],
            "member": [self.member.problem],
            "policy": [self.deciding.in_force.problem, _alarm(decider.alarm)],
            "database": [_of_tokens(self.doorkeeper.age_s), _told("counting what waits", self.counting.problem)],
            "access": self.doorkeeper.refused.problems(),
            "service": [_told("looking at what has changed", self.looking.problem)],
        }
        return Health.of(takes=self.journal.takes, problems=problems)

    def refresh(self) -> None:
        """Bring the metrics up to date."""
        metrics, ticks, decider = self.metrics, self.ticker.health(), self.deciding.decider.health()
        tell_decisions(metrics, decider, self.deciding.in_force())
        metrics.total("stillwatch_watch_restarts_total", ticks.n_restarts)
        if ticks.last is not None:
            metrics.gauge("stillwatch_watch_tick_seconds", ticks.seconds or 0.0)
            metrics.gauge("stillwatch_watch_lag_seconds", ticks.last.lag_s or 0.0)
            metrics.gauge("stillwatch_watch_campaigns", ticks.last.n_campaigns)
            metrics.gauge("stillwatch_watch_streams", ticks.last.n_streams)
        age_s = self.facts.health().index_age_s
        if age_s is not None:
            metrics.gauge("stillwatch_watch_index_age_seconds", age_s)
        problems = self.health().problems
        for part in _PARTS:
            metrics.gauge("stillwatch_problems", len(problems.get(part, ())), part=part)

    def status(self) -> dict[str, Any]:
        """What an operator may know: figures, never who."""
        now, decider, ticks = self.health(), self.deciding.decider.health(), self.ticker.health()
        active = self.deciding.in_force()
        return {
            "version": __version__,
            "takes": now.takes,
            "problems": now.problems,
            "policy": None
            if active is None
            else {"name": active.policy.name, "version": active.policy.version, "stage": active.stage}
            | {"activation": active.number, "since": active.activated_at.isoformat()},
            "collect": self.journal.written._asdict(),
            "watch": None
            if ticks.last is None
            else {"n_exchanges": ticks.last.n_exchanges, "n_campaigns": ticks.last.n_campaigns}
            | {"n_streams": ticks.last.n_streams, "at": ticks.last.at, "lag_s": ticks.last.lag_s},
            "decisions": {"counts": dict(decider.counts), "waiting": decider.n_waiting, "held": decider.n_held},
            "of_late": decider.figures._asdict(),
        }


def _of_ticks(ticks: TickerHealth) -> tuple[str | None, ...]:
    late = None if ticks.is_running else "the watch has stopped"
    failed = None if ticks.error is None else f"the last tick failed: {ticks.error}"
    return late, failed, None if ticks.unheard is None else f"cases are not up to date: {ticks.unheard}"


def _of_tokens(age_s: float) -> str | None:
    return None if age_s < _OLD_S else f"tokens were last read {age_s:,.0f} s ago"


def _told(what: str, problem: str | None) -> str | None:
    return None if problem is None else f"{what} fails: {problem}"


def _alarm(alarm: Any) -> str | None:  # noqa: ANN401 - of the decider
    return None if alarm is None else f"the policy does nothing: it touched too much of {alarm.what}"
