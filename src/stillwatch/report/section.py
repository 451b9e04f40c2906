"""What the page shows of one campaign, worked out before any markup is written."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from stillwatch.model.campaign import Campaign
from stillwatch.model.findings import Findings
from stillwatch.report import calibrated, quantities, sentences, wording
from stillwatch.report.evidence import FamilySection, Row, family_section, share_rows
from stillwatch.report.pictures.heatmap import MOST_ROWS, heatmap
from stillwatch.report.pictures.sharing import hub_words, hubs, sharing
from stillwatch.report.pictures.timeline import timeline

__all__ = ["CampaignSection", "Fact", "StreamRow", "campaign_section"]

_MOST_FAMILIES = 6
_MOST_STREAMS = 15
_MOST_MODELS = 8
_MOST_HUB_ROWS = 40


@dataclass(frozen=True, slots=True)
class Fact:
    """A number with its label."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream in words. `share` is 0 to 1: the accused part of the account."""

    account: str
    exchanges: str
    of_account: str
    share: float
    share_words: str
    bits: str
    output_tokens: str
    first_seen: str
    last_seen: str


@dataclass(frozen=True, slots=True)
class CampaignSection:
    """All that the page says of one campaign.

    open_family     The first family with a template, from 1, shown unfolded; 0 when none has one.
    """

    anchor: str
    name: str
    verdict: str
    words: wording.VerdictWords
    size: str
    lead: str
    fairness: str
    facts: tuple[Fact, ...]
    behind: tuple[str, ...]
    reasons: tuple[str, ...]
    changes: tuple[str, ...]
    not_judged: tuple[str, ...]
    timeline: Markup
    days: tuple[tuple[str, str], ...]
    heatmap: Markup
    heat_rows: tuple[tuple[str, tuple[int, ...]], ...]
    n_heat_left_off: int
    sharing: Markup | None
    hubs: tuple[tuple[str, str, str], ...]
    capabilities: tuple[Row, ...]
    models: tuple[Row, ...]
    families: tuple[FamilySection, ...]
    open_family: int
    n_families_left_off: int
    streams: tuple[StreamRow, ...]
    n_streams_left_off: int


def campaign_section(number: int, campaign: Campaign, findings: Findings) -> CampaignSection:
    """Everything about one campaign, ready to lay out. `number` counts from 1 and makes the anchor."""
    streams = findings.streams.filter(pc.equal(findings.streams["campaign_id"], campaign.campaign_id))
    taken = campaign.exposure
    families = sentences.distinct(campaign.families)
    shown = families[:_MOST_FAMILIES]
    return CampaignSection(
        anchor=f"campaign-{number}",
        name=sentences.named(campaign.campaign_id, 24),
        verdict=campaign.verdict.value,
        words=wording.VERDICTS[campaign.verdict],
        size=f"{quantities.count(campaign.n_accounts)} accounts, {quantities.count(campaign.n_exchanges)} exchanges",
        lead=sentences.lead(campaign),
        fairness=sentences.fairness(campaign.verdict, streams),
        facts=_facts(campaign, findings.bar_bits),
        behind=tuple(calibrated.behind(campaign, findings)),
        reasons=tuple(sentences.reasons(campaign)),
        changes=tuple(sentences.changes(campaign, findings.bar_bits)),
        not_judged=tuple(sentences.not_judged(c for c in campaign.not_judged if c not in findings.not_judged)),
        timeline=timeline(campaign),
        days=_days(campaign),
        heatmap=heatmap(campaign),
        heat_rows=_heat_rows(campaign),
        n_heat_left_off=max(0, campaign.n_accounts - min(MOST_ROWS, len(campaign.heatmap))),
        sharing=sharing(campaign),
        hubs=_hub_rows(campaign),
        capabilities=share_rows({k: float(n) for k, n in taken.capabilities.items() if n}, float(taken.n_exchanges)),
        models=share_rows(_largest(dict(taken.models)), float(taken.n_exchanges)),
        families=tuple(family_section(family, n_alike, findings.bar_bits) for family, n_alike in shown),
        open_family=next((i for i, (family, _) in enumerate(shown, 1) if family.template), 0),
        n_families_left_off=len(families) - len(shown),
        streams=_stream_rows(streams),
        n_streams_left_off=max(0, len(streams) - _MOST_STREAMS),
    )


def _facts(campaign: Campaign, bar_bits: float) -> tuple[Fact, ...]:
    taken = campaign.exposure
    return (
        *(() if campaign.open_since is None else (Fact("open since", quantities.day(campaign.open_since)),)),
        *(() if not campaign.also_known_as else (Fact("also known as", ", ".join(campaign.also_known_as)),)),
        Fact("score, bits", f"{quantities.bits(campaign.bits)} (bar {quantities.bits(bar_bits)})"),
        Fact("streams", quantities.count(campaign.n_streams)),
        Fact("accounts", quantities.count(campaign.n_accounts)),
        Fact("exchanges", quantities.count(campaign.n_exchanges)),
        Fact("input tokens", quantities.short(taken.input_tokens)),
        Fact("output tokens", quantities.short(taken.output_tokens)),
        Fact("reasoning tokens", quantities.short(taken.reasoning_tokens)),
        Fact("value, list price", quantities.usd(taken.cost_usd)),
    )


def _days(campaign: Campaign) -> tuple[tuple[str, str], ...]:
    """Exchanges by day, for the table behind the timeline."""
    days: Counter[str] = Counter()
    for time, n in campaign.timeline:
        days[quantities.day(time.astimezone(UTC))] += n
    return tuple((day, quantities.count(n)) for day, n in days.items())


def _heat_rows(campaign: Campaign) -> tuple[tuple[str, tuple[int, ...]], ...]:
    rows = zip(campaign.heatmap_accounts, campaign.heatmap, strict=False)
    return tuple((sentences.named(account), row) for account, row in rows)[:MOST_ROWS]


def _hub_rows(campaign: Campaign) -> tuple[tuple[str, str, str], ...]:
    """Kind, value and number of accounts of what is shared."""
    found = hubs(campaign)[:_MOST_HUB_ROWS]
    return tuple((*hub_words(hub.attribute), quantities.count(len(hub.weights))) for hub in found)


def _largest(models: dict[str, int]) -> dict[str, float]:
    """Most used models; the rest as one."""
    ordered = sorted(models.items(), key=lambda item: (-item[1], item[0]))
    shown: dict[str, float] = {name: float(n) for name, n in ordered[:_MOST_MODELS]}
    rest = sum(n for _, n in ordered[_MOST_MODELS:])
    return shown | ({"all other models": float(rest)} if rest else {})


def _stream_rows(streams: pa.Table) -> tuple[StreamRow, ...]:
    ordered = streams.sort_by([("n_exchanges", "descending"), ("account_id", "ascending")])
    return tuple(
        StreamRow(
            account=sentences.named(row["account_id"], 32),
            exchanges=quantities.count(row["n_exchanges"]),
            of_account=quantities.count(row["account_n_exchanges"]),
            share=row["share_of_account"],
            share_words=quantities.share(row["share_of_account"]),
            bits=quantities.bits(row["attribution_bits"]),
            output_tokens=quantities.short(row["output_tokens"] or None),
            first_seen=quantities.day(row["first_seen"]),
            last_seen=quantities.day(row["last_seen"]),
        )
        for row in ordered.slice(0, _MOST_STREAMS).to_pylist()
    )
