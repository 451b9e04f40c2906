"""One campaign in words, for the terminal."""

from collections.abc import Iterator

import pyarrow.compute as pc
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from stillwatch.errors import MissingData
from stillwatch.model.campaign import Campaign, Effect, FamilyEvidence, TemplatePart
from stillwatch.model.findings import Findings
from stillwatch.report import quantities, sentences, wording
from stillwatch.report.visible import clipped, visible

__all__ = ["explain", "find_campaign"]

_MOST_TEMPLATE_CHARACTERS = 700
_MOST_STREAMS = 10


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
    parts += _list("Why it is called so", [sentences.reason(r) for r in campaign.reasons])
    for family in campaign.families[:3]:
        parts += _family(family)
    parts += _streams(campaign, findings)
    parts += _list("What would change it", sentences.changes(campaign, findings.bar_bits))
    parts += _list(
        "What could not be judged", sentences.not_judged(dict.fromkeys((*campaign.not_judged, *findings.not_judged)))
    )
    if warning := sentences.reference_warning(findings):
        parts += [Text(""), Text(warning, "yellow")]
    return Group(*parts)


def _list(title: str, lines: list[str]) -> list[RenderableType]:
    if not lines:
        return []
    return [Text(""), Text(title, "bold"), *(_item(line) for line in lines)]


def _item(line: str) -> RenderableType:
    return Padding(Text(f"- {line}"), (0, 0, 0, 2))


def _family(family: FamilyEvidence) -> list[RenderableType]:
    view = wording.VIEWS.get(family.view, wording.Words(wording.plain(visible(family.view)), ""))
    size = f"{quantities.count(family.n_accounts)} accounts, {quantities.count(family.n_exchanges)} exchanges"
    title = f"Evidence: {view.name}, {size}, {quantities.bits(family.score_bits)} bits"
    lines = [view.meaning] if view.meaning else []
    if family.template:
        lines.append(f"Template: {_template(family.template)}")
    lines += [_effect(e) for e in family.effects]
    lines += list(_coordination(family))
    lines += [sentences.shared(s) for s in family.shared]
    lines += [f"Closest legitimate use. {sentences.nearest(n)}" for n in sentences.one_a_kind(family.nearest)]
    return _list(title, lines)


def _template(parts: tuple[TemplatePart, ...]) -> str:
    drawn = "".join(f" [{quantities.count(p.n_fills)} fills] " if p.is_slot else p.text for p in parts)
    return clipped(" ".join(visible(drawn, layout="\n\t").split()), _MOST_TEMPLATE_CHARACTERS)


def _effect(effect: Effect) -> str:
    name = sentences.effect_name(effect.test)
    question = wording.TESTS[effect.test].question if effect.test in wording.TESTS else ""
    if not sentences.is_judged(effect):
        return f"{name}: could not be judged. {question}".rstrip()
    side = "for harvest" if effect.bits > 0 else "for legitimate use" if effect.bits < 0 else "neither way"
    numbers = f"{quantities.effect(effect.value)} ± {quantities.effect(effect.standard_error)}"
    return f"{name}: {numbers}, {quantities.bits(abs(effect.bits))} bits {side}. {question}".rstrip()


def _coordination(family: FamilyEvidence) -> Iterator[str]:
    for channel in family.channels:
        words = wording.CHANNELS.get(channel.channel, wording.Words(wording.plain(visible(channel.channel)), ""))
        value = f"{quantities.bits(channel.bits)} bits" if channel.judged else "could not be judged"
        yield f"coordination, {words.name}: {value}. {words.meaning}".rstrip()
    yield (
        f"coordination, taken together: {quantities.bits(family.coordination_bits)} bits; "
        f"{quantities.bits(family.bits_without_payment)} without payments."
    )


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
