"""Deciders for tests: a clock that is set by hand, facts that are told, a policy of a few rules, a database."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from joserfc.jwk import OKPKey
from sqlalchemy import Engine, create_engine

from stillwatch.act.decide.clock import Clock
from stillwatch.act.decide.decider import Decider
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.recorder import Recorder
from stillwatch.act.decide.records import Decided, Ended, Record
from stillwatch.act.decide.settings import DeciderSettings
from stillwatch.act.decide.source import People
from stillwatch.act.policy.condition import condition_of
from stillwatch.act.policy.limits import Limits
from stillwatch.act.policy.policy import ActivePolicy, Fails, Policy, Rule
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import (
    AccountFacts,
    Action,
    Decision,
    Facts,
    PartnerWord,
    Request,
    StreamFacts,
    WindowFacts,
)
from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
KEY = SigningKey(
    OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
            "d": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        }
    )
)
"""The same in every process, so that one finds what another has signed."""
KEYS = keys_of([KEY.verify_key])
WIDE = Limits(1.0, 1.0, 1.0)
"""Limits that no test touches by chance."""
WINDOW = WindowFacts(10_000_000, 100_000, 20_000)
SETTINGS = DeciderSettings(stage_key=bytes(range(32)), record_wait_s=20.0)


def rule(
    name: str,
    action: Action,
    when: str = "stream.accused",
    *,
    minutes: float = 60.0,
    rate: float | None = None,
    fails: Fails = Fails.OPEN,
) -> Rule:
    """A rule, its condition compiled."""
    condition, wrong = condition_of(when)
    assert condition is not None, wrong
    return Rule(name, condition, action, "Look at {appeal_url}", timedelta(minutes=minutes), rate, fails)


def active(*rules: Rule, version: str = "v1", stage: float = 1.0, limits: Limits = WIDE) -> ActivePolicy:
    """A policy of these rules, in force."""
    policy = Policy("test", version, rules, (), limits, ())
    return ActivePolicy(policy, stage, 1, NOW, "ada")


def stream_facts(campaign: str = "c-1", bits: float = 40.0, *, cleared: bool = False) -> StreamFacts:
    """An accused stream."""
    return StreamFacts(campaign, Verdict.HARVEST, bits, 20.0, 30.0, 0.5, 1000, 50, NOW, NOW, cleared=cleared)


def facts(
    campaign: str | None = "c-1",
    *,
    bits: float = 40.0,
    cleared: bool = False,
    protected: bool = False,
    partner: PartnerWord | None = None,
    age_days: float | None = 10.0,
) -> Facts:
    """What is known of a request."""
    account = AccountFacts(age_days=age_days, is_protected=protected)
    stream = None if campaign is None else stream_facts(campaign, bits, cleared=cleared)
    return Facts(account, stream, partner, window=WINDOW)


@dataclass
class Told:
    """Facts by account, told by hand; an account that is not named has none."""

    by_account: dict[str, Facts] = field(default_factory=dict)
    otherwise: Facts = field(default_factory=Facts)
    broken: bool = False

    def facts(self, request: Request) -> Facts:
        if self.broken:
            message = "the tables are gone"
            raise RuntimeError(message)
        return self.by_account.get(request.account_id, self.otherwise)


@dataclass
class Hands:
    """A clock whose hands are set."""

    wall: datetime = NOW
    steady_s: float = 1000.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.steady_s)

    def pass_time(self, seconds: float) -> None:
        """Both go on."""
        self.wall += timedelta(seconds=seconds)
        self.steady_s += seconds

    def jump(self, seconds: float) -> None:
        """Only the wall clock is set."""
        self.wall += timedelta(seconds=seconds)


class Taken(Recorder):
    """A recorder that keeps what it takes; everything is durable at once, or never."""

    def __init__(self, most: int = 10_000, *, is_durable: bool = True) -> None:
        super().__init__(create_engine("sqlite://"), KEY, most)
        self.is_durable = is_durable

    def submit(self, record: Record) -> Future[None] | None:
        """Take a record."""
        done = super().submit(record)
        if done is not None and self.is_durable:
            done.set_result(None)
        return done

    @property
    def told(self) -> list[Decided | Ended]:
        """What was taken, in order."""
        return [record for record, _ in self._waiting if isinstance(record, Decided | Ended)]


def appeal_url(decision: Decision) -> str:
    """A link that names the decision."""
    return f"https://example.org/appeal/{decision.decision_id}"


@dataclass
class World:
    """A decider and all that it looks at."""

    engine: Engine
    recorder: Recorder
    told: Told
    hands: Hands
    active: ActivePolicy | None
    people: People
    settings: DeciderSettings
    memory: DecisionMemory = field(init=False)
    decider: Decider = field(init=False)

    def __post_init__(self) -> None:
        """Start."""
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is remembered but what the database has."""
        self.memory = DecisionMemory(self.recorder)
        self.decider = Decider(
            self.told, lambda: self.active, self.memory, self.settings, self.people, self.hands.clock
        )
        self.decider.load(self.engine, KEYS)

    def ask(self, account: str = "a-1", request_id: str = "r") -> Decision:
        """Decide about a request of an account."""
        return self.decider.decide(Request(account, request_id))

    def settle(self) -> None:
        """Tend, and wait until everything is on record."""
        self.decider.tend()
        wait_until(lambda: self.recorder.n_waiting == 0)


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for another thread; a test fails when it takes too long."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


def database(url: Path | str) -> Engine:
    """Database of a service."""
    return open_database(url, SERVICE_TABLES)


@contextmanager
def world(
    folder: Path,
    *rules: Rule,
    people: People | None = None,
    settings: DeciderSettings = SETTINGS,
    limits: Limits = WIDE,
    most_waiting: int = 1000,
    url: str | None = None,
) -> Iterator[World]:
    """A decider that runs; without rules every accused stream is throttled to 60 a minute.

    url     Of the database; None is a file in the folder.
    """
    engine = database(url or folder / "service.db")
    found = rules or (rule("slow", Action.THROTTLE, rate=60.0),)
    with Recorder(engine, KEY, most_waiting) as recorder:
        yield World(
            engine,
            recorder,
            Told(otherwise=facts()),
            Hands(),
            active(*found, limits=limits),
            replace(people or People(), appeal_url=appeal_url),
            settings,
        )
    engine.dispose()
