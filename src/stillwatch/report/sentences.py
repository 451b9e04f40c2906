"""Sentences about findings, shared by the terminal and the page. Text of strangers is made visible here."""

import math
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.campaign import Campaign, Effect, Exposure, NearestFamily, Reason, SharedAttribute, Verdict
from stillwatch.model.findings import Findings, Tally
from stillwatch.report import quantities, wording
from stillwatch.report.visible import clipped, visible

__all__ = [
    "changes",
    "effect_name",
    "exposure",
    "fairness",
    "ingest_line",
    "is_judged",
    "lead",
    "named",
    "nearest",
    "not_judged",
    "one_a_kind",
    "reason",
    "reference_warning",
    "shared",
    "summary",
]

_WRITE = {
    "bits": quantities.bits,
    "count": lambda value: quantities.count(round(value)),
    "share": quantities.share,
    "effect": quantities.effect,
}

_MOST_TESTS = 3
_FAR, _NEAR = 3.0, 1.0
"""Distances to a legitimate family in kernel widths: not alike from the first on, hard to tell under the second."""


def named(text: str, limit: int = 48) -> str:
    """Id or name from the logs, hidden characters shown, cut to `limit` characters."""
    return clipped(visible(text), limit)


def summary(findings: Findings) -> str:
    """One sentence: how many campaigns of which verdict, in how much traffic."""
    base = f"{quantities.count(findings.tally.rows_kept)} exchanges of {quantities.count(findings.n_accounts)} accounts"
    if not findings.campaigns:
        return f"No campaign was found in {base}."
    parts = [
        f"{n} {wording.VERDICTS[verdict].label}"
        for verdict in Verdict
        if (n := sum(c.verdict is verdict for c in findings.campaigns))
    ]
    plural = "" if len(findings.campaigns) == 1 else "s"
    return f"{len(findings.campaigns)} campaign{plural} in {base}: {', '.join(parts)}."


def ingest_line(tally: Tally) -> str:
    """What became of every row; always printed, zeros too."""
    return (
        f"{quantities.count(tally.rows_read)} rows read = {quantities.count(tally.rows_kept)} kept + "
        f"{quantities.count(tally.rows_quarantined)} quarantined + "
        f"{quantities.count(tally.rows_duplicate)} duplicates"
    )


def reference_warning(findings: Findings) -> str:
    """Warning that the default reference asks for; empty when the reference is the user's own."""
    if not findings.is_default_reference:
        return ""
    return (
        "default reference: calibrate on your own traffic. Scores are held against "
        f"{quantities.count(findings.reference_units)} simulated legitimate customers, not against your own; "
        "error rates on real traffic are unknown."
    )


def lead(campaign: Campaign) -> str:
    """Who sent what and when."""
    return (
        f"{quantities.count(campaign.n_accounts)} accounts sent {quantities.count(campaign.n_exchanges)} exchanges "
        f"that belong together, in {quantities.count(campaign.n_streams)} streams, "
        f"between {quantities.moment(campaign.first_seen)} and {quantities.moment(campaign.last_seen)}."
    )


def reason(why: Reason) -> str:
    """A reason as a sentence; a code without words is shown with its numbers."""
    words = wording.REASONS.get(why.code)
    if words is None:
        return f"{wording.plain(visible(why.code)).capitalize()}: {why.value:g}, held against {why.bar:g}."
    write = _WRITE[words.unit]
    sentence = words.reached if why.value >= why.bar else words.missed
    return sentence.format(value=write(why.value), bar=write(why.bar))


def fairness(verdict: Verdict, streams: pa.Table) -> str:
    """What is accused and what is not: the streams of a harvest, never the rest of what its accounts sent."""
    if verdict is Verdict.UNCLEAR:
        return "Nothing is accused yet: this is a question for an analyst."
    if verdict is not Verdict.HARVEST:
        return "Nothing is accused here; it is shown so that nobody has to wonder."
    accused, total = (pc.sum(streams[name]).as_py() or 0 for name in ("n_exchanges", "account_n_exchanges"))
    if not total or accused >= total:
        return "Streams are accused, not accounts. Here the streams are all that these accounts sent."
    return (
        "Streams are accused, not accounts: "
        f"{quantities.share(1 - accused / total)} of what these accounts sent belongs to other uses and is not accused."
    )


def changes(campaign: Campaign, bar_bits: float) -> list[str]:
    """What would change the verdict, the distance to the bar first."""
    found = list(wording.VERDICTS[campaign.verdict].changes)
    margin = campaign.bits - bar_bits
    if campaign.verdict is Verdict.HARVEST and margin > 0:
        found.insert(
            0, f"The score is {quantities.bits(margin)} bits above the bar; evidence that takes these away ends it."
        )
    if campaign.verdict is Verdict.UNCLEAR and margin < 0:
        found.insert(0, f"{quantities.bits(-margin)} bits more would reach the bar.")
    return found


def exposure(taken: Exposure) -> str:
    """What was taken, as a short phrase; what the logs do not say is left out."""
    parts = [f"{quantities.short(taken.n_exchanges)} exchanges"]
    if taken.output_tokens is not None:
        parts.append(f"{quantities.short(taken.output_tokens)} output tokens")
    if taken.reasoning_tokens:
        parts.append(f"{quantities.short(taken.reasoning_tokens)} reasoning tokens")
    if taken.cost_usd is not None:
        parts.append(quantities.usd(taken.cost_usd))
    return ", ".join(parts)


def not_judged(codes: Iterable[str]) -> list[str]:
    """What could not be judged, one sentence a code."""
    return [
        wording.NOT_JUDGED[code].meaning
        if code in wording.NOT_JUDGED
        else f"{wording.plain(visible(code))}.".capitalize()
        for code in codes
    ]


def effect_name(test: str) -> str:
    """Short name of a structure test."""
    return wording.TESTS[test].name if test in wording.TESTS else wording.plain(named(test))


def shared(attribute: SharedAttribute) -> str:
    """Who shares what, beside how common it is elsewhere."""
    kind = wording.ATTRIBUTES.get(attribute.kind, wording.plain(visible(attribute.kind)))
    return (
        f"{quantities.count(attribute.n_accounts)} accounts share the {kind} {named(attribute.value)}; "
        f"{quantities.share(attribute.share_background)} of all other accounts have it."
    )


def one_a_kind(families: Iterable[NearestFamily]) -> list[NearestFamily]:
    """Closest family of each kind, the closest kind first."""
    found: dict[str, NearestFamily] = {}
    for family in sorted(families, key=lambda f: f.distance):
        found.setdefault(family.kind, family)
    return list(found.values())


def nearest(family: NearestFamily) -> str:
    """How a legitimate family compares."""
    kind = wording.KINDS.get(family.kind, wording.plain(named(family.kind)))
    if family.distance < _NEAR:
        verdict = "hard to tell apart"
    elif family.distance < _FAR:
        verdict = "similar in part"
    else:
        verdict = "not alike"
    alike, different = (
        ", ".join(effect_name(test) for test in tests[:_MOST_TESTS]) or "none"
        for tests in (family.most_alike, family.most_different)
    )
    return (
        f"{kind[:1].upper()}{kind[1:]}: {verdict} (distance {family.distance:.1f}). "
        f"Most alike in: {alike}. Most different in: {different}."
    )


def is_judged(effect: Effect) -> bool:
    """Tell whether a structure test could be judged."""
    return not (math.isnan(effect.value) or math.isnan(effect.standard_error))
