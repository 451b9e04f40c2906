"""Everything that deciding needs, put together: policy in force, memory, records, people."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from stillwatch.act.appeals.links import AppealLinks
from stillwatch.act.appeals.standing import Standing
from stillwatch.act.decide.clock import Clock
from stillwatch.act.decide.decider import Decider
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.protected import Protected
from stillwatch.act.decide.recorder import Recorder
from stillwatch.act.decide.settings import DeciderSettings
from stillwatch.act.decide.source import FactsSource, People
from stillwatch.act.decide.tending import Tending
from stillwatch.act.policy.follow import InForce
from stillwatch.service.collect.clock import Clock as CollectClock
from stillwatch.service.home import Home
from stillwatch.signing.keys import keys_of

__all__ = ["Deciding", "deciding", "earliest"]

_STAGE_USE: Final = "place of a stream in a staged roll-out"


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decides, and what it is told by."""

    decider: Decider
    in_force: InForce
    links: AppealLinks
    tending: Tending


@contextmanager
def deciding(home: Home, source: FactsSource, protected: Protected, clock: Clock) -> Iterator[Deciding]:
    """Decide for the block; at its end what waits to be recorded is written.

    source      Where facts come from.
    """
    settings, engine = home.settings, home.engine
    links = AppealLinks(home.secret, settings.public_url, settings.appeals.file_within)
    standing = Standing(engine, settings.appeals, earliest(clock))
    people = People(protected, standing.cleared, standing.overdue, links.appeal_url)
    keys = keys_of([home.key.verify_key])
    in_force = InForce(engine, keys)
    with ExitStack() as held:
        held.enter_context(_following(in_force))
        recorder = held.enter_context(Recorder(engine, home.key, wall=clock.wall))
        options = DeciderSettings(home.secret.mac(_STAGE_USE, b""))
        decider = Decider(source, in_force, DecisionMemory(recorder), options, people, clock)
        decider.load(engine, keys)
        decider.tend()
        yield Deciding(decider, in_force, links, held.enter_context(Tending(decider)))


def earliest(clock: Clock) -> Callable[[], datetime]:
    """The earliest that it can be now: until an hour after a jump the time is taken to be what it was before.

    Appeals are overdue by it, so that a clock that is suddenly ahead, until it is put right, softens nothing.

    >>> from datetime import timedelta
    >>> hands = [datetime(2026, 11, 27, tzinfo=UTC)]
    >>> told = earliest(Clock(lambda: hands[0], lambda: 0.0))
    >>> hands[0] += timedelta(days=9)
    >>> told().isoformat()
    '2026-11-27T00:00:00+00:00'
    """
    bound = CollectClock(clock.unix_s, clock.steady_s)
    return lambda: datetime.fromtimestamp(bound.now().earliest, UTC)


@contextmanager
def _following(in_force: InForce) -> Iterator[None]:
    in_force.refresh()
    stop = threading.Event()
    thread = threading.Thread(target=in_force.follow, args=(stop,), name="stillwatch-policy", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
