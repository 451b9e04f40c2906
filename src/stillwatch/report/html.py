"""report.html: one file, no network, no script; whatever the logs hold is shown as text."""

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from stillwatch.model.campaign import Campaign
from stillwatch.model.findings import Findings
from stillwatch.report import quantities, sentences, wording
from stillwatch.report.pictures.timeline import lanes
from stillwatch.report.section import campaign_section
from stillwatch.report.visible import visible

__all__ = ["to_html"]

_MOST_SECTIONS = 40
_MOST_LANES = 20


@cache
def _environment() -> Environment:
    """Templates with everything escaped and every missing name an error."""
    made = Environment(
        loader=PackageLoader("stillwatch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "bits": quantities.bits,
        "count": quantities.count,
        "named": sentences.named,
        "visible": visible,
        "day": quantities.day,
        "clock": quantities.clock,
        "short": quantities.short,
        "usd": quantities.usd,
    }
    return made


def to_html(findings: Findings) -> str:
    """Whole page. The first forty campaigns get a section of their own, the others a row in the table."""
    shown = findings.campaigns[:_MOST_SECTIONS]
    page = _environment().get_template("report.html.j2")
    return page.render(
        findings=findings,
        sections=[campaign_section(i, campaign, findings) for i, campaign in enumerate(shown, 1)],
        n_without_section=len(findings.campaigns) - len(shown),
        verdicts=wording.VERDICTS,
        channels=wording.CHANNELS,
        summary=sentences.summary(findings),
        ingest_line=sentences.ingest_line(findings.tally),
        formats={visible(name): n for name, n in findings.tally.formats.items()},
        warning=sentences.reference_warning(findings),
        not_judged=sentences.not_judged(findings.not_judged),
        closest=_closest(shown),
        lanes=lanes(findings.campaigns[:_MOST_LANES]) if findings.campaigns else None,
    )


def _closest(campaigns: Sequence[Campaign]) -> list[tuple[int, Campaign, str]]:
    """Number, campaign and sentence of the legitimate family that looks closest to each, the closest of all first."""
    found = [
        (family.distance, number, campaign, sentences.nearest(family))
        for number, campaign in enumerate(campaigns, 1)
        for family in sentences.one_a_kind(n for f in campaign.families for n in f.nearest)[:1]
    ]
    return [(number, campaign, words) for _, number, campaign, words in sorted(found, key=lambda row: row[:2])]
