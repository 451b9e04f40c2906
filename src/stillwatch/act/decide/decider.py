"""Decide about one request: facts, first matching rule, guards, memory; only a new decision waits, for its record."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Engine

from stillwatch.act.decide.asked import Asked, does_something
from stillwatch.act.decide.clock import Clock, Moment
from stillwatch.act.decide.guards import UNRECORDED, Guard, Situation, Softened, soften
from stillwatch.act.decide.health import Health
from stillwatch.act.decide.memory import DecisionMemory, Held
from stillwatch.act.decide.partner import PartnerRules
from stillwatch.act.decide.proved import proved_alarms, proved_decisions
from stillwatch.act.decide.radius import Alarm, Radius
from stillwatch.act.decide.records import End
from stillwatch.act.decide.settings import DeciderSettings
from stillwatch.act.decide.source import FactsSource, People
from stillwatch.act.decide.stream import Stream, place_of, stream_of
from stillwatch.act.decide.throttles import Throttles
from stillwatch.act.links_in_text import with_link
from stillwatch.act.policy.policy import ActivePolicy, Fails, Rule
from stillwatch.model.decision import Action, Decision, Facts, Request
from stillwatch.signing.keys import Keys
from stillwatch.store.database import reading

__all__ = ["Answer", "Decider"]

_NO_WINDOW: Final = "nobody tells how much traffic there is, so nothing goes beyond observe: wait for the next tick"
_ENDS = {"cleared": End.CLEARED, "protected": End.PROTECTED}
"""Guards that end what is in force; the others only soften this answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision, and what it still waits for.

    wanted      What the matching rule wants; None when none matches.
    guards      Guards that took something from it.
    record      To be durable before the decision takes effect; None when nothing is waited for.
    otherwise   Decision when that takes too long.
    """

    decision: Decision
    facts: Facts
    wanted: Action | None
    guards: tuple[Guard, ...]
    record: Future[None] | None
    otherwise: Decision


class Decider:
    """Decisions of one process, safe under threads.

    Nothing beyond observe takes effect before its record is durable: the first such answer for a stream and rule waits
    for it, at most `record_wait_s`; later ones come from memory. Whatever fails, fails open: a request is observed when
    facts cannot be had, no policy is in force, or nothing can be recorded; only a rule that fails closed then acts all
    the same, as long as its record can wait in the queue.

    A version that is rolled out in stages decides about the streams that its stage has reached. About others the
    version before it decides as before: no stream is set free by a roll-out, and a rollback changes nothing for them.

    policy_of   The policy in force now; asked at every request, so that nothing outlives a rollback.
    """

    def __init__(
        self,
        source: FactsSource,
        policy_of: Callable[[], ActivePolicy | None],
        memory: DecisionMemory,
        settings: DeciderSettings,
        people: People | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._source = source
        self._policy_of = policy_of
        self._memory = memory
        self._settings = settings
        self._people = people or People()
        self._clock = clock or Clock()
        self._radius = Radius()
        self._throttles = Throttles(settings.most_throttled, settings.burst_s)
        self._partners = PartnerRules()
        self._cleared: frozenset[tuple[str, str]] = frozenset()
        self._overdue: frozenset[tuple[str, str]] = frozenset()
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._problems: dict[str, str] = {}

    def decide(self, request: Request) -> Decision:
        """Decision about a request; it waits at most `record_wait_s`, and only for the first harsh one of a stream."""
        answer = self.begin(request)
        if answer.record is None:
            return answer.decision
        try:
            answer.record.result(self._settings.record_wait_s)
        except Exception:  # noqa: BLE001 - too late, or never: why stands in the health
            return self._too_late(answer)
        self._count(answer.decision.action.value)
        return answer.decision

    async def decide_async(self, request: Request) -> Decision:
        """The same for a server's loop: others are served while one waits."""
        answer = self.begin(request)
        if answer.record is None:
            return answer.decision
        try:
            await asyncio.wait_for(asyncio.wrap_future(answer.record), self._settings.record_wait_s)
        except Exception:  # noqa: BLE001 - as above
            return self._too_late(answer)
        self._count(answer.decision.action.value)
        return answer.decision

    def begin(self, request: Request) -> Answer:
        """Everything but the wait for the record; a decision that waits for none is counted."""
        asked = self._ask(request)
        left = soften(asked.wanted or Action.OBSERVE, self._situation(asked))
        if does_something(left.action):
            answer = self._act(asked, left)
        else:
            nothing = asked.nothing(left.action, self._settings.observed_lasts)
            decision = nothing if asked.stream is None else self._less(asked, asked.stream, left, nothing)
            answer = Answer(decision, asked.facts, asked.wanted, left.by, None, decision)
        given = () if answer.record is not None else (answer.decision.action.value,)
        self._count(*given, *(guard.name for guard in answer.guards))
        return answer

    def load(self, engine: Engine, keys: Keys) -> int:
        """Take up decisions and alarms from before a restart; how many decisions.

        What is not proved to be on record as it stands is not taken up; the health tells how much that is.

        keys    Who may have signed the heads of the ledger: the service.
        """
        now = self._clock.now()
        with reading(engine).begin() as connection:
            decisions, n_decisions = proved_decisions(connection, keys)
            alarms, n_alarms = proved_alarms(connection, keys)
        self._memory.restore([(stream, self._linked(made)) for stream, made in decisions], now)
        if n_decisions or n_alarms:
            told = f"{n_decisions:,} decisions and {n_alarms:,} alarms of the database are not on record as they stand"
            self._note("records", f"{told} and do not count: stillwatch audit verify")
        for alarm in alarms:
            self._radius.restore(alarm)
        return len(decisions)

    def tend(self, breath_s: float = 0.0) -> None:
        """Look at the lists, the appeals and what has ended; to be called about every second, beside the requests."""
        self._people.protected.refresh()
        self._note("protected", self._people.protected.problem)
        try:
            self._cleared, self._overdue = frozenset(self._people.cleared()), frozenset(self._people.overdue())
        except Exception as error:  # noqa: BLE001 - the last lists hold
            self._note("appeals", f"appeals cannot be had: {type(error).__name__}")
        else:
            self._note("appeals", None)
        for stream in self._cleared:
            self._memory.end(Stream(*stream), End.CLEARED)
        try:
            active = self._policy_of()
        except Exception as error:  # noqa: BLE001 - nothing is ended for want of a policy that is only out of reach
            self._note("policy", f"the policy cannot be had: {type(error).__name__}")
            return
        self._note("policy", None)
        now = self._clock.now()
        self._memory.sweep(
            None if active is None else lambda stream: self._for_stream(stream, active, now).policy.version,
            now,
            breath_s,
        )
        self._radius.tell(lambda alarm: self._memory.recorder.submit(alarm) is not None)

    def health(self) -> Health:
        """How it fares."""
        recorder, active = self._memory.recorder, self._policy_now()
        chain = () if active is None else tuple(active.chain())
        problems = list(self._problems.values())
        if not recorder.is_up:
            problems.append("decisions cannot be recorded: nothing new goes beyond observe")
        with self._counting:
            counts = dict(self._counts)
        return Health(
            is_recording=recorder.is_up,
            n_waiting=recorder.n_waiting,
            n_held=len(self._memory),
            alarm=next((found for one in chain if (found := self._alarm(one))), None),
            figures=self._radius.figures(self._clock.now(), "" if active is None else active.policy.version),
            counts=counts,
            problems=tuple(problems),
        )

    def _act(self, asked: Asked, left: Softened) -> Answer:
        """Answer that does something: from memory, or new and waiting for its record."""
        held = self._held(asked)
        if held is not None and held.is_in_force:
            self._touch(asked)
            decision = self._told(held, asked)
            return Answer(decision, asked.facts, asked.wanted, left.by, None, decision)
        nothing = asked.nothing(Action.OBSERVE, self._settings.observed_lasts)
        if held is None:
            return Answer(nothing, asked.facts, asked.wanted, (*left.by, UNRECORDED), None, nothing)
        self._touch(asked)
        return Answer(self._told(held, asked), asked.facts, asked.wanted, left.by, held.record, nothing)

    def _ask(self, request: Request) -> Asked:
        now = self._clock.now()
        try:
            active = self._policy_of()
            facts = self._source.facts(request)
            stream = stream_of(request, facts)
            if active is not None and stream is not None:
                active = self._for_stream(stream, active, now)
            rule = None if active is None else active.policy.judge(request, facts, now.wall, self._failed)
        except Exception as error:  # noqa: BLE001 - whatever breaks beside us, the gateway gets an answer
            self._note("facts", f"facts or policy cannot be had: {type(error).__name__}")
            return Asked(request, Facts(), None, None, None, now)
        if self._problems:
            self._note("facts", None)
        return Asked(request, facts, stream, active, rule, now)

    def _situation(self, asked: Asked) -> Situation:
        request, facts, stream, active, rule = asked.request, asked.facts, asked.stream, asked.active, asked.rule
        listed = self._people.protected.holds(request.account_id, request.organisation_id)
        is_protected = listed or facts.account.is_protected
        is_cleared = facts.stream is not None and (facts.stream.cleared or stream in self._cleared)
        if active is None or rule is None or stream is None:
            return Situation(facts, is_protected=is_protected, is_cleared=is_cleared)
        is_unknown = not facts.window.n_exchanges
        if is_unknown or self._problems:
            self._note("window", _NO_WINDOW if is_unknown else None)
        return Situation(
            facts,
            rests_on_partner=self._partners.hold(active.policy, rule),
            is_protected=is_protected,
            is_cleared=is_cleared,
            is_overdue=stream in self._overdue,
            is_in_stage=self._reaches(stream, active, asked.now),
            is_over_radius=self._alarm(active) is not None or is_unknown,
        )

    def _alarm(self, active: ActivePolicy) -> Alarm | None:
        return self._radius.alarm(active.policy.version, active.limits_lifted_at)

    def _for_stream(self, stream: Stream, active: ActivePolicy, now: Moment) -> ActivePolicy:
        """The version that decides about a stream: the newest whose stage has reached it, else the oldest."""
        return next((one for one in active.chain() if one.before is None or self._reaches(stream, one, now)), active)

    def _reaches(self, stream: Stream, active: ActivePolicy, now: Moment) -> bool:
        """Whether a stage has reached a stream; whom a version has touched it keeps, also when its stage shrinks."""
        if active.stage >= 1.0 or place_of(stream, self._settings.stage_key) < active.stage:
            return True
        held = self._memory.harshest(stream, active.policy.version, now)
        return held is not None and does_something(held.decision.action)

    def _held(self, asked: Asked) -> Held | None:
        """Decision by the matching rule, old or new; None when there is none that could be on record in time."""
        stream, rule = asked.stream, asked.rule
        if stream is None or rule is None:
            return None
        held = self._memory.held(stream, rule.name, rule.action, asked.version, asked.now)
        if held is None:
            try:
                made = asked.acts(rule, self._people.appeal_url)
            except Exception as error:  # noqa: BLE001 - without a link to object nothing is done
                self._note("links", f"links to object cannot be made: {type(error).__name__}")
                return None
            self._note("links", None)
            held = self._memory.remember(stream, made, asked.now, acts_unrecorded=rule.fails is Fails.CLOSED)
        if held is None or held.is_in_force or self._memory.recorder.is_up:
            return held
        return None

    def _less(self, asked: Asked, stream: Stream, left: Softened, otherwise: Decision) -> Decision:
        """Answer that does nothing, for a stream: on record when something else is in force."""
        names = {guard.name for guard in left.by}
        ending = next((why for name, why in _ENDS.items() if name in names), None)
        if ending is not None:
            self._memory.end(stream, ending)
        if ending is not None or "radius" in names:
            return otherwise
        harshest = self._memory.harshest(stream, asked.version, asked.now)
        if harshest is None or not does_something(harshest.decision.action):
            return otherwise
        rule = otherwise.rule or ""
        held = self._memory.held(stream, rule, otherwise.action, asked.version, asked.now) or self._memory.remember(
            stream, asked.less(otherwise.action, harshest.decision.expires_at), asked.now
        )
        return otherwise if held is None else replace(held.decision, request_id=asked.request.request_id)

    def _told(self, held: Held, asked: Asked) -> Decision:
        decision, wait_s = held.decision, None
        if decision.action is Action.THROTTLE and decision.rate_per_minute is not None and asked.stream is not None:
            wait_s = self._throttles.take(
                asked.stream, decision.rate_per_minute, asked.now.steady_s, decision.own_per_day
            )
        return replace(decision, request_id=asked.request.request_id, retry_after_s=wait_s)

    def _touch(self, asked: Asked) -> None:
        active = asked.active
        if active is not None and asked.stream is not None:
            version, may = active.policy.version, (active.may_touch, active.limits_lifted_at)
            self._radius.touched(asked.touch(asked.stream), asked.facts.window, asked.now, version, may)

    def _too_late(self, answer: Answer) -> Decision:
        self._count(UNRECORDED.name, answer.otherwise.action.value)
        return answer.otherwise

    def _policy_now(self) -> ActivePolicy | None:
        try:
            return self._policy_of()
        except Exception:  # noqa: BLE001 - the next `tend` notes it
            return None

    def _linked(self, decision: Decision) -> Decision:
        """A decision off the record with its link to object, which is not kept there; no other can stand in it."""
        link = self._people.appeal_url(decision) if does_something(decision.action) else None
        return decision if link is None else replace(decision, appeal_url=link, reason=with_link(decision.reason, link))

    def _failed(self, rule: Rule) -> None:
        self._count(f"failed:{rule.name}")

    def _count(self, *names: str) -> None:
        with self._counting:
            for name in names:
                self._counts[name] += 1

    def _note(self, part: str, problem: str | None) -> None:
        if problem is not None:
            self._problems[part] = problem
        else:
            self._problems.pop(part, None)
