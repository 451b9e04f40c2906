"""Everything that deciding needs, put together: policy in force, memory, records, people."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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
from stillwatch.service.home import Home

__all__ = ["Deciding", "deciding"]

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
    standing = Standing(engine, settings.appeals, clock.wall)
    people = People(protected, standing.cleared, standing.overdue, links.appeal_url)
    in_force = InForce(engine, {home.key.key_id: home.key.verify_key})
    with ExitStack() as held:
        held.enter_context(_following(in_force))
        recorder = held.enter_context(Recorder(engine, home.key, wall=clock.wall))
        options = DeciderSettings(home.secret.mac(_STAGE_USE, b""))
        decider = Decider(source, in_force, DecisionMemory(recorder), options, people, clock)
        decider.load(engine)
        decider.tend()
        yield Deciding(decider, in_force, links, held.enter_context(Tending(decider)))


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
