"""Sentences about findings, shared by the terminal and the page. Text of strangers is made visible here."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.campaign import (
    Campaign,
    Effect,
    Exposure,
    FamilyEvidence,
    NearestFamily,
    Reason,
    SharedAttribute,
    Verdict,
)
from stillwatch.model.findings import Findings, Tally
from stillwatch.report import quantities, wording
from stillwatch.report.visible import clipped, visible

__all__ = [
    "alike",
    "changes",
    "counts",
    "distinct",
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
    "reasons",
    "reference_warning",
    "settled_line",
    "shared",
    "side",
    "stage",
    "summary",
    "triage",
]

_WRITE = {
    "bits": quantities.bits,
    "count": lambda value: quantities.count(round(value)),
    "share": quantities.share,
    "effect": quantities.effect,
}

_MOST_TESTS = 3
_PRESSING = (
    Verdict.HARVEST, Verdict.UNCLEAR, Verdict.RELAY, Verdict.RELATED, Verdict.EVALUATION, Verdict.TOOL,
)  # fmt: skip
_N_OPEN = 3
"""Verdicts from the first on that somebody should look into; the others ask for nothing."""
_NO_BITS = 0.05
"""Bits that are printed as 0.0 and speak neither way."""
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
    open_, settled = triage(findings.campaigns)
    plural = "" if len(open_) == 1 else "s"
    pressing = f"{counts(open_)} campaign{plural}" if open_ else "Nothing to look into"
    return f"{pressing} in {base}. {settled_line(settled)}".rstrip()


def counts(campaigns: Sequence[Campaign]) -> str:
    """Number of campaigns by verdict, in their order; empty for none."""
    found = Counter(wording.VERDICTS[campaign.verdict].label for campaign in campaigns)
    *first, last = (f"{n} {label}" for label, n in found.items()) if found else ("",)
    return f"{', '.join(first)} and {last}" if first else last


def settled_line(settled: Sequence[Campaign]) -> str:
    """How many groups look legitimate, by verdict; empty for none."""
    if not settled:
        return ""
    plural = "" if len(settled) == 1 else "s"
    return f"{len(settled)} group{plural} look{'' if plural else 's'} legitimate: {counts(settled)}."


def triage(campaigns: Iterable[Campaign]) -> tuple[list[Campaign], list[Campaign]]:
    """Campaigns that somebody should look into, most pressing verdict first; then those that need nothing."""
    ordered = sorted(campaigns, key=lambda campaign: _PRESSING.index(campaign.verdict))
    n_open = sum(_PRESSING.index(campaign.verdict) < _N_OPEN for campaign in ordered)
    return ordered[:n_open], ordered[n_open:]


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
        "Default reference: calibrate on your own traffic. Scores are held against "
        f"{quantities.count(findings.reference_units)} simulated legitimate customers, not against your own; "
        "error rates on real traffic are unknown. Use them to rank what to look at, not to act."
    )


def lead(campaign: Campaign) -> str:
    """Who sent what and when."""
    return (
        f"{quantities.count(campaign.n_accounts)} accounts sent {quantities.count(campaign.n_exchanges)} exchanges "
        f"that belong together, in {quantities.count(campaign.n_streams)} streams, "
        f"between {quantities.moment(campaign.first_seen)} and {quantities.moment(campaign.last_seen)}."
        f"{_history(campaign)}"
    )


def _history(campaign: Campaign) -> str:
    """What earlier scans knew of the campaign."""
    since = "" if campaign.open_since is None else f" Open since {quantities.moment(campaign.open_since)}."
    also = ", ".join(named(name, 32) for name in campaign.also_known_as)
    return f"{since} Also known as {also}." if also else since


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
        return "Streams are accused, not accounts. Here the streams are all that these accounts sent in these logs."
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
            0, f"The score is {quantities.bits(margin)} bits above the bar: {quantities.bits(margin)} bits less end it."
        )
    if campaign.verdict is Verdict.UNCLEAR:
        found = [*_would_settle(campaign, margin), *found]
    return found


def _would_settle(campaign: Campaign, margin: float) -> Iterator[str]:
    """What is open about an unclear campaign: the owner, the bar, the columns that are missing."""
    if any(why.code == "one-unverified-owner" and why.value >= why.bar for why in campaign.reasons):
        yield "Verify the owner that the accounts name: if it is true of 80 % of them, this becomes “related”."
    if margin < 0:
        yield f"{quantities.bits(-margin)} bits more would reach the bar."
    if campaign.not_judged:
        yield "Columns that the logs lack (named under “could not be judged”) may settle it either way."


def exposure(taken: Exposure) -> str:
    """What was taken, as a short phrase; what the logs do not say is left out."""
    parts = [f"{quantities.count(taken.n_exchanges)} exchanges"]
    if taken.output_tokens is not None:
        parts.append(f"{quantities.short(taken.output_tokens)} output tokens")
    if taken.reasoning_tokens:
        parts.append(f"{quantities.short(taken.reasoning_tokens)} reasoning tokens")
    if taken.cost_usd is not None:
        parts.append(f"{quantities.usd(taken.cost_usd)} at list price")
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


def shared(attribute: SharedAttribute, n_accounts: int) -> str:
    """Who of a family's `n_accounts` shares what, beside how common it is elsewhere."""
    kind = wording.ATTRIBUTES.get(attribute.kind, wording.plain(visible(attribute.kind)))
    elsewhere = f"{quantities.share(attribute.share_background)} of all other accounts have it"
    return (
        f"{quantities.count(attribute.n_accounts)} of {quantities.count(n_accounts)} accounts share the {kind} "
        f"{named(attribute.value)}; {elsewhere if attribute.share_background else 'no other account has it'}."
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
    """Tell whether a structure test could be judged; nothing measured without any error is no measurement."""
    if math.isnan(effect.value) or math.isnan(effect.standard_error):
        return False
    return bool(effect.value or effect.standard_error)


def side(bits: float) -> str:
    """Which way evidence speaks."""
    if abs(bits) < _NO_BITS:
        return "neither way"
    return "for harvest" if bits > 0 else "for legitimate use"


def distinct(families: Iterable[FamilyEvidence]) -> list[tuple[FamilyEvidence, int]]:
    """Families of one size and score once, the one with a template before the others, and how many were left out."""
    alike: dict[tuple[float, ...], list[FamilyEvidence]] = {}
    for family in families:
        key = (family.n_accounts, family.n_exchanges, round(family.score_bits, 6))
        alike.setdefault(key, []).append(family)
    return [(max(group, key=lambda family: bool(family.template)), len(group) - 1) for group in alike.values()]


def alike(n: int) -> str:
    """What stands for the families that `distinct` left out."""
    return f"{quantities.count(n)} more {'family has' if n == 1 else 'families have'} the same size and score."


def reasons(campaign: Campaign) -> list[str]:
    """Reasons as sentences, none twice."""
    codes = {why.code for why in campaign.reasons}
    left_out = {"coordination"} if "unrelated-people" in codes else set()
    return [reason(why) for why in campaign.reasons if why.code not in left_out]


def stage(name: str) -> str:
    """Stage of long work, as a person says it."""
    return wording.STAGES.get(name) or named(name)
