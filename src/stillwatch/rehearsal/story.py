"""The rehearsal itself: found at one, checked at the others, a false alarm, an appeal, a search for what leaked."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from stillwatch.errors import MissingData
from stillwatch.model.campaign import Verdict
from stillwatch.model.findings import Findings
from stillwatch.model.indicator import Indicator, SignalKind
from stillwatch.rehearsal.house import House, opened_house
from stillwatch.rehearsal.leaks import planted_values_in
from stillwatch.rehearsal.processes import run_once
from stillwatch.rehearsal.revocation import FILER, appealed
from stillwatch.rehearsal.world import Provider, make_world
from stillwatch.scan import scan
from stillwatch.share.answers.findings import Bars, LocalEvidence, verdict_of
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.node import findings_in
from stillwatch.share.node.publish import Telling, indicator_of
from stillwatch.share.node.service import Service, opened
from stillwatch.share.node.settings import read_settings
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

__all__ = ["FINDER", "NOISY", "Rehearsal", "Step", "rehearse"]

FINDER: Final = "alpha"
NOISY: Final = "gamma"
_ANSWERS_IN_S: Final = 240.0
_READY_IN_S: Final = 900.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """What happened.

    at_s    Seconds since the campaign was published; None for what came before or is no event.
    """

    at_s: float | None
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the rehearsal showed.

    latency_s   From sending an indicator to each member's answer, by member.
    leaked      Planted values found in the traffic or on the disks of forum and evaluators; there must be none.
    searched    Values that were searched for, and bytes that were searched.
    """

    steps: tuple[Step, ...]
    latency_s: Mapping[str, float]
    leaked: int
    searched: tuple[int, int]
    ledger_entries: int

    @property
    def is_good(self) -> bool:
        """Everybody answered and nothing leaked."""
        return not self.leaked and bool(self.latency_s)


class _Clock:
    """Seconds since the campaign was published, and the steps so far."""

    def __init__(self, say: Say) -> None:
        self.zero: float | None = None
        self.steps: list[Step] = []
        self._say = say

    def note(self, who: str, what: str, at: float | None = None) -> None:
        at_s = None if self.zero is None else (time.monotonic() if at is None else at) - self.zero
        self.steps.append(Step(at_s, who, what))
        self._say(f"{'' if at_s is None else f'{at_s:7.2f} s'}{'' if at_s is None else '  '}{who}: {what}")


def rehearse(folder: Path, exchanges: int, seed: int, say: Say) -> Rehearsal:
    """Run the whole of it in an empty folder; minutes.

    Raises  EngineUnavailable when a program does not start or answer; MissingData when the finder finds nothing.
    """
    clock, folder = _Clock(say), folder.resolve()
    world = make_world(folder / "traffic", exchanges, seed)
    indexes = {name: folder / "index" / name for name in world}
    findings = {name: _scanned(clock, world[name], indexes[name]) for name in world}
    with opened_house(folder / "house", indexes) as house:
        for name, node in house.nodes.items():
            _, told = node.next(_READY_IN_S)
            clock.note(name, f"node is up: {told['own_tags']:,} tags of its own traffic, made by two evaluators")
        latency_s = _campaign(clock, house, findings)
        _false_alarm(clock, house, findings)
        n_entries = _checked_ledger(clock, house)
    planted = sorted({value for provider in world.values() for value in provider.planted})
    leaked, n_bytes = planted_values_in([house.traffic, *house.disks()], planted)
    clock.note(
        "everybody", f"searched {n_bytes / 1e6:.1f} MB of traffic and disks for {len(planted):,} values: {leaked}"
    )
    return Rehearsal(tuple(clock.steps), latency_s, leaked, (len(planted), n_bytes), n_entries)


def _scanned(clock: _Clock, provider: Provider, index: Path) -> Findings:
    found = scan([provider.logs], index=index)
    harvests = [c for c in found.campaigns if c.verdict is Verdict.HARVEST]
    clock.note(
        provider.name,
        f"{provider.n_exchanges:,} exchanges, {provider.n_harvest_accounts} accounts of the operation; "
        f"its own scan finds {_counted(len(harvests), 'harvest')} with {sum(c.n_accounts for c in harvests)} accounts",
    )
    return found


def _campaign(clock: _Clock, house: House, findings: Mapping[str, Findings]) -> dict[str, float]:
    """The finder tells, the others look: seconds from sending to each answer."""
    harvest = next((c for c in findings[FINDER].campaigns if c.verdict is Verdict.HARVEST), None)
    if harvest is None:
        message = f"{FINDER} found no harvest in its own traffic: try more exchanges or another seed"
        raise MissingData(message)
    with opened(read_settings(house.settings(FINDER)), datetime.now(UTC)) as service:
        told, indicator = _told(service, harvest.campaign_id)
        clock.zero = time.monotonic()
        clock.note(FINDER, f"publishes {harvest.campaign_id}: {_in_words(indicator, told)}", clock.zero)
        service.send(told)
    latency_s = {}
    for name in house.nodes:
        if name != FINDER:
            at, answer = house.nodes[name].next(_ANSWERS_IN_S)
            latency_s[name] = at - clock.zero
            clock.note(name, f"{answer['answer']} in {answer['days']} days, coverage {answer['coverage']:.2f}", at)
            _decide(clock, house, name, findings[name], indicator.indicator_id)
    return latency_s


def _told(service: Service, campaign_id: str) -> tuple[Admitted, Indicator]:
    now, lists = datetime.now(UTC), load_warning_lists()
    tagged = service.tagged(Purpose.PUBLISH)
    indicator = indicator_of(service.index, campaign_id, tagged, lists, now, Telling(quiet_h=12))
    return service.node.tell(indicator, campaign_id, now), indicator


def _in_words(indicator: Indicator, told: Admitted) -> str:
    """What crosses, for a person."""
    kinds = {kind: sum(tag.kind is kind for tag in indicator.tags) for kind in SignalKind}
    tags = ", ".join(f"{n} {kind.value}" for kind, n in kinds.items() if n)
    ways = ", ".join(technique.value for technique in indicator.techniques)
    return f"{len(told.body) / 1000:.0f} kB with {tags} tags; techniques {ways}"


def _decide(clock: _Clock, house: House, name: str, own: Findings, indicator_id: str) -> None:
    """What the member makes of it: its own evidence alone gives a name."""
    leads = [f for f in _findings(house, name) if f["indicator_id"] == indicator_id]
    evidence = [_evidence(lead["local"]) for lead in leads]
    bars = Bars(0.0, own.bar_bits)
    called = [verdict for one in evidence if (verdict := verdict_of(one, bars)) is Verdict.HARVEST]
    if not leads:
        clock.note(name, "no lead, nothing to decide")
    elif called:
        best = max(evidence, key=lambda one: one.score_bits)
        clock.note(
            name,
            f"{_counted(len(leads), 'lead')}; its own evidence on the best is {best.score_bits:.1f} bits over "
            f"{best.n_accounts} accounts, its bar {own.bar_bits:.1f}: it decides for itself, and calls {len(called)} "
            "families a harvest",
        )
    else:
        best_bits = max(one.score_bits for one in evidence)
        clock.note(
            name,
            f"{_counted(len(leads), 'lead')}; own evidence {best_bits:.1f} bits, under its bar: nobody is accused",
        )


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _findings(house: House, name: str) -> list[dict[str, Any]]:
    engine = open_database(read_settings(house.settings(name)).folder / "node.db", NODE_TABLES)
    try:
        return findings_in(engine)
    finally:
        engine.dispose()


def _evidence(told: Mapping[str, Any]) -> LocalEvidence:
    verdict = None if told["verdict"] is None else Verdict(told["verdict"])
    return LocalEvidence(**{**told, "verdict": verdict})


def _false_alarm(clock: _Clock, house: House, findings: Mapping[str, Findings]) -> None:
    """An honest but noisy member takes a popular tool for an operation; an appeal, and it is gone everywhere."""
    with opened(read_settings(house.settings(NOISY)), datetime.now(UTC)) as service:
        told, indicator = _mistaken(service)
        clock.note(NOISY, f"publishes a mistake, a popular template: {_in_words(indicator, told)}")
        service.send(told)
        for name in house.nodes:
            if name != NOISY:
                at, answer = house.nodes[name].next(_ANSWERS_IN_S)
                clock.note(name, f"{answer['answer']}, {_counted(answer['findings'], 'lead')}", at)
                _decide(clock, house, name, findings[name], indicator.indicator_id)
    clock.note("a customer", f"appeals at {FILER}; every holder is asked by the forum, with a deadline")
    n_gone = appealed(house, NOISY, indicator.indicator_id, _public_key(house))
    clock.note(
        "forum",
        f"{NOISY} withdraws: upheld, deleted; {n_gone} of {len(house.nodes)} nodes say it is gone, proved",
    )
    _wait_withdrawn(house, indicator.indicator_id, [name for name in house.nodes if name != NOISY])
    clock.note("everybody", "the indicator is withdrawn everywhere, and the forum takes it no more")


def _mistaken(service: Service) -> tuple[Admitted, Indicator]:
    """Bands of the busiest template that many unrelated people use, told as if it were a harvest's."""
    rows = service.index.rows.to_pylist()
    popular = [row for row in rows if row["view"] == "template" and row["campaign_id"] is None]
    if not popular:
        message = "the noisy member has no popular template: try more exchanges or another seed"
        raise MissingData(message)
    family = max(popular, key=lambda row: row["n_accounts"])["family"]
    signals = service.index.signals.to_pylist()
    bands = [row["value"] for row in signals if row["kind"] == "band" and row["family"] == family]
    now = datetime.now(UTC)
    made = _harvest_like(service, now)
    tags = service.tagged(Purpose.PUBLISH)(SignalKind.BAND, bands).tags()
    indicator = replace(made, tags=tags)
    return service.node.tell(indicator, "a mistake", now), indicator


def _harvest_like(service: Service, now: datetime) -> Indicator:
    """Behaviour of any campaign of the member's own, as a mistaken description would have it."""
    name = next(name for name, act in service.index.acts.items() if act["verdict"] == Verdict.HARVEST.value)
    return indicator_of(service.index, name, service.tagged(Purpose.PUBLISH), load_warning_lists(), now)


def _wait_withdrawn(house: House, indicator_id: str, names: Sequence[str]) -> None:
    until = time.monotonic() + _ANSWERS_IN_S
    while time.monotonic() < until:
        standing = [
            f
            for name in names
            for f in _findings(house, name)
            if f["indicator_id"] == indicator_id and not f["withdrawn"]
        ]
        if not standing:
            return
        time.sleep(0.1)
    message = "a member still holds the indicator that was withdrawn"
    raise MissingData(message)


def _checked_ledger(clock: _Clock, house: House) -> int:
    """Export the ledger and verify it as anybody would; how many entries it has."""
    key = _public_key(house)
    run_once(["ledger", "export", str(house.forum_db), "--out", "ledger.jsonl"], house.folder)
    told = run_once(["ledger", "verify", "ledger.jsonl", "--key", str(key), "--json"], house.folder)
    clock.note("auditor", f"verifies the ledger offline: {told['entries']} entries under {told['heads']} signed heads")
    return int(told["entries"])


def _public_key(house: House) -> Path:
    """File with the key that the forum's ledger is signed with, as members have compared it."""
    path = house.folder / "forum" / "ledger.jwk"
    path.write_bytes(orjson.dumps(SigningKey.load(house.forum_key).verify_key.jwk()))
    return path
