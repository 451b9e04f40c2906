"""Every page of the analyst's console with a busy provider's store behind it: server time, and bytes.

Usage: ``.venv/bin/python -m benchmarks.console [--postgresql URL] [--campaigns N] [--streams N] [--folder F] [--made]``

Findings are those of `console_world`. Cases, notes, decisions, appeals and policies are made hour by hour by the
functions of the service, so that the ledger verifies; there are no index, no traffic and no node. Then an analyst's
session asks every page in turn, again and again, of the application itself: what is timed is a request from its first
line to the last byte of its answer, without a socket. The first request of each path is not counted. ``--folder`` keeps
the world, and ``--made`` asks one that was kept.
"""

import argparse
import asyncio
import hashlib
import json
import os
import resource
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import numpy as np
from benchmarks.console_world import (
    HOUR,
    HOURS,
    PEOPLE,
    SAYS,
    Plan,
    Size,
    World,
    graded,
    name_of,
    previews,
    write_findings_of,
)
from sqlalchemy import Connection, case, func, insert, select, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message

from stillwatch.act.appeals.answering import AlreadyAnswered, Ruling, answer, look_at
from stillwatch.act.appeals.appeal import AppealRules, Grounds, Outcome
from stillwatch.act.appeals.filing import Filing, file
from stillwatch.act.appeals.notice import notice_of
from stillwatch.act.appeals.outbox import ask
from stillwatch.act.cases.case import ClosedWhy, State
from stillwatch.act.cases.opening import OPENS, update_cases
from stillwatch.act.cases.tables import CASE_EVENTS, CASES
from stillwatch.act.decide.recorder import ACTOR
from stillwatch.act.decide.records import Decided, End, Ended, Record, about_of, file_new, told
from stillwatch.act.decide.stream import Stream
from stillwatch.act.policy.activations import STAGES, activate
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.book import Signer
from stillwatch.act.policy.packaged import packaged
from stillwatch.act.policy.policy import Policy, Rule
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.versions import add_version
from stillwatch.act.trail import SERVICE
from stillwatch.console import routes
from stillwatch.console.access.cookies import COOKIE
from stillwatch.console.access.login import Login
from stillwatch.console.console import Console
from stillwatch.console.door import Door
from stillwatch.console.shelf import Shelf, Wanted
from stillwatch.console.visit import PREFIX
from stillwatch.ledger.book import Event, append_all, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import ENTRIES
from stillwatch.model.campaign import Campaign, Verdict
from stillwatch.model.decision import Action, Decision
from stillwatch.service.access.roles import Role
from stillwatch.service.access.sessions import begin_session
from stillwatch.service.access.users import Elsewhere, Users, user_named
from stillwatch.service.home import Home, open_home
from stillwatch.service.settings import ServiceSettings
from stillwatch.signing.stamp import stamp
from stillwatch.web.answers import HANDLERS
from stillwatch.web.headers import SafeHeaders
from stillwatch.web.log import RequestLog

BATCH: Final = 256
USER: Final = "bench"
_IN_FORCE_FROM: Final = ((2, "default"), (150, "graded"), (260, "strict"))
"""Hours in which a policy comes into force."""


Made = tuple[Decided, Ended | None]
"""A decision, and its end; None while it is in force."""


class Did(NamedTuple):
    """What somebody did to a case, by the number of its campaign."""

    case: int
    what: str
    by: str
    facts: Mapping[str, Any]
    text: str | None = None


class History:
    """What the service and its people did, hour by hour.

    opened      Hour in which the case of each campaign opens; -1 where none does.
    """

    def __init__(self, home: Home, plan: Plan, campaigns: Sequence[Campaign], size: Size) -> None:
        self.home, self.plan, self.campaigns, self.size = home, plan, campaigns, size
        self.random, self.rng = Random(plan.seed), np.random.default_rng([plan.seed, 3])  # noqa: S311 - no secrets
        wait = self.rng.integers(1, 12, len(campaigns))
        opens = np.array([verdict in OPENS for verdict in plan.verdicts])
        self.opened = np.where(opens, np.minimum(HOURS - 1, plan.first + wait), -1)
        self.policies = {"default": packaged("default"), "graded": graded(), "strict": packaged("strict")}
        self.acts: dict[int, list[Callable[..., object]]] = defaultdict(list)
        self.records: dict[int, list[tuple[datetime, Record]]] = defaultdict(list)
        self.dids: dict[int, list[Did]] = defaultdict(list)
        self.acted: dict[int, int] = {}
        self.n_events = [1] * len(campaigns)
        self.appeals: list[str] = []
        self.made: list[Decided] = []

    def run(self, done: Callable[[str], None]) -> None:
        """Do everything; `done` is told how far it is."""
        trail = self.home.trail
        for hour, i in sorted((hour, i) for i, hour in enumerate(self.opened.tolist()) if hour >= 0):
            self.acts[hour].append(partial(update_cases, trail=trail, campaigns=[self.campaigns[i]]))
        self._plan_policies()
        self._plan_decisions()
        self._plan_appeals()
        self._plan_people()
        for hour in range(HOURS + 1):
            self._record(hour)
            with self.home.engine.begin() as connection:
                for act in self.acts[hour]:
                    act(connection=connection, now=self.plan.at(hour))
                self._happen(connection, self.plan.at(hour), self.dids[hour])
            if hour % 48 == 0:
                done(f"hour {hour}")

    def _record(self, hour: int) -> None:
        """As `Recorder` writes what the decider did."""
        records = sorted(self.records[hour], key=itemgetter(0))
        for at in range(0, len(records), BATCH):
            with self.home.engine.begin() as connection:
                now, part = self.plan.at(hour), [record for _, record in records[at : at + BATCH]]
                new = [Event(Kind.DECISION, ACTOR, told(r), now, about_of(r)) for r in file_new(connection, part)]
                append_all(connection, new)
                sign_head(connection, self.home.key, now)

    # Policies: each is added, previewed, approved by a second person and put in force.

    def _plan_policies(self) -> None:
        figures = previews(list(self.policies.values()))
        for place, (hour, name) in enumerate(_IN_FORCE_FROM):
            for i, stage in enumerate(STAGES):
                put = partial(self._put, self.policies[name], figures[name], stage, place * len(STAGES) + i)
                self.acts[hour + i].append(put)

    def _put(
        self, policy: Policy, preview: Preview, stage: int, seen: int, connection: Connection, now: datetime
    ) -> None:
        ada, bea = Signer(self.home.key, "ada", now), Signer(self.home.key, "bea", now)
        if stage == STAGES[0]:
            add_version(connection, policy, ada)
            shown = replace(preview, at=now, window_start=now - 7 * 24 * HOUR, window_end=now)
            record_preview(connection, shown, ada)
            approve(connection, policy.version, bea)
        activate(connection, policy.version, stage, ada, seen=seen)

    # Decisions.

    def _plan_decisions(self) -> None:
        plan, n = self.plan, self.size.decisions
        campaign = plan.campaign
        acted_on = np.array([verdict in {Verdict.HARVEST, Verdict.RELAY} for verdict in plan.verdicts])
        usable = np.flatnonzero((acted_on & (self.opened >= 0) & (self.opened < HOURS - 8))[campaign])
        rows = self.rng.choice(usable, min(n, len(usable)), replace=False)
        for place, row in enumerate(rows.tolist()):
            i = int(campaign[row])
            decided, ended = self._decision(row, i, holds=place < self.size.in_force)
            self.made.append(decided)
            hour = (decided.decision.decided_at - plan.start) // HOUR + 1
            self.records[hour].append((decided.decision.decided_at, decided))
            self.acted[i] = min(hour, self.acted.get(i, hour))
            if ended is not None:
                self.records[(ended.at - plan.start) // HOUR + 1].append((ended.at, ended))

    def _decision(self, row: int, i: int, *, holds: bool) -> Made:
        plan, random = self.plan, self.random
        since = max(3.0, float(self.opened[i]) + 0.1)
        age = random.random() ** 2 * min(160.0, HOURS - 0.5 - since) if holds else 0.0
        hour = HOURS - 0.5 - age if holds else random.uniform(since, HOURS - 3)
        name = next(name for at, name in reversed(_IN_FORCE_FROM) if at <= hour)
        rules = [r for r in self.policies[name].rules if r.action is not Action.OBSERVE and r.lasts > (age + 1) * HOUR]
        made = self._made(random.choice(rules), self.policies[name].version, i, plan.at(hour))
        stream = Stream(plan.ids[i], name_of(int(plan.account[row])))
        decided = Decided(stream, made, made.action if random.random() < 0.2 else None)
        if holds:
            return decided, None
        if made.expires_at < plan.at(HOURS - 0.5) and random.random() < 0.9:
            return decided, Ended(stream, made, End.EXPIRED, made.expires_at)
        last = min(made.expires_at, plan.at(HOURS - 0.5))
        at = made.decided_at + random.random() * (last - made.decided_at)
        return decided, Ended(stream, made, random.choice((End.REPLACED, End.REPLACED, End.PROTECTED)), at)

    def _made(self, rule: Rule, version: str, i: int, at: datetime) -> Decision:
        name = self.plan.ids[i]
        return Decision(
            action=rule.action,
            decision_id=str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            request_id="",
            reason=rule.says(name),
            policy_version=version,
            decided_at=at,
            expires_at=at + rule.lasts,
            rule=rule.name,
            evidence_id=name,
            rate_per_minute=rule.rate_per_minute,
            own_per_day=rule.own_per_day,
        )

    # Appeals.

    def _plan_appeals(self) -> None:
        """A fifth waits: those that were filed last, and some that should have been answered by now."""
        n, waiting = self.size.appeals, self.size.appeals // 5
        late = waiting // 4
        order = sorted(self.random.sample(self.made, n), key=lambda one: one.decision.decided_at)
        for place, made in enumerate(order):
            hour = (made.decision.decided_at - self.plan.start) // HOUR + 1
            filed = min(HOURS, hour + 1 + self.random.randrange(30))
            is_answered = place < n - waiting + late and place % (n // late) != 0
            self.acts[filed].append(partial(self._file, made.decision.decision_id, filed, is_answered))

    def _file(self, decision_id: str, hour: int, is_answered: bool, connection: Connection, now: datetime) -> None:  # noqa: FBT001
        notice = notice_of(connection, decision_id)
        if notice is None:
            raise SystemExit(decision_id)
        words = "We are a school, and all our pupils use one worksheet; please look at it again. " * 3
        filing = Filing(self.random.choice(list(Grounds)), words, "head@school.example")
        made = file(connection, self.home.trail, notice, filing, AppealRules(), now)
        self.appeals.append(made.appeal_id)
        later = hour + 1 + self.random.randrange(90)
        if is_answered or self.random.random() < 0.3:
            self.acts[min(HOURS, later)].append(partial(self._answer, made.appeal_id, is_answered))

    def _answer(self, appeal_id: str, is_answered: bool, connection: Connection, now: datetime) -> None:  # noqa: FBT001
        by, trail = self.random.choice(PEOPLE), self.home.trail
        if not is_answered:
            look_at(connection, trail, appeal_id, by, now)
            return
        outcome = Outcome.UPHELD if self.random.random() < 0.1 else Outcome.DENIED
        with suppress(AlreadyAnswered):  # with another of the same stream
            answer(connection, trail, appeal_id, Ruling(outcome, "We have looked at it once more, by hand.", by), now)

    # People: as `act.cases.changes` does it, but all of an hour together.

    def _plan_people(self) -> None:
        """Assign, act, close, and write notes until the ledger is as long as it should be."""
        random, cases = self.random, np.flatnonzero((self.opened >= 0) & (self.opened < HOURS - 2)).tolist()
        for i in cases:
            opened, by = int(self.opened[i]), random.choice(PEOPLE)
            assigned = min(HOURS, opened + 1 + random.randrange(4))
            closed = opened + 6 + random.randrange(120) if random.random() < 0.26 else HOURS + 1
            if random.random() < 0.4:
                self.dids[assigned].append(Did(i, "assigned", by, {"to": by, "from": None}))
            if closed <= HOURS:
                why = random.choice((ClosedWhy.ENDED, ClosedWhy.LEGITIMATE, ClosedWhy.HANDED_OVER)).value
                self.dids[closed].append(Did(i, "closed", by, {"why": why}, "Nothing of it was seen for days."))
            if i in self.acted and self.acted[i] < closed:
                self.dids[self.acted[i]].append(Did(i, "acted", SERVICE, {}))
        n = 3 * self.size.appeals + sum(map(len, self.dids.values())) + sum(map(len, self.records.values()))
        for i in random.choices(cases, k=max(0, self.size.entries - n - int((self.opened >= 0).sum()))):
            hour = random.randint(int(self.opened[i]) + 1, HOURS)
            words = " ".join(random.sample(SAYS, 2))
            self.dids[hour].append(Did(i, "noted", random.choice(PEOPLE), {}, words))

    def _happen(self, connection: Connection, now: datetime, dids: Sequence[Did]) -> None:
        """Events of cases, their entries, and what they change."""
        events, rows = [], list[dict[str, Any]]()
        for did in dids:
            told_text = {} if did.text is None else {"text_sha256": hashlib.sha256(did.text.encode()).hexdigest()}
            name = self.plan.ids[did.case]
            document = {"event": did.what, "case": name, **did.facts, **told_text}
            events.append(Event(Kind.CASE, did.by, document, now))
            self.n_events[did.case] += 1
            row = {"case_id": name, "n": self.n_events[did.case], "what": did.what, "by": did.by, "at": stamp(now)}
            rows.append({**row, "facts": dict(did.facts), "text": did.text})
            if did.what != "noted":
                connection.execute(update(CASES).where(CASES.c.case_id == name).values(_change(did, now)))
            if did.facts.get("why") == ClosedWhy.LEGITIMATE:
                ask(connection, name, None, now)
        if rows:
            entries = append_all(connection, events)
            rows = [row | {"entry": entry.index} for row, entry in zip(rows, entries, strict=True)]
            connection.execute(insert(CASE_EVENTS), rows)
            sign_head(connection, self.home.key, now)


def _change(did: Did, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"version": CASES.c.version + 1, "changed_at": stamp(now)}
    if did.what == "assigned":
        is_open = CASES.c.state == State.OPEN.value
        return values | {"assignee": did.by, "state": case((is_open, State.INVESTIGATING.value), else_=CASES.c.state)}
    return values | {"state": did.what, "closed_why": did.facts.get("why")}


def make_world(settings: ServiceSettings, size: Size, seed: int = 7) -> World:
    """Make the service's folder and database; names of what is in it."""
    start = time.monotonic()

    def done(what: str) -> None:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  {time.monotonic() - start:7.1f} s {memory:7,.0f} MiB  {what}", flush=True)

    plan = Plan.drawn(size, seed, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    done("drawn")
    with open_home(settings, is_first=True) as home:
        campaigns = write_findings_of(plan, home.watch)
        done("findings")
        history = History(home, plan, campaigns, size)
        history.run(done)
        with home.engine.begin() as connection:
            elsewhere = Elsewhere("https://identities.example", USER)
            Users(connection, home.trail, "ada", datetime.now(UTC)).add(USER, frozenset(Role), elsewhere=elsewhere)
            n = connection.execute(select(func.count()).select_from(ENTRIES)).scalar()
            closed = connection.execute(select(CASES.c.case_id).where(CASES.c.state == "closed").limit(1)).scalar()
        done(f"{n:,} entries of the ledger")
    sizes = np.where(history.opened >= 0, np.diff(plan.bounds), 0)
    some = history.rng.choice(len(plan.account), 20, replace=False)
    world = World(
        largest=plan.ids[int(np.argmax(sizes))],
        smallest=plan.ids[int(np.argmin(np.where(sizes > 0, sizes, size.streams)))],
        closed=str(closed),
        accounts=tuple(name_of(account) for account in plan.account[some].tolist()),
        decisions=tuple(made.decision.decision_id for made in history.made[:20]),
        appeals=tuple(history.appeals[-20:]),
        versions=tuple(policy.version for policy in history.policies.values()),
    )
    (settings.folder / "world.json").write_text(json.dumps(world._asdict(), indent=1))
    return world


_PATHS: Final = """/
/campaigns /campaigns?verdict=harvest&state=acted&bits=20 /campaigns?state=none /campaigns?sort=n_accounts&up=1
/campaigns?q=payment /campaigns?page=150 /campaigns/table?as=csv&verdict=evaluation
/campaigns/{campaigns} /campaigns/{largest} /campaigns/{smallest} /campaigns/{closed} /campaigns/{largest}/graph
/campaigns/{largest}/streams /campaigns/{largest}/streams?sort=account_id&page=150 /campaigns/{largest}/streams?q=77
/campaigns/{smallest}/streams/table?as=csv /campaigns/{largest}/exchanges /campaigns/{largest}/exchanges?page=500
/policies /policies/new /policies/{versions} /sharing /sharing/ledger /trace
/appeals /appeals?state=overdue /appeals?state=all&page=3 /appeals?account={accounts}
/appeals/table?as=csv&state=waiting /appeals/{appeals} /appeals/{appeals}/page
/audit /audit?kind=policy /audit?actor=ada&before=5000 /audit?about=campaign&id={largest}
/audit?about=decision&id={decisions} /audit?about=account&id={accounts} /audit?from=2020-01-01&to=2020-01-02
/audit/table?as=csv&kind=policy /audit/head /audit/40000 /audit/40000/proof
/settings /settings/file /settings/users/bench /settings/add-user /settings/tokens /me
"""
PAGES: Final = tuple(_PATHS.split())
"""Paths after the prefix, with names of `World` in braces."""
FILES: Final = "/audit/ledger", "/audit/documents", "/audit/table?as=csv"
"""The whole ledger as files: asked once, with ``--files``."""


def filled(path: str, world: World, at: int) -> str:
    """Path of a page with names of the world; of several one after the other."""
    names = {k: v if isinstance(v, str) or not v else v[at % len(v)] for k, v in world._asdict().items()}
    return (PREFIX + path.format(**names)).rstrip("/")


async def answered(app: ASGIApp, path: str, cookie: str) -> tuple[int, int, float]:
    """Status, bytes and seconds of one answer."""
    bare, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(bare),
        "raw_path": bare.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"console.example"), (b"cookie", cookie.encode())],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8470),
    }
    status = size = 0
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()  # a browser that stays
        return waiting.pop()

    async def send(message: Message) -> None:
        nonlocal status, size
        status, size = message.get("status", status), size + len(message.get("body", b""))

    start = time.perf_counter()
    await app(scope, receive, send)
    return status, size, time.perf_counter() - start


async def measured(app: ASGIApp, paths: Sequence[str], world: World, cookie: str, rounds: int) -> list[dict[str, Any]]:
    """Every page in turn, so many times; what the first round cost is told apart."""
    took: dict[str, list[float]] = defaultdict(list)
    rows: dict[str, dict[str, Any]] = {}
    for at in range(rounds + 1):
        for path in paths:
            status, size, seconds = await answered(app, filled(path, world, at), cookie)
            took[path].append(1e3 * seconds)
            rows[path] = {"page": path, "status": status, "bytes": size}
    for path, (first, *ms) in took.items():
        p50, p95, worst = np.quantile(ms or [first], (0.5, 0.95, 1.0)).tolist()
        rows[path] |= {"p50_ms": p50, "p95_ms": p95, "worst_ms": worst, "first_ms": first}
    return list(rows.values())


def unasked(paths: Sequence[str]) -> list[str]:
    """Pages of the console that are looked at and are not in the list."""
    known = [path.partition("?")[0].rstrip("/").translate({ord("{"): "", ord("}"): ""}) for path in paths]
    looked_at = [page.path for page in routes.PAGES if page.method == "GET"]
    return [path for path in looked_at if not any(compile_path(path)[0].match(one) for one in known)]


@contextmanager
def console_app(home: Home) -> Iterator[tuple[ASGIApp, str]]:
    """The console's application, and the cookie of somebody who may do everything."""
    console = Console(home, Shelf(home.findings), logs=[home.traffic])
    with home.engine.begin() as connection:
        held = begin_session(connection, user_named(connection, USER), datetime.now(UTC), console.lasting)
    door = Door(console)
    try:
        app = Starlette(
            routes=routes.console_routes(door, Login(console)),
            middleware=[Middleware(RequestLog, "stillwatch.requests"), Middleware(SafeHeaders)],
            exception_handlers=HANDLERS,
        )
        yield app, f"{COOKIE}={held}"
    finally:
        door.close()
        console.jobs.close()


def main() -> int:
    """Make the world, ask its pages, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql")
    parser.add_argument("--campaigns", type=int, default=Size().campaigns)
    parser.add_argument("--streams", type=int, default=Size().streams)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = chosen.folder or Path(made) / "service"
        settings = ServiceSettings(folder=folder, database=chosen.postgresql)
        if not chosen.made:
            make_world(settings, Size.of(chosen.campaigns, chosen.streams))
        world = World(**json.loads((folder / "world.json").read_text()))
        with open_home(settings) as home, console_app(home) as (app, cookie):
            table = Shelf(home.findings).sorted(Wanted(sort="n_accounts"))
            world = world._replace(campaigns=tuple(table["campaign_id"].slice(0, 400).to_pylist()))
            rows = asyncio.run(measured(app, PAGES, world, cookie, chosen.rounds))
            if chosen.files:
                rows += asyncio.run(measured(app, FILES, world, cookie, 0))
    print(f"{'page':<60} status   p50 ms   p95 ms  worst ms  first ms      bytes")
    for row in rows:
        figures = f"{row['p50_ms']:8.1f} {row['p95_ms']:8.1f} {row['worst_ms']:9.1f} {row['first_ms']:9.1f}"
        print(f"{row['page']:<60} {row['status']:>6} {figures} {row['bytes']:10,}")
    for path in unasked([*PAGES, *FILES]):
        print(f"not asked: {path}")
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows))
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
