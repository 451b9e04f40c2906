"""A look at what was collected, as the watch takes it every minute: findings, cases, and an alarm for what is new."""

import time
from datetime import datetime
from typing import Final

import pyarrow.compute as pc

from stillwatch.errors import EngineUnavailable
from stillwatch.model.campaign import Campaign, Verdict
from stillwatch.report import read_findings
from stillwatch.service.rehearsal.scene import Alarm, Scene
from stillwatch.service.rehearsal.words import counted, lasted, percent
from stillwatch.service.serving import take_up, tick_job
from stillwatch.watch import Tick, tick

__all__ = ["look"]

_TAKES_S: Final = 60.0
_LOOKS_S: Final = 0.02
_SAME: Final = 0.5


def look(scene: Scene) -> None:
    """Tick at the story's time, bring the cases up to date, and tell of every campaign that is newly called a harvest.

    Raises      EngineUnavailable when the service does not write what it collected, or does not see what was found.
    """
    home, now = scene.home, scene.clock.wall()
    if not scene.service.journal.settle(_TAKES_S):
        message = f"the collector did not write by hour within {_TAKES_S:.0f} s"
        raise EngineUnavailable(message)
    job = tick_job(home)
    done = tick(job.logs, job.state, job.out, job.options, now=now)
    take_up(home, scene.service.member, done)
    _wait_seen(scene, done)
    findings = scene.findings = read_findings(home.findings)
    for campaign in findings.campaigns:
        if campaign.verdict is Verdict.HARVEST:
            _hear(scene, campaign, now)


def _wait_seen(scene: Scene, done: Tick) -> None:
    """Until decisions are made by what the tick found."""
    until = time.monotonic() + _TAKES_S
    name = None if done.index is None else done.index.split(" ")[0]
    while scene.service.facts.health().generation != name:
        if time.monotonic() > until:
            message = f"decisions did not see the index {name} within {_TAKES_S:.0f} s"
            raise EngineUnavailable(message)
        time.sleep(_LOOKS_S)


def _hear(scene: Scene, campaign: Campaign, now: datetime) -> None:
    """Tell of a campaign, unless most of its accounts were in an earlier alarm: then it only has another name."""
    assert scene.findings is not None  # noqa: S101 - of the look that hears
    streams, exchanges = scene.findings.streams, scene.findings.exchanges
    accounts = frozenset(
        streams.filter(pc.equal(streams["campaign_id"], campaign.campaign_id))["account_id"].to_pylist()
    )
    earlier = next((alarm for alarm in scene.alarms if len(accounts & alarm.accounts) > _SAME * len(accounts)), None)
    if earlier is not None:
        earlier.names.setdefault(campaign.campaign_id)
        earlier.accounts |= accounts
        return
    mine = exchanges.filter(pc.equal(exchanges["campaign_id"], campaign.campaign_id))["exchange_id"].to_pylist()
    planted = scene.planted(mine)
    most = max(planted, key=lambda name: planted[name], default=None)
    alarm = Alarm(dict.fromkeys([campaign.campaign_id]), set(accounts), most, now)
    scene.alarms.append(alarm)
    _tell(scene, campaign, alarm, planted.get(most, 0) / max(len(mine), 1))


def _tell(scene: Scene, campaign: Campaign, alarm: Alarm, purity: float) -> None:
    after = None if alarm.planted is None else alarm.at - scene.world.first_of(alarm.planted)
    bar_bits = scene.findings.bar_bits if scene.findings else 0.0
    since = "nobody's harvest" if after is None else f"{lasted(after)} after the first"
    scene.note(
        "alarm",
        f"{campaign.campaign_id}: harvest, {campaign.bits:.0f} bits (bar {bar_bits:.0f}), "
        f"{counted(campaign.n_accounts, 'account')}, {counted(campaign.n_exchanges, 'exchange')}, {since}; "
        f"{percent(purity)} of them {alarm.planted or 'legitimate'}; case opened",
        mark="alarm",
        campaign=campaign.campaign_id,
        bits=campaign.bits,
        bar_bits=bar_bits,
        accounts=campaign.n_accounts,
        exchanges=campaign.n_exchanges,
        planted=alarm.planted,
        purity=purity,
        after_s=None if after is None else after.total_seconds(),
    )
