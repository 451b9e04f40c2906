"""The blast radius while a policy acts: what it touched just now, held against what it may touch unapproved.

Of traffic it is the last hour. Of organisations and tenured accounts it is the last day, as limits and previews mean
it: the accounts of a campaign send at every hour and people at one or two, so that of those seen within an hour a
campaign has a share many times its own, and a policy that does what its preview showed would be stopped. What is wrong
and wide is seen as soon: a rule that hits everybody touches a tenth of a day's organisations within minutes.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from stillwatch.act.decide.clock import Moment
from stillwatch.act.decide.distinct import DAY_MINUTES, Distinct, Minutes
from stillwatch.act.policy.limits import BEYOND_APPROVAL, Limits
from stillwatch.model.decision import Request

__all__ = ["Alarm", "Figures", "Radius", "wrong_share"]

_LEAST: Final = {"traffic": 100, "organisations": 10, "tenured": 5}
"""Touched ones below which a share says nothing: of two organisations one is half, and after a restart the first few
that are seen are everybody. Fewer are a handful that a person can look at one by one."""

_MOST_VERSIONS: Final = 16
"""More than can be in force at once; of a version that has not touched anybody for longest the counts are forgotten."""


class Figures(NamedTuple):
    """All and touched, those that got more than observe: traffic of the last hour, the others of the last day.

    organisations   An account that names none is one of its own.
    """

    traffic: int
    organisations: int
    tenured: int
    touched_traffic: int
    touched_organisations: int
    touched_tenured: int

    def share(self, what: str) -> float:
        """Share touched of traffic, organisations or tenured accounts, 0 to 1."""
        whole = float(getattr(self, what))
        return min(1.0, getattr(self, f"touched_{what}") / whole) if whole else 0.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """A policy that touched too much: it does nothing beyond observe until a person approves it, knowing of this.

    what        Whose share was over its limit: traffic, organisations or tenured.
    is_final    The limit was what nobody can approve: only another policy ends it.
    """

    policy_version: str
    what: str
    share: float
    limit: float
    raised_at: datetime
    is_final: bool = False


def wrong_share(figures: Figures, limits: Limits) -> str | None:
    """What is over its limit, the first in the order traffic, organisations, tenured; None when nothing is.

    >>> wrong_share(Figures(1000, 10, 10, 900, 1, 0), Limits())
    'traffic'
    """
    for what, least in _LEAST.items():
        if getattr(figures, f"touched_{what}") >= least and figures.share(what) > getattr(limits, what):
            return what
    return None


class _Counts:
    """Requests of the last hour, organisations and tenured accounts of the last day."""

    def __init__(self) -> None:
        self.requests = Minutes()
        self.organisations = Distinct(DAY_MINUTES)
        self.tenured = Distinct(DAY_MINUTES)

    def add(self, request: Request, minute: int, *, is_tenured: bool) -> bool:
        """Count one; whether its organisation or tenured account is a new one."""
        self.requests.add(minute)
        is_new = self.organisations.add(request.organisation_id or request.account_id, minute)
        return (is_tenured and self.tenured.add(request.account_id, minute)) or is_new

    def figures(self, minute: int) -> tuple[int, int, int]:
        for part in (self.requests, self.organisations, self.tenured):
            part.advance(minute)
        return self.requests.total, round(self.organisations.estimate), round(self.tenured.estimate)


class Radius:
    """Counts of the last hour and day, and the alarms raised; what one policy touched is not laid to another's charge.

    In a staged roll-out two versions and more act, each on its own streams, and each is counted by itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all = _Counts()
        self._touched: OrderedDict[str, _Counts] = OrderedDict()
        self._alarms: dict[tuple[str, bool], Alarm] = {}
        self._untold: list[Alarm] = []

    def alarm(self, version: str, approved_at: datetime | None) -> Alarm | None:
        """Alarm that keeps a policy from doing more than observe; None when none does.

        approved_at     When a person approved that it touches more than its limits, None for never. Whoever did
                        before the alarm has not seen it.
        """
        final, first = self._alarms.get((version, True)), self._alarms.get((version, False))
        is_lifted = first is None or (approved_at is not None and approved_at >= first.raised_at)
        return final if final is not None or is_lifted else first

    def restore(self, alarm: Alarm) -> None:
        """Take an alarm that was raised before a restart."""
        self._alarms[alarm.policy_version, alarm.is_final] = alarm

    def figures(self, now: Moment, version: str) -> Figures:
        """All, and what one version touched."""
        with self._lock:
            return self._figures(_minute(now), self._touched.get(version) or _Counts())

    def saw(self, request: Request, now: Moment, *, is_tenured: bool) -> None:
        """Count a request that is answered."""
        with self._lock:
            self._all.add(request, _minute(now), is_tenured=is_tenured)

    def touched(self, request: Request, now: Moment, version: str, limits: Limits | None, *, is_tenured: bool) -> None:
        """Count a request that got more than observe, and raise an alarm when it was one too many.

        limits      Of the policy; None when a person has approved more: then what nobody can approve is the limit.
        """
        minute = _minute(now)
        key = version, limits is None
        with self._lock:
            touched = self._touched_by(version)
            is_new = touched.add(request, minute, is_tenured=is_tenured)
            if key not in self._alarms and (is_new or self._is_much(touched, limits or BEYOND_APPROVAL)):
                self._hold_against(self._figures(minute, touched), limits or BEYOND_APPROVAL, key, now)

    def _touched_by(self, version: str) -> _Counts:
        touched = self._touched.setdefault(version, _Counts())
        self._touched.move_to_end(version)
        if len(self._touched) > _MOST_VERSIONS:
            self._touched.popitem(last=False)
        return touched

    def _is_much(self, touched: _Counts, limits: Limits) -> bool:
        """Whether the share of traffic may be over its limit: the others only grow with somebody new."""
        return touched.requests.total > limits.traffic * self._all.requests.total

    def _hold_against(self, figures: Figures, limits: Limits, key: tuple[str, bool], now: Moment) -> None:
        what = wrong_share(figures, limits)
        if what is not None:
            version, is_final = key
            alarm = Alarm(version, what, figures.share(what), getattr(limits, what), now.wall, is_final)
            self._alarms[key] = alarm
            self._untold.append(alarm)

    def tell(self, put: Callable[[Alarm], bool]) -> None:
        """Put alarms on record that are not yet.

        put     Whether it was taken; what was not is told again.
        """
        with self._lock:
            waiting, self._untold = self._untold, []
        left = [alarm for alarm in waiting if not put(alarm)]
        with self._lock:
            self._untold += left

    def _figures(self, minute: int, touched: _Counts) -> Figures:
        return Figures(*self._all.figures(minute), *touched.figures(minute))


def _minute(now: Moment) -> int:
    return int(now.steady_s // 60) + DAY_MINUTES
