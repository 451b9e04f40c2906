"""The service put together: what is started in which order, and ended in the other one."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from stillwatch.act.decide.clock import Clock
from stillwatch.act.decide.protected import Protected
from stillwatch.act.gateways.registry import endpoints_of
from stillwatch.ingest import installation_salt
from stillwatch.model.decision import Decision, Request
from stillwatch.service.access.doorkeeper import Doorkeeper
from stillwatch.service.app import Parts, service_app
from stillwatch.service.collect.clock import Clock as CollectClock
from stillwatch.service.collect.collector import CollectorOptions, local_collector
from stillwatch.service.collect.redis_source import drain_running
from stillwatch.service.concealing import RequestConcealer
from stillwatch.service.deciding import deciding
from stillwatch.service.facts import LiveFacts, Sources, stale_after_s
from stillwatch.service.gauges import tell_desk
from stillwatch.service.home import Home
from stillwatch.service.late_facts import LateFacts
from stillwatch.service.metrics import PrometheusMetrics
from stillwatch.service.pages.appeals import AppealDesk
from stillwatch.service.partner.service_member import Member, member_of
from stillwatch.service.repeating import Repeating
from stillwatch.service.running import Service
from stillwatch.service.taking_up import TakingUp, take_up
from stillwatch.service.tick_job import TickJob
from stillwatch.service.ticking import Ticker
from stillwatch.store.database import reading
from stillwatch.watch import WatchOptions

__all__ = ["Beside", "serving", "take_up", "tick_job"]

_LOOK_S: Final = 1.0
_COUNT_S: Final = 10.0
_PREPARED: Final = "prepared"
_SWITCH_S: Final = 0.0005
"""How long a thread that collects may keep a decision waiting for the interpreter."""


Beside = Callable[[Service], AbstractContextManager[Sequence[BaseRoute]]]
"""Routes of a room above this one, for as long as the service runs."""


@contextmanager
def serving(
    home: Home, clock: Clock | None = None, *, watches: bool = True, beside: Beside | None = None
) -> Iterator[tuple[Service, Starlette]]:
    """Run everything but the server; at the end nothing that was acknowledged or decided is lost.

    clock       Time of all that is taken, decided, recorded and answered; None takes the machine's.
    watches     Whether it looks at what was collected every minute; else its caller ticks and calls `take_up`.
    beside      Routes of a room above this one that are served with it, such as the console's.
    Raises      InvalidInput, UnreadableSource, IncompatibleVersion: whatever keeps a part from starting.
    """
    sys.setswitchinterval(_SWITCH_S)
    settings, metrics, salt, clock = home.settings, PrometheusMetrics(), installation_salt(), clock or Clock()
    with ExitStack() as held:
        collected_at = CollectClock(clock.unix_s, clock.steady_s)
        options = CollectorOptions(salt, settings.collect, metrics=metrics, clock=collected_at, apart=True)
        collector, journal = held.enter_context(local_collector(settings.folder, options))
        drain = None
        if settings.collect.redis is not None:
            drain = held.enter_context(drain_running(settings.collect.redis, journal, salt, metrics=metrics))
        doorkeeper = Doorkeeper(home.engine, clock.unix_s)
        held.callback(doorkeeper.close)
        doorkeeper.refresh()
        concealer = RequestConcealer(salt, settings.collect.content)
        protected = Protected(settings.decide.protected, concealer.id)
        facts = LateFacts()
        member = held.enter_context(member_of(settings.member, facts.lookup, clock.wall))
        taking_up = TakingUp(home, member)
        sources = Sources(home.index, settings.folder / _PREPARED, settings.decide.accounts, protected, member.word)
        if watches:
            sources = replace(sources, has_taken=taking_up.has_taken)

        def opened() -> LiveFacts:
            taking_up.begin(clock.wall())
            return LiveFacts(sources, concealer, stale_after_s(settings.watch.every_s), wall=clock.wall)

        facts.open_by(opened)
        decides = held.enter_context(deciding(home, facts, protected, clock))
        held.enter_context(Repeating("tokens", _LOOK_S, doorkeeper.refresh))
        looking = held.enter_context(Repeating("looking", _LOOK_S, partial(_look, facts, member)))
        held.callback(facts.close)  # before the look that runs is waited for
        counting = held.enter_context(Repeating("counting", _COUNT_S, partial(_count, home, metrics, clock)))
        home.traffic.mkdir(exist_ok=True)  # so that there is something to watch before there is traffic
        ticker = Ticker(tick_job(home), settings.watch.every_s, taking_up)
        if watches:
            held.enter_context(ticker)
        service = Service(
            home, metrics, doorkeeper, collector, journal, facts, member, decides, ticker, looking, counting, drain
        )
        routes = () if beside is None else held.enter_context(beside(service))
        yield service, service_app(replace(_parts(service, concealer, clock), routes=routes))


def tick_job(home: Home) -> TickJob:
    """What the watch of a service is run with."""
    told = home.settings.watch
    options = WatchOptions(
        period_hours=told.period_h,
        accounts=home.settings.decide.accounts,
        content=home.settings.collect.content,
        memory=told.memory,
        reference=told.reference,
        pools=told.pools,
        state_days=told.remembers_days,
    )
    return TickJob(home.traffic, home.state, home.watch, options)


def _parts(service: Service, concealer: RequestConcealer, clock: Clock) -> Parts:
    settings, decider = service.home.settings, service.deciding.decider

    async def decide(question: Request) -> Decision:
        return await decider.decide_async(concealer.request(question))

    desk = AppealDesk(
        service.home.engine,
        service.home.trail,
        service.deciding.links,
        settings.appeals,
        settings.provider,
        settings.contact,
        clock=clock.wall,
    )
    return Parts(
        doorkeeper=service.doorkeeper,
        collector=service.collector,
        endpoints=endpoints_of(settings.decide.gateways, account_header=settings.decide.account_header),
        decide=decide,
        desk=desk,
        metrics=service.metrics,
        health=service.health,
        status=service.status,
        refresh=service.refresh,
        trusted=settings.trusted_proxies,
    )


def _look(facts: LateFacts, member: Member) -> None:
    member.refresh()
    facts.refresh()


def _count(home: Home, metrics: PrometheusMetrics, clock: Clock) -> None:
    with reading(home.engine).begin() as connection:
        tell_desk(metrics, connection, clock.wall())
