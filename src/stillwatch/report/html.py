"""report.html: one file, no network, no script; whatever the logs hold is shown as text."""

from collections.abc import Sequence
from functools import cache
from itertools import count
from operator import itemgetter

from jinja2 import Environment

from stillwatch.model.campaign import Campaign
from stillwatch.model.findings import Findings
from stillwatch.report import calibrated, quantities, sentences, wording
from stillwatch.report.pictures.timeline import lanes
from stillwatch.report.section import campaign_section
from stillwatch.report.templating import environment_of
from stillwatch.report.visible import visible

__all__ = ["to_html"]

_MOST_SECTIONS = 40
_MOST_LANES = 20


@cache
def _environment() -> Environment:
    """Templates with everything escaped and every missing name an error."""
    return environment_of(
        "stillwatch.report",
        {
            "bits": quantities.bits,
            "count": quantities.count,
            "named": sentences.named,
            "visible": visible,
            "day": quantities.day,
            "clock": quantities.clock,
            "verdict": _verdict,
            "short": quantities.short,
            "usd": quantities.usd,
        },
    )


def _verdict(campaign: Campaign) -> str:
    return wording.VERDICTS[campaign.verdict].label


def to_html(findings: Findings) -> str:
    """Whole page. The first forty campaigns get a section of their own, the others a row in the table."""
    open_, settled = sentences.triage(findings.campaigns)
    shown = [*open_, *settled][:_MOST_SECTIONS]
    sections = [campaign_section(i, campaign, findings) for i, campaign in enumerate(shown, 1)]
    page = _environment().get_template("report.html.j2")
    return page.render(
        findings=findings,
        rows=_numbered(open_, settled),
        sections=sections[: len(open_)],
        settled_sections=sections[len(open_) :],
        settled_line=sentences.settled_line(settled),
        n_with_section=len(shown),
        n_without_section=len(findings.campaigns) - len(shown),
        verdicts=wording.VERDICTS,
        channels=wording.CHANNELS,
        summary=sentences.summary(findings),
        ingest_line=sentences.ingest_line(findings.tally),
        formats={visible(name): n for name, n in findings.tally.formats.items()},
        warning=sentences.reference_warning(findings).partition(". "),
        calibration_line=calibrated.calibration_line(findings),
        calibration_warnings=calibrated.warnings(findings),
        calibration_facts=calibrated.facts(findings),
        stages={sentences.stage(name): seconds for name, seconds in findings.stage_s.items()},
        not_judged=sentences.not_judged(findings.not_judged),
        closest=_closest(shown, len(open_)),
        lanes=lanes((open_ or settled)[:_MOST_LANES]) if findings.campaigns else None,
        n_lanes_left_off=max(0, len(open_ or settled) - _MOST_LANES),
    )


def _numbered(*groups: Sequence[Campaign]) -> list[list[tuple[int, Campaign]]]:
    """Campaigns of each group with their numbers, counted on from group to group."""
    numbers = count(1)
    return [[(next(numbers), campaign) for campaign in group] for group in groups]


def _closest(campaigns: Sequence[Campaign], n_open: int) -> list[list[tuple[int, Campaign, str]]]:
    """Number, campaign and sentence of the legitimate family closest to the strongest of each, closest of all first.

    Weak families that were linked in may look like anything and do not count. Two lists: the first `n_open`
    campaigns, and those that look legitimate.
    """
    found = [
        (family.distance, number, campaign, sentences.nearest(family))
        for number, campaign in enumerate(campaigns, 1)
        for family in sentences.one_a_kind(n for f in campaign.families[:1] for n in f.nearest)[:1]
    ]
    rows = [(number, campaign, words) for _, number, campaign, words in sorted(found, key=itemgetter(0, 1))]
    return [[row for row in rows if row[0] <= n_open], [row for row in rows if row[0] > n_open]]
