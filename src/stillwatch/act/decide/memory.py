"""What was decided about a stream, for as long as it holds: the same decision, under the same id, recorded once."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from stillwatch.act.decide.clock import Moment
from stillwatch.act.decide.recorder import Recorder
from stillwatch.act.decide.records import Decided, End, Ended
from stillwatch.act.decide.stream import Stream
from stillwatch.model.decision import SEVERITY, Action, Decision

__all__ = ["DecisionMemory", "Held"]

_SLICE: Final = 200
_BREATH_S: Final = 0.002


@dataclass(slots=True)
class Held:
    """One decision about a stream, by one rule.

    rule        Its name; empty for what no rule decided.
    record      Done when the record is durable; None when it has been from the start.
    ends_s      When it ends on the steady clock: a wall clock that is set back makes nothing last longer.
    acts_unrecorded     Its rule fails closed.
    ending      Set when it is to end before its time.
    """

    decision: Decision
    rule: str
    record: Future[None] | None
    ends_s: float
    acts_unrecorded: bool = False
    ending: End | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether the record is durable; once it is, nobody asks again."""
        record = self.record
        if record is not None and record.done() and record.exception() is None:
            self.record = record = None
        return record is None

    @property
    def is_in_force(self) -> bool:
        """Whether anything is done by it, while it holds."""
        return self.acts_unrecorded or self.is_recorded

    def end(self, version: str | None, now: Moment) -> End | None:
        """Why it holds no more; None while it holds.

        version     Of the policy in force; None when that is not looked at.
        """
        if self.ending is not None:
            return self.ending
        if now.wall >= self.decision.expires_at or now.steady_s >= self.ends_s:
            return End.EXPIRED
        return None if version in {None, self.decision.policy_version} else End.REPLACED


class DecisionMemory:
    """Decisions by stream and rule.

    A stream has one decision a rule: rules that look at the request make no flood of records, and an appeal link names
    one thing. A decision of another policy than the one in force holds no more, whoever changed the policy.

    most        Streams that are remembered; of a new one beyond nothing is decided.
    """

    def __init__(self, recorder: Recorder, most: int = 500_000) -> None:
        self.recorder = recorder
        self._most = most
        self._lock = threading.Lock()
        self._held: dict[Stream, tuple[Held, ...]] = {}

    def __len__(self) -> int:
        """Streams with decisions."""
        return len(self._held)

    def held(self, stream: Stream, rule: str, action: Action, version: str, now: Moment) -> Held | None:
        """Decision that holds for a stream by a rule, on record or not yet.

        action      What is done: of a rule that is softened another decision holds.
        version     Of the policy in force.
        """
        for one in self._held.get(stream, ()):
            if one.rule == rule and one.decision.action is action and one.end(version, now) is None:
                return one
        return None

    def harshest(self, stream: Stream, version: str, now: Moment) -> Held | None:
        """The harshest decision in force for a stream."""
        found = [h for h in self._held.get(stream, ()) if h.is_in_force and h.end(version, now) is None]
        return max(found, key=lambda h: SEVERITY[h.decision.action], default=None)

    def remember(
        self, stream: Stream, decision: Decision, now: Moment, *, acts_unrecorded: bool = False
    ) -> Held | None:
        """Hold a new decision and put it on record, unless another thread came first: then that one.

        None when neither memory nor queue has room: then there is no decision.
        """
        with self._lock:
            rule, version = decision.rule or "", decision.policy_version
            known = self.held(stream, rule, decision.action, version, now)
            if known is not None:
                return known
            before = self.harshest(stream, version, now)
            if stream not in self._held and len(self._held) >= self._most:
                return None
            record = self.recorder.submit(Decided(stream, decision, _action(before)))
            if record is None:
                return None
            held = Held(decision, rule, record, _ends_s(decision, now), acts_unrecorded)
            self._held[stream] = (*self._held.get(stream, ()), held)
            return held

    def restore(self, decisions: Iterable[tuple[Stream, Decision]], now: Moment) -> None:
        """Hold decisions that are on record from before a restart; `sweep` ends those whose time is over."""
        with self._lock:
            for stream, decision in decisions:
                held = Held(decision, decision.rule or "", None, _ends_s(decision, now))
                self._held[stream] = (*self._held.get(stream, ()), held)

    def end(self, stream: Stream, why: End) -> None:
        """End what holds for a stream; `sweep` puts it on record."""
        for held in self._held.get(stream, ()):
            held.ending = held.ending or why

    def sweep(self, version_of: Callable[[Stream], str] | None, now: Moment, breath_s: float = _BREATH_S) -> int:
        """Put on record what has ended, and forget it; how many. What cannot be recorded now is kept for the next time.

        version_of  Of the policy in force for a stream. Without one nothing is done, and nothing has ended: a policy
                    that is out of reach comes back, and what it decided holds until it would have expired.
        breath_s    Pause after some streams, so that decisions do not wait for the sweep.
        """
        ended = 0
        for n, stream in enumerate(list(self._held), 1):
            ended += self._sweep(stream, None if version_of is None else version_of(stream), now)
            if n % _SLICE == 0 and breath_s:
                time.sleep(breath_s)
        return ended

    def _sweep(self, stream: Stream, version: str | None, now: Moment) -> int:
        held = self._held.get(stream, ())
        over = [(one, why) for one in held if (why := one.end(version, now)) or (not one.is_recorded and _is_lost(one))]
        if not over:
            return 0
        with self._lock:
            gone = {id(one) for one, why in over if why is None or self._record_end(stream, one, why, now)}
            left = tuple(one for one in self._held.get(stream, ()) if id(one) not in gone)
            if left:
                self._held[stream] = left
            else:
                self._held.pop(stream, None)
        return len(gone)

    def _record_end(self, stream: Stream, held: Held, why: End, now: Moment) -> bool:
        at = min(now.wall, held.decision.expires_at)
        return _is_lost(held) or self.recorder.submit(Ended(stream, held.decision, why, at)) is not None


def _action(held: Held | None) -> Action | None:
    return None if held is None else held.decision.action


def _is_lost(held: Held) -> bool:
    """Whether the decision can never be recorded: nothing was done by it."""
    record = held.record
    return record is not None and record.done() and record.exception() is not None


def _ends_s(decision: Decision, now: Moment) -> float:
    lasts = decision.expires_at - max(decision.decided_at, now.wall)
    return now.steady_s + lasts.total_seconds()
