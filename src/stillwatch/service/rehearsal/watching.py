"""A look at what was collected, as the watch takes it every minute: findings, cases, and an alarm for what is new."""

from datetime import datetime
from typing import Final

from stillwatch.model.campaign import Campaign, Verdict
from stillwatch.model.findings import Findings
from stillwatch.report import read_findings
from stillwatch.service.cases import note_findings
from stillwatch.service.rehearsal.scene import Scene
from stillwatch.service.rehearsal.words import counted, lasted, short
from stillwatch.service.serving import tick_job
from stillwatch.watch import tick

__all__ = ["look"]

_SETTLES_S: Final = 60.0


def look(scene: Scene) -> None:
    """Tick at the story's time, bring the cases up to date, and tell of every campaign that is now called a harvest."""
    home, now = scene.home, scene.clock.wall()
    is_written = scene.service.journal.settle(_SETTLES_S)
    scene.judge.check("the collector writes by hour", is_written, f"within {_SETTLES_S:.0f} s")
    job = tick_job(home)
    tick(job.logs, job.state, job.out, job.options, now=now)
    note_findings(home.engine, home.trail, home.findings, now)
    scene.service.facts.refresh()
    scene.findings = read_findings(home.findings)
    for campaign in scene.findings.campaigns:
        known = {campaign.campaign_id, *campaign.also_known_as}
        if campaign.verdict is Verdict.HARVEST and not known & scene.alarms.keys():
            _alarm(scene, campaign, scene.findings, now)


def _alarm(scene: Scene, campaign: Campaign, findings: Findings, now: datetime) -> None:
    names = zip(
        findings.exchanges["campaign_id"].to_pylist(), findings.exchanges["exchange_id"].to_pylist(), strict=True
    )
    planted = scene.planted(name for of, name in names if of == campaign.campaign_id)
    most = max(planted, key=lambda name: planted[name], default=None)
    scene.alarms[campaign.campaign_id] = most
    after = None if most is None else now - scene.world.first_of(most)
    since = "nobody's harvest" if after is None else f"{lasted(after)} after its first exchange"
    scene.note(
        "alarm",
        f"campaign {short(campaign.campaign_id)}: harvest, {campaign.bits:.0f} bits (bar {findings.bar_bits:.0f}), "
        f"{counted(campaign.n_accounts, 'account')}, {counted(campaign.n_exchanges, 'exchange')}; {since}; case opened",
        mark="alarm",
        campaign=campaign.campaign_id,
        bits=campaign.bits,
        bar_bits=findings.bar_bits,
        accounts=campaign.n_accounts,
        exchanges=campaign.n_exchanges,
        planted=most,
        legitimate=planted.get(None, 0),
        after_s=None if after is None else after.total_seconds(),
    )
