"""The blast radius while a policy acts: what it touched in the last 24 hours, held against what it may touch.

What is counted is the evidence, not the requests: a stream that something is done about counts with the exchanges that
it had in the window which the findings are of, once, however many requests it sends now, and the share is of all
exchanges of that window; organisations and tenured accounts likewise. That is what a preview counts, so that a limit
means the same in both, and two things follow:

- Whoever controls accused streams cannot bring on the alarm by what they send, how much of it or when: what their
  streams add is at most what the evidence says that they sent. Refused requests are no exchanges and so no evidence.
- A stream counts whole as soon as it is touched. What is touched wrongly is seen at its first requests, sooner than by
  counting them.

Who sends a lot while nothing is done about it becomes a larger share of the evidence: then the policy does touch more.
A stream's share is of the window that its evidence is of: windows are of one to two periods, and exchanges of a long
one held against a short one would be twice what they are.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from stillwatch.act.decide.clock import Moment
from stillwatch.act.decide.distinct import STEP_S, WINDOW_STEPS, Distinct, Largest
from stillwatch.act.decide.stream import Stream
from stillwatch.act.policy.limits import BEYOND_APPROVAL, Limits
from stillwatch.model.decision import WindowFacts

__all__ = ["Alarm", "Figures", "Radius", "Touch", "wrong_share"]

_LEAST: Final = {"traffic": 100, "organisations": 10, "tenured": 5}
"""Touched ones below which a share says nothing: of two organisations one is half. Fewer are a handful that a person
can look at one by one."""

_WHOLE: Final = 10**9
"""Shares of traffic are counted in parts of this."""

_SOON: Final = timedelta(microseconds=1)
"""After an approval comes whatever alarm it could not see, also when the clock was set back since."""

_MOST_VERSIONS: Final = 16
"""More than can be in force at once; of a version that has not touched anybody for longest the counts are forgotten."""


class Touch(NamedTuple):
    """A stream that something is done about.

    n_exchanges     Of the stream, in the window that the evidence is of.
    organisation    Of the account; its own name when it is of none.
    """

    stream: Stream
    n_exchanges: int
    organisation: str
    is_tenured: bool


class Figures(NamedTuple):
    """All of the window, and those of the streams that got more than observe in the last 24 hours.

    organisations   An account that names none is one of its own.
    """

    traffic: int
    organisations: int
    tenured: int
    touched_traffic: int
    touched_organisations: int
    touched_tenured: int

    def share(self, what: str) -> float:
        """Share touched of traffic, organisations or tenured accounts, 0 to 1; of what is not known it is all."""
        touched, whole = getattr(self, f"touched_{what}"), getattr(self, what)
        return min(1.0, touched / whole) if whole else float(touched > 0)


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
    """What one version touched in the last 24 hours."""

    def __init__(self) -> None:
        self.traffic = Largest()
        self.organisations = Distinct()
        self.tenured = Distinct()

    def add(self, touch: Touch, window: WindowFacts, step: int) -> bool:
        """Count a stream; whether anything has changed by it."""
        share = touch.n_exchanges / window.n_exchanges if window.n_exchanges else 1.0
        is_new = self.traffic.add(touch.stream, round(share * _WHOLE), step)
        is_new = self.organisations.add(touch.organisation, step) or is_new
        return (touch.is_tenured and self.tenured.add(touch.stream.account_id, step)) or is_new

    def figures(self, window: WindowFacts, step: int) -> tuple[int, int, int]:
        """Exchanges as they would be of this window, organisations, tenured accounts."""
        for part in (self.traffic, self.organisations, self.tenured):
            part.advance(step)
        touched = round(self.traffic.total * window.n_exchanges / _WHOLE)
        return touched, round(self.organisations.estimate), round(self.tenured.estimate)


class Radius:
    """Counts of the last 24 hours, and the alarms raised; what a policy touched is not laid to another one's charge.

    In a staged roll-out two versions and more act, each on its own streams, and each is counted by itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = WindowFacts()
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
        """The newest window, and what one version touched in the last 24 hours."""
        with self._lock:
            touched = self._touched.get(version)
            counts = (0, 0, 0) if touched is None else touched.figures(self._window, _step(now))
            return Figures(*_whole(self._window), *counts)

    def touched(
        self, touch: Touch, window: WindowFacts, now: Moment, version: str, may: tuple[Limits, datetime | None]
    ) -> None:
        """Count a stream that gets more than observe, and raise an alarm when it was one too many.

        may         What the version may touch, and when a second person has approved that; None for nobody has.
        """
        limits, approved_at = may
        step = _step(now)
        with self._lock:
            self._window = window
            touched = self._touched_by(version)
            if not touched.add(touch, window, step) or self.alarm(version, approved_at) is not None:
                return
            figures = Figures(*_whole(window), *touched.figures(window, step))
            what = wrong_share(figures, limits)
            if what is None:
                return
            limit = getattr(limits, what)
            at = now.wall if approved_at is None else max(now.wall, approved_at + _SOON)
            alarm = Alarm(version, what, figures.share(what), limit, at, bool(limit >= getattr(BEYOND_APPROVAL, what)))
            self._alarms[version, alarm.is_final] = alarm
            self._untold.append(alarm)

    def _touched_by(self, version: str) -> _Counts:
        touched = self._touched.pop(version, None) or _Counts()
        self._touched[version] = touched
        if len(self._touched) > _MOST_VERSIONS:
            self._touched.popitem(last=False)
        return touched

    def tell(self, put: Callable[[Alarm], bool]) -> None:
        """Put alarms on record that are not yet.

        put     Whether it was taken; what was not is told again.
        """
        with self._lock:
            waiting, self._untold = self._untold, []
        left = [alarm for alarm in waiting if not put(alarm)]
        with self._lock:
            self._untold += left


def _whole(window: WindowFacts) -> tuple[int, int, int]:
    return window.n_exchanges, window.n_organisations, window.n_tenured


def _step(now: Moment) -> int:
    return int(now.steady_s // STEP_S) + WINDOW_STEPS
