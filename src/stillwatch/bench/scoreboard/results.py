"""What the scoreboard says, as plain values: one JSON file, and the page is drawn from nothing else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

__all__ = [
    "ALL_WORLDS",
    "OURS",
    "SCOREBOARD_VERSION",
    "Board",
    "Curve",
    "DoseCell",
    "Failure",
    "Headline",
    "Interval",
    "KindRow",
    "LeakRow",
    "Outcome",
    "ScenarioRow",
    "Setup",
    "WorldRow",
]

SCOREBOARD_VERSION: Final = 1
"""Version of scoreboard.json; a change of meaning raises it."""

ALL_WORLDS: Final = "all"
"""Headline over the worlds campaigns, evasions and innocents together."""

OURS: Final = "stillwatch"
"""Method name of the detector itself."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the ends of its 95 % interval; NaN (null in JSON) where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class Setup:
    """What was run.

    seeds           Of the simulated traffic.
    scale           Share of a large provider's traffic, 1/1000 to 1.
    generator       Who wrote the attacks: first, second or third.
    scenarios       Attacks that were planted, in order.
    prompts         corpora or grammar: where prompts come from.
    reference       Name of the legitimate reference that scans were judged against.
    bar_bits        Score that an accusation needed, bits.
    """

    version: str
    seeds: tuple[int, ...]
    scale: float
    generator: str
    scenarios: tuple[str, ...]
    prompts: str
    reference: str
    bar_bits: float
    started: str
    wall_s: float
    n_cores: int


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """One planted campaign under one method.

    coverage    Largest share of its exchanges in one reported harvest campaign; for a method that accuses accounts,
                share of its exchanges on accused accounts.
    purity      Share of that campaign's (or of all accused) exchanges that are its own (or anybody's harvest).
    found       Coverage >= 0.5 and purity >= 0.9.
    exchange_recall, account_recall     Share of its exchanges, and of its accounts, that were accused.
    outcome     What became of it in a few words.
    """

    campaign: str
    n_exchanges: int
    n_accounts: int
    coverage: float
    purity: float
    found: bool
    exchange_recall: float
    account_recall: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One method on one world.

    status          ok, or why it did not run.
    setting         Parameters of a baseline; empty for ours.
    threshold       Score from which a baseline accuses; NaN when it has none (no accusations are counted then).
    n_planted, n_accused, n_right   Exchanges planted, accused, and accused rightly.
    recall          Account recall by share of legitimate accounts that may be accused ("0", "1e-05", ...), threshold
                    chosen on this very world.
    n_false         Legitimate accounts accused at the threshold in use.
    false_by_kind, open_by_kind     Legitimate accounts accused, and left as unclear or relay, by population.
    false_rate      n_false / n_legitimate with its interval over units.
    """

    method: str
    world: str
    seed: int
    status: str
    wall_s: float = math.nan
    peak_bytes: int = 0
    setting: Mapping[str, float] = field(default_factory=dict)
    threshold: float = math.nan
    n_planted: int = 0
    n_accused: int = 0
    n_right: int = 0
    n_attackers: int = 0
    n_legitimate: int = 0
    recall: Mapping[str, float] = field(default_factory=dict)
    average_precision: float = math.nan
    n_false: int = 0
    false_by_kind: Mapping[str, int] = field(default_factory=dict)
    open_by_kind: Mapping[str, int] = field(default_factory=dict)
    false_rate: Interval = field(default_factory=lambda: Interval(math.nan))
    scenarios: tuple[ScenarioRow, ...] = ()
    stage_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Whether it ran."""
        return self.status == "ok"


@dataclass(frozen=True, slots=True)
class WorldRow:
    """A world that was written.

    n_units     Legitimate families and organisations.
    """

    world: str
    seed: int
    n_exchanges: int
    n_accounts: int
    n_units: int
    n_planted: int
    wall_s: float


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind of legitimate use over all worlds: how many accounts, and how many of them each method accused.

    accused     By method.
    unclear     Accounts that we left as unclear or relay, which accuses nobody.
    units       Families and organisations of this kind that hold an account we accused.
    """

    kind: str
    n_accounts: int
    n_units: int
    accused: Mapping[str, int]
    unclear: int
    units: int


@dataclass(frozen=True, slots=True)
class Headline:
    """Pooled measures of one method over all seeds of one world (or ``all`` without doses), with intervals over seeds.

    measures    By name: found, exchange_recall, exchange_precision, recall_0, recall_1e-05, recall_0.0001,
                recall_0.001 (one threshold for all seeds), average_precision (mean over seeds),
                false_per_million (interval over units).
    n_found, n_campaigns    Planted campaigns found, and planted.
    """

    world: str
    method: str
    title: str
    measures: Mapping[str, Interval]
    n_found: int
    n_campaigns: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Account recall by share of legitimate accounts accused, one threshold for all seeds."""

    world: str
    method: str
    false_rate: tuple[float, ...]
    recall: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LeakRow:
    """What a campaign had got before the first alarm found.

    n_leaked    Exchanges sent before it; all of them when there was none.
    hours       From the campaign's first exchange; NaN when there was none.
    """

    campaign: str
    seed: int
    n_exchanges: int
    n_leaked: int
    hours: float
    alarmed: bool
    n_scans: int


@dataclass(frozen=True, slots=True)
class DoseCell:
    """Recall of one dose over all seeds.

    recall          Mean share of its accounts that were accused.
    bound_bits      Most information that such a dose can give, bits; NaN when no bound was handed in.
    """

    kind: str
    n_accounts: int
    per_account: int
    recall: float
    exchange_recall: float
    n_seeds: int
    bound_bits: float = math.nan


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that broke, and what it said."""

    step: str
    message: str


@dataclass(frozen=True, slots=True)
class Board:
    """The scoreboard."""

    setup: Setup
    headlines: tuple[Headline, ...]
    curves: tuple[Curve, ...]
    outcomes: tuple[Outcome, ...]
    kinds: tuple[KindRow, ...]
    leaks: tuple[LeakRow, ...]
    doses: tuple[DoseCell, ...]
    worlds: tuple[WorldRow, ...]
    failures: tuple[Failure, ...]
    titles: Mapping[str, str]
    format_version: int = SCOREBOARD_VERSION

    def to_json(self) -> str:
        """One JSON object; a number that does not exist is null."""
        return orjson.dumps(self, option=orjson.OPT_INDENT_2).decode() + "\n"
