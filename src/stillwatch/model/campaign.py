"""What a scan concludes: typed evidence without wording. The wording is made in report/."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = [
    "Campaign",
    "ChannelBits",
    "Effect",
    "Exposure",
    "FamilyEvidence",
    "Figures",
    "NearestFamily",
    "Reason",
    "SharedAttribute",
    "TemplatePart",
    "Verdict",
]


class Verdict(StrEnum):
    """What a campaign is called."""

    HARVEST = "harvest"
    RELAY = "relay"
    RELATED = "related"
    EVALUATION = "evaluation"
    TOOL = "tool"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Effect:
    """One structure test of a family: an effect and its standard error over accounts.

    test            ti, hi, se, cd, loc, dr, rep, item or elic (detect/harvest/).
    value           The effect; NaN when it could not be judged.
    standard_error  Same unit; NaN when it could not be judged.
    bits            Its own share of the score: log2 of harvest density over legitimate density; 0 when missing.
    reference_low, reference_high   5 % and 95 % quantiles over the legitimate reference; NaN when not given.
    """

    test: str
    value: float
    standard_error: float
    bits: float
    reference_low: float = math.nan
    reference_high: float = math.nan


@dataclass(frozen=True, slots=True)
class ChannelBits:
    """Coordination evidence of one channel, log2 of an e-value. `judged` is False when its columns are missing."""

    channel: str
    bits: float
    judged: bool = True


@dataclass(frozen=True, slots=True)
class SharedAttribute:
    """A value that more of a family's accounts have in common than chance gives.

    kind        payment, prefix, asn or email_domain.
    value       The value as the provider knows it (kept local), or a short hash of it.
    n_accounts  Accounts of the family that have it.
    share_background    Share of all other accounts that have it, 0 to 1.
    """

    kind: str
    value: str
    n_accounts: int
    share_background: float


@dataclass(frozen=True, slots=True)
class TemplatePart:
    """A stretch of a prompt: fixed template text, or a slot with the number of different fills seen in it."""

    text: str
    is_slot: bool
    n_fills: int = 0


@dataclass(frozen=True, slots=True)
class NearestFamily:
    """A legitimate family of the reference that looks closest, and by what.

    kind        Population it was drawn from, as the reference names it.
    distance    Root mean square of the differences in units of their kernel width.
    most_alike, most_different   Tests, the closest and farthest first.
    effects     Its effect in each test that could be judged there.
    """

    kind: str
    distance: float
    most_alike: tuple[str, ...]
    most_different: tuple[str, ...]
    effects: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FamilyEvidence:
    """All that is known against and for one family.

    score_bits              Joint likelihood ratio against legitimate automation, after the composite.
    coordination_bits       log2 of the mean e-value over the channels.
    bits_without_payment    The same when no payment attribute is used.
    elicitation             Share of exchanges per elicitation class, 0 to 1.
    """

    family_id: str
    view: str
    n_accounts: int
    n_exchanges: int
    score_bits: float
    coordination_bits: float
    bits_without_payment: float
    channels: tuple[ChannelBits, ...]
    effects: tuple[Effect, ...]
    elicitation: Mapping[str, float]
    shared: tuple[SharedAttribute, ...]
    template: tuple[TemplatePart, ...]
    nearest: tuple[NearestFamily, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a campaign took. None means the logs do not say.

    capabilities    Exchanges by capability: an elicitation class, tools or plain.
    models          Exchanges by model name.
    """

    n_exchanges: int
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None
    capabilities: Mapping[str, int]
    models: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict was given: a code that report/ words, the value and the bar it was held against."""

    code: str
    value: float
    bar: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """Families tied together and judged one operation.

    campaign_id     Stable for the same input: derived from the family ids; with a state, kept from day to day.
    bits            Largest family score, bits.
    first_seen, last_seen   First and last exchange in the logs that were scanned.
    timeline        (hour start, exchanges) for hours with traffic, in order.
    heatmap         Exchanges by account (busiest first, at most 60) and hour of the day UTC (24).
    heatmap_accounts    Account ids of the heat map's rows.
    graph_edges     (account id, attribute, weight): who shares what, at most 2,400 edges.
    not_judged      What could not be judged, as codes: no-addresses, no-payments, no-text, ...
    open_since      First exchange of the campaign in any scan with this state; None when it is new or nothing is kept.
    also_known_as   Ids of earlier campaigns that turned out to be part of this one.
    """

    campaign_id: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    families: tuple[FamilyEvidence, ...]
    n_streams: int
    n_accounts: int
    n_exchanges: int
    bits: float
    first_seen: datetime
    last_seen: datetime
    exposure: Exposure
    timeline: tuple[tuple[datetime, int], ...]
    heatmap: tuple[tuple[int, ...], ...]
    heatmap_accounts: tuple[str, ...]
    graph_edges: tuple[tuple[str, str, int], ...]
    not_judged: tuple[str, ...]
    open_since: datetime | None = None
    also_known_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What a case keeps of a campaign; the names are those of `Campaign`."""

    campaign_id: str
    verdict: Verdict
    bits: float
    n_accounts: int
    n_exchanges: int
    first_seen: datetime
    last_seen: datetime
    open_since: datetime | None = None
    also_known_as: tuple[str, ...] = ()
