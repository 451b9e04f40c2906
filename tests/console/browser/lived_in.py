"""A console with something of everything in it: every page has something to show, much of it hostile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.act.desk import notice
from tests.console.appeals.waiting import answered, filed, office_of
from tests.console.conftest import NOW, USERS, Rig
from tests.console.policies.made import DRAWN, LARGE, OTHER, POLICY, added, approved, drawn, put, seen
from tests.console.sharing.members import beside_houses
from tests.console.trace.trace_room import add_epoch, leave_report
from tests.report.examples import HOSTILE, example_findings
from tests.report.traced.sample import report, with_subject
from tests.share.node.members import halves

from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.cases.changes import Hand, assign, note
from stillwatch.act.cases.reveals import reveal
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.findings import FINDING_EXCHANGE, Findings
from stillwatch.report import write_findings
from stillwatch.service.access.issued import Issue, Scope, issue_token
from stillwatch.service.access.users import Users
from stillwatch.service.cases import note_findings
from stillwatch.service.home import Home, open_home
from stillwatch.service.settings import ConsoleSettings, ServiceSettings
from stillwatch.signing.keys import SigningKey
from stillwatch.trace.home import TraceHome

__all__ = ["PROMPTS", "lived_in"]

PROMPTS = (HOSTILE, "{{ 7 * 7 }} ${7*7} <b onmouseover=alert(1)>", "\u202egnp.exe\u200b\u2066", "x" * 50_000)
"""What strangers write: markup, template code, text that moves other text about, nothing to see, no end."""


@contextmanager
def lived_in(folder: Path) -> Iterator[Rig]:
    """A console beside a member's node."""
    console = ConsoleSettings(trace=folder / "trace", reports=folder / "reports")
    settings = replace(ServiceSettings(), folder=folder / "service", provider="Provider <One>", console=console)
    indexes = halves(folder / "members")
    with open_home(settings, is_first=True) as home:
        _people(home)
        findings = _found(home)
        _traced(folder)
        (folder / "exchange").mkdir()
        with beside_houses(home, (indexes, folder / "members"), folder / "exchange", "alpha", "beta") as made:
            made.told = made.house.publish()
            made.houses["beta"].read()
            made.house.read()
            rig = made.rig
            _worked_on(rig, findings)
            _decided(rig, findings)
            yield rig


def _people(home: Home) -> None:
    with home.engine.begin() as connection:
        users = Users(connection, home.trail, "alma", NOW)
        for name, role in USERS.items():
            users.add(name, frozenset({role}), f"a long password of {name}")
        issue_token(connection, home.trail, Issue("gateway-1", frozenset({Scope.DECIDE}), "alma"), NOW)


def _found(home: Home) -> Findings:
    """Findings whose exchanges are kept, hostile ones first."""
    findings = example_findings()
    campaign, stream = findings.campaigns[0], findings.streams.slice(0, 1).to_pylist()[0]
    account, n = stream["account_id"], len(PROMPTS)
    ids = [f"xch/{i}?<i>" for i in range(n)]
    told = {"exchange_id": ids, "campaign_id": [stream["campaign_id"]] * n, "account_id": [account] * n}
    assert campaign.campaign_id == stream["campaign_id"]
    table = pa.table(told, schema=FINDING_EXCHANGE)
    findings = replace(findings, exchanges=pa.concat_tables([table, findings.exchanges]))
    write_findings(findings, home.findings)
    note_findings(home.engine, home.trail, home.findings, NOW)
    _kept(home, stream, ids)
    return findings


def _kept(home: Home, stream: dict[str, object], ids: list[str]) -> None:
    at = stream["first_seen"]
    rows = [
        dict.fromkeys(EXCHANGE.names)
        | {"exchange_id": name, "time": at, "account_id": stream["account_id"], "prompt_text": prompt, "model": "m-1"}
        | {"output_text": prompt[::-1], "output_tokens": 12, "has_tools": False, "finish_reason": "stop"}
        for name, prompt in zip(ids, PROMPTS, strict=True)
    ]
    place = home.traffic / f"date={at:%Y-%m-%d}" / f"hour={at:%H}"
    place.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=EXCHANGE), place / "1.parquet")


def _traced(folder: Path) -> None:
    leave_report(folder / "reports" / "one", report(), SigningKey.generate())
    leave_report(folder / "reports" / "two", with_subject(HOSTILE))
    (folder / "reports" / "three").mkdir()
    (folder / "reports" / "three" / "report.json").write_text("not JSON")
    add_epoch(TraceHome.create(folder / "trace"), "2026-q4", 40, 3)


def _worked_on(rig: Rig, findings: Findings) -> None:
    name = findings.campaigns[0].campaign_id
    with rig.home.engine.begin() as connection:
        hand = Hand(connection, rig.home.trail, "ada", NOW)
        assign(hand, name, "ada", 1)
        note(hand, name, f"seen before: {HOSTILE[:300]}")
        reveal(hand, name, "xch/0?<i>", "does it read <b>as</b> a rubric?")


def _decided(rig: Rig, findings: Findings) -> None:
    """Policies in every state; decisions in force, appeals that wait, are late, and are answered."""
    added(rig, POLICY, OTHER, DRAWN)
    seen(rig, POLICY)
    approved(rig, POLICY)
    put(rig, POLICY, 1)
    seen(rig, OTHER, LARGE)
    drawn(rig)
    name, accounts = findings.campaigns[0].campaign_id, findings.streams["account_id"].to_pylist()
    office_of(rig).tell(*(notice(100 + i, name, accounts[i]) for i in range(12)))
    filed(rig, 1, 1, name, accounts[0])
    filed(rig, 2, 20, name, accounts[1])
    answered(rig, filed(rig, 3, 3, name, accounts[2]), Outcome.DENIED)
    answered(rig, filed(rig, 4, 3, name, accounts[3]), Outcome.UPHELD, NOW + timedelta(hours=1))
