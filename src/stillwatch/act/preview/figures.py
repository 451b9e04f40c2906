"""What a preview tells: plain numbers with their names; the words are made in report/."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from stillwatch.act.policy.limits import Limits, Needs
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import Action

__all__ = [
    "BandRow",
    "Breakdown",
    "Control",
    "Count",
    "Doubt",
    "Effect",
    "Felt",
    "GuardRow",
    "HardCase",
    "Later",
    "Objections",
    "Previewed",
    "Promised",
    "RuleRow",
]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of each; an account that names no organisation is one of its own."""

    exchanges: int = 0
    streams: int = 0
    accounts: int = 0
    organisations: int = 0


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What one rule does.

    rule        None for exchanges that no rule matches.
    action      What is done after the guards; it may be less than what the rule wants.
    count       Of bystanders, exchanges of no accused stream, only exchanges are counted.
    refused     Exchanges that would not have been answered.
    """

    rule: str | None
    action: Action
    count: Count
    refused: int


@dataclass(frozen=True, slots=True)
class GuardRow:
    """What a guard kept from being touched: it took something from what a rule wants."""

    guard: str
    why: str
    count: Count


@dataclass(frozen=True, slots=True)
class BandRow:
    """One band of a breakdown.

    n_exchanges     All of the band.
    n_accounts      All of the band; None where an account may be in several.
    touched         What gets more than observe.
    by_action       Touched exchanges by action.
    """

    label: str
    n_exchanges: int
    n_accounts: int | None
    touched: Count
    by_action: Mapping[Action, int]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Touched exchanges by something; those of the rows sum up to all that are touched, and so do all exchanges."""

    name: str
    rows: tuple[BandRow, ...]


@dataclass(frozen=True, slots=True)
class HardCase:
    """A touched stream that may be touched wrongly, sooner than others.

    hardness    0 to 1, the mean of the marks.
    marks       0 to 1 each, by name: margin, attribution, tenure, verified and other.
    refused     Of `n_exchanges`, the stream's exchanges that are touched.
    """

    campaign_id: str
    account_id: str
    organisation_id: str | None
    verdict: Verdict
    action: Action
    rule: str
    hardness: float
    marks: Mapping[str, float]
    bits_over_bar: float
    attribution_bits: float
    share_of_account: float
    age_days: float | None
    verified_level: int | None
    programme: str | None
    declared_use: str | None
    n_exchanges: int
    refused: int


@dataclass(frozen=True, slots=True)
class Promised:
    """What the bar says of legitimate families that are like the reference's.

    n_units, n_above    Units behind the bar that lets most pass, and those of them at or over it.
    rate, low, high     Chance that a new unit like them reaches the bar, and the exact 95 % interval of its share.
    n_families          Families that were scored in the scan.
    is_simulated        The reference is the one that comes along, made from simulated traffic.
    """

    n_units: int
    n_above: int
    rate: float
    low: float
    high: float
    n_families: int
    is_simulated: bool

    @property
    def expected(self) -> tuple[float, float, float]:
        """Families over the bar if all that were scored were legitimate and alike: estimate, low and high."""
        return self.rate * self.n_families, self.low * self.n_families, self.high * self.n_families


@dataclass(frozen=True, slots=True)
class Control:
    """A sign that legitimate accounts carry more often, among touched accounts and among others.

    sign            verified, tenured or declared.
    n_touched, n_others     Accounts of which it is known.
    touched, others         Those of them that have it.
    most            Largest share of touched accounts that can be touched wrongly, 0 to 1, if those carry the sign at
                    least as often as the others do; None where others carry it too seldom to tell.
    most_high       Its upper end with a confidence of 95 %, as if accounts were independent.
    """

    sign: str
    n_touched: int
    touched: int
    n_others: int
    others: int
    most: float | None
    most_high: float | None


@dataclass(frozen=True, slots=True)
class Objections:
    """Appeals that a person has decided about, and their exact 95 % interval."""

    decided: int
    upheld: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """How many may be touched wrongly, by whatever can be said.

    promised    None when nobody told what the bar rests on.
    objections  None when no appeal was decided yet.
    """

    promised: Promised | None
    controls: tuple[Control, ...]
    objections: Objections | None


@dataclass(frozen=True, slots=True)
class Felt:
    """What a touched customer feels in an hour in which the stream sends anything.

    action      None for all together.
    n_hours     Hours of touched streams.
    requests, refused   Of an hour, the 50th and the 95th percentile.
    """

    action: Action | None
    n_hours: int
    requests: tuple[float, float]
    refused: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Later:
    """Share withheld had the campaign been found so long after its first exchange in the window."""

    after: timedelta
    exchanges: float
    output_tokens: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a policy takes from a campaign.

    campaign_id     None for all campaigns of the verdicts harvest and relay together.
    output_tokens   Of exchanges whose logs say it; None when none does.
    withheld        Exchanges that would not have been answered, known from the first one on.
    altered         Exchanges answered otherwise: without reasoning, or degraded.
    later           The same share had it been found later.
    found_at        When it was found; None when nobody wrote it down.
    since_found     Share withheld of all, from then on; None when nobody wrote it down.
    """

    campaign_id: str | None
    verdict: Verdict | None
    exchanges: int
    output_tokens: int | None
    withheld: int
    withheld_tokens: int | None
    altered: int
    later: tuple[Later, ...]
    found_at: datetime | None = None
    since_found: Later | None = None


@dataclass(frozen=True, slots=True)
class Previewed:
    """All that a preview tells of one policy.

    stage       Share of accused streams that it is rolled out to.
    traffic     All that was looked at; streams are accused ones.
    n_tenured, touched_tenured      Tenured accounts with traffic, and those that are touched.
    shares      traffic, organisations and tenured, 0 to 1.
    needs       Who must stand behind an activation, by these shares.
    failed      Rules whose condition could not be evaluated.
    """

    name: str
    version: str
    start: datetime
    end: datetime
    digest: str
    stage: float
    traffic: Count
    touched: Count
    refused: int
    n_tenured: int
    touched_tenured: int
    shares: Mapping[str, float]
    limits: Limits
    needs: Needs
    rules: tuple[RuleRow, ...]
    guards: tuple[GuardRow, ...]
    breakdowns: tuple[Breakdown, ...]
    hardest: tuple[HardCase, ...]
    doubt: Doubt
    felt: tuple[Felt, ...]
    effects: tuple[Effect, ...]
    failed: tuple[str, ...]
