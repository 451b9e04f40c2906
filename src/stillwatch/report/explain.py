"""One campaign in words, for the terminal."""

from math import isfinite

import pyarrow.compute as pc
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stillwatch.errors import MissingData
from stillwatch.model.campaign import Campaign, FamilyEvidence, TemplatePart
from stillwatch.model.findings import Findings
from stillwatch.report import calibrated, quantities, sentences, wording
from stillwatch.report.visible import clipped, visible

__all__ = ["explain", "find_campaign"]

_MOST_TEMPLATE_CHARACTERS = 700
_MOST_STREAMS = 10
_MOST_FAMILIES = 6
_MOST_OTHER_CHARACTERS = 160


def find_campaign(findings: Findings, campaign_id: str) -> Campaign:
    """Campaign by its id, or by the beginning of it when only one fits.

    Raises  MissingData if none or several fit; the message names those there are.
    """
    fitting = [c for c in findings.campaigns if c.campaign_id == campaign_id]
    fitting = fitting or [c for c in findings.campaigns if c.campaign_id.startswith(campaign_id)]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(sentences.named(c.campaign_id, 24) for c in (fitting or findings.campaigns)[:8]) or "none"
    what = "several campaigns begin with" if fitting else "there is no campaign"
    msg = f"{what} {sentences.named(campaign_id)!r}; these findings hold: {known}"
    raise MissingData(msg)


def explain(campaign: Campaign, findings: Findings) -> RenderableType:
    """Everything a person needs to weigh one campaign."""
    words = wording.VERDICTS[campaign.verdict]
    parts: list[RenderableType] = [
        Text.assemble((sentences.named(campaign.campaign_id), "bold"), f"  {words.headline}"),
        Text(sentences.lead(campaign)),
        Text(f"Exposure: {sentences.exposure(campaign.exposure)}."),
        Text(words.meaning, "dim"),
    ]
    parts += _list("Why it is called so", sentences.reasons(campaign))
    families = sentences.distinct(campaign.families)
    for family, n_alike in families[:1]:
        parts += _family(family, n_alike)
    parts += _list("Other families of this campaign", _others([family for family, _ in families[1:]]))
    parts += _streams(campaign, findings)
    parts += _list("What would change it", sentences.changes(campaign, findings.bar_bits))
    parts += _list(
        "What could not be judged", sentences.not_judged(dict.fromkeys((*campaign.not_judged, *findings.not_judged)))
    )
    parts += _list("What stands behind the bar", calibrated.behind(campaign, findings))
    if warning := sentences.reference_warning(findings):
        parts += [Text(""), Text(warning, "yellow")]
    return Group(*parts)


def _list(title: str, lines: list[str]) -> list[RenderableType]:
    if not lines:
        return []
    return [Text(""), Text(title, "bold"), *(_item(line) for line in lines)]


def _item(line: str) -> RenderableType:
    """Line of a list; what does not fit stands under its beginning."""
    row = Table.grid(padding=0)
    row.add_row(Text("  - "), Text(line))
    return row


def _others(families: list[FamilyEvidence]) -> list[str]:
    """One line each, the rest as a number."""
    lines = []
    for family in families[:_MOST_FAMILIES]:
        template = f": {_template(family.template, _MOST_OTHER_CHARACTERS)}" if family.template else ""
        lines.append(f"{_title(family)}{template}")
    if len(families) > _MOST_FAMILIES:
        lines.append(f"{len(families) - _MOST_FAMILIES} more in campaigns.json")
    return lines


def _title(family: FamilyEvidence) -> str:
    view = wording.VIEWS.get(family.view, wording.Words(wording.plain(visible(family.view)), ""))
    size = f"{quantities.count(family.n_accounts)} accounts, {quantities.count(family.n_exchanges)} exchanges"
    return f"{view.name}, {size}, {quantities.bits(family.score_bits)} bits"


def _family(family: FamilyEvidence, n_alike: int) -> list[RenderableType]:
    """Evidence of one family; `n_alike` others have the same size and score."""
    view = wording.VIEWS.get(family.view, wording.Words(wording.plain(visible(family.view)), ""))
    lines = [view.meaning] if view.meaning else []
    if n_alike:
        lines.append(sentences.alike(n_alike))
    if family.template:
        lines.append(f"Template: {_template(family.template, _MOST_TEMPLATE_CHARACTERS)}")
    shared = [sentences.shared(s, family.n_accounts) for s in family.shared]
    return [
        *_list(f"Evidence of the strongest family: {_title(family)}", lines),
        *_table("Structure tests: effect, and where 90 % of legitimate families lie", _effects(family)),
        *_table("Coordination: is it one hand?", _coordination(family)),
        Text("  Positive bits speak for harvest or for one hand, negative bits against it.", "dim"),
        *_list("What the accounts have in common", shared),
        *_list("Closest legitimate use", [sentences.nearest(n) for n in sentences.one_a_kind(family.nearest)]),
    ]


def _table(title: str, rows: Table) -> list[RenderableType]:
    return [Text(""), Text(title, "bold"), Padding(rows, (0, 0, 0, 2), expand=False)]


def _template(parts: tuple[TemplatePart, ...], limit: int) -> str:
    drawn = "".join(f" [{quantities.count(p.n_fills)} fills] " if p.is_slot else p.text for p in parts)
    return clipped(" ".join(visible(drawn, layout="\n\t").split()), limit)


def _effects(family: FamilyEvidence) -> Table:
    """Structure tests: the question, the effect, the legitimate range and the bits."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("question")
    for name in ("effect", "legitimate", "bits"):
        table.add_column(name, justify="right", no_wrap=True)
    for effect in family.effects:
        question = wording.TESTS[effect.test].question if effect.test in wording.TESTS else ""
        known = isfinite(effect.reference_low) and isfinite(effect.reference_high)
        legitimate = quantities.span(effect.reference_low, effect.reference_high) if known else "–"
        judged = sentences.is_judged(effect)
        table.add_row(
            Text(question or sentences.effect_name(effect.test)),
            Text(quantities.measured(effect.value, effect.standard_error) if judged else "not judged"),
            Text(legitimate),
            Text(quantities.bits(effect.bits) if judged else "–"),
        )
    return table


def _coordination(family: FamilyEvidence) -> Table:
    """Bits by channel, then together."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    for channel in family.channels:
        words = wording.CHANNELS.get(channel.channel, wording.Words(wording.plain(visible(channel.channel)), ""))
        said = f"{words.name}: {words.meaning}" if words.meaning else words.name
        table.add_row(Text(said), Text(f"{quantities.bits(channel.bits)} bits" if channel.judged else "not judged"))
    table.add_row(Text("taken together"), Text(f"{quantities.bits(family.coordination_bits)} bits"))
    table.add_row(Text("the same without payments"), Text(f"{quantities.bits(family.bits_without_payment)} bits"))
    return table


def _streams(campaign: Campaign, findings: Findings) -> list[RenderableType]:
    streams = findings.streams.filter(pc.equal(findings.streams["campaign_id"], campaign.campaign_id))
    ordered = streams.sort_by([("n_exchanges", "descending"), ("account_id", "ascending")])
    lines = [
        f"{sentences.named(row['account_id'])}: {quantities.count(row['n_exchanges'])} of its "
        f"{quantities.count(row['account_n_exchanges'])} exchanges ({quantities.share(row['share_of_account'])})"
        for row in ordered.slice(0, _MOST_STREAMS).to_pylist()
    ]
    if len(streams) > _MOST_STREAMS:
        lines.append(f"{quantities.count(len(streams) - _MOST_STREAMS)} more in streams.parquet")
    return [*_list("Largest streams", lines), _item(sentences.fairness(campaign.verdict, streams))]
