"""How much of everything: a run of a stated number of exchanges, or of a stated scale."""

from collections.abc import Sequence
from typing import NamedTuple

from stillwatch.errors import InvalidInput
from stillwatch.simulate.brief import Brief
from stillwatch.simulate.campaign import Campaign
from stillwatch.simulate.campaigns import CAMPAIGNS, DEFAULT
from stillwatch.simulate.options import Spec, read_specs

__all__ = ["FULL_LEGITIMATE", "FULL_LEGITIMATE_DAYS", "LARGEST_SCALE", "SMALLEST_SCALE", "Plan", "Planned", "make_plan"]

FULL_LEGITIMATE = 40_000_000
"""Legitimate exchanges at scale 1 in `FULL_LEGITIMATE_DAYS`. With every campaign planted, two exchanges in three are
legitimate; a real provider has far more of them, and what is looked for is rarer there."""
FULL_LEGITIMATE_DAYS = 14.0
SMALLEST_SCALE = 1 / 1000
LARGEST_SCALE = 1.0
_FEWEST_EXCHANGES = 1_000
_FEWEST_SCALED = 20
"""Accounts of a campaign at any scale, where its kind gives no number: fewer would not be what the kind is."""


class Planned(NamedTuple):
    """One campaign to plant, under the name that the truth has for it."""

    name: str
    campaign: Campaign
    brief: Brief


class Plan(NamedTuple):
    """Legitimate exchanges, and the campaigns."""

    legitimate: int
    campaigns: tuple[Planned, ...]

    @property
    def exchanges(self) -> int:
        """All exchanges of the run."""
        return self.legitimate + sum(p.brief.n + p.brief.n_cover for p in self.campaigns)


def _names(kinds: Sequence[str]) -> list[str]:
    """The name of each campaign; the second of a kind is called ``kind-2``.

    >>> _names(["slow-drip", "camouflage", "slow-drip"])
    ['slow-drip', 'camouflage', 'slow-drip-2']
    """
    seen: dict[str, int] = {}
    names = []
    for kind in kinds:
        seen[kind] = seen.get(kind, 0) + 1
        names.append(kind if seen[kind] == 1 else f"{kind}-{seen[kind]}")
    return names


def _brief(campaign: Campaign, spec: Spec, number: int, *, share_of: int | None, scale: float, days: float) -> Brief:
    """How much of one campaign; `share_of` is the size of the run, or None for a run of a scale."""
    options = spec.options.over(campaign.usual)
    if options.accounts is not None and options.per_account is not None:
        n = round(options.accounts * options.per_account)
    elif share_of is not None:
        n = int(share_of * campaign.share)
    else:
        n = round(campaign.full_size * min(days, campaign.full_days) / campaign.full_days * scale)
    fewest = 60 if share_of is not None else _FEWEST_SCALED
    return Brief(max(1, n), number, n_cover=int(n * (options.cover or 0.0)), fewest=fewest, options=options)


def _size_problems(exchanges: int | None, scale: float | None) -> list[str]:
    """What is wrong with the size that was asked for."""
    if (exchanges is None) == (scale is None):
        return ["exactly one of exchanges and scale must be given"]
    if exchanges is not None and exchanges < _FEWEST_EXCHANGES:
        return [f"exchanges must be at least {_FEWEST_EXCHANGES}, got {exchanges}"]
    if scale is not None and not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        return [f"scale must be in [1/{round(1 / SMALLEST_SCALE)}, {LARGEST_SCALE:g}], got {scale:g}"]
    return []


def make_plan(
    exchanges: int | None, scale: float | None, days: float, campaigns: Sequence[str] | None, *, populated: bool
) -> Plan:
    """Plan a run.

    exchanges, scale    Exactly one: exchanges in all, or the part of the full size, 1/1000 to 1.
    campaigns           As `read_specs` reads them; None plants DEFAULT in a run of exchanges, all in one of a scale.
    populated           Whether there are populations to draw legitimate exchanges from.
    Raises              InvalidInput, also when the campaigns leave too little or have nobody beside them.

    >>> make_plan(None, 0.05, 14.0, ["small-ring"], populated=True).campaigns[0].brief.n
    7500
    """
    problems = _size_problems(exchanges, scale)
    if problems:
        raise InvalidInput("; ".join(problems))
    kinds = {campaign.name: campaign for campaign in CAMPAIGNS}
    if campaigns is None:
        campaigns = list(DEFAULT) if scale is None else list(kinds)
    specs = read_specs(campaigns, list(kinds), days)
    planned = tuple(
        Planned(
            name,
            kinds[spec.kind],
            _brief(kinds[spec.kind], spec, number, share_of=exchanges, scale=scale or 0.0, days=days),
        )
        for number, (name, spec) in enumerate(zip(_names([s.kind for s in specs]), specs, strict=True))
    )
    if exchanges is None:
        legitimate = round(FULL_LEGITIMATE * days / FULL_LEGITIMATE_DAYS * (scale or 0.0)) if populated else 0
        return Plan(legitimate, planned)
    taken = Plan(0, planned).exchanges
    if taken > exchanges or (taken < exchanges and not populated):
        message = f"campaigns take {taken} of {exchanges} exchanges; choose fewer, or some populations"
        raise InvalidInput(message)
    return Plan(exchanges - taken, planned)
