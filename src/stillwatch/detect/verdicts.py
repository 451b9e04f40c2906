"""What a family is called. Every rule is one line with its bar; the reasons say which rules held."""

from dataclasses import dataclass
from typing import Final

from stillwatch.detect.accounts import MAJORITY, OWNED_SHARE, Ownership
from stillwatch.model.campaign import Reason, Verdict

__all__ = [
    "MIN_HARVEST_ACCOUNTS",
    "MIN_HARVEST_EXCHANGES",
    "MIN_RING_ACCOUNTS",
    "RING_MARGIN",
    "UNCLEAR_MARGIN",
    "FamilyFacts",
    "judge_family",
]

MIN_HARVEST_ACCOUNTS: Final = 20
MIN_HARVEST_EXCHANGES: Final = 100
MIN_RING_ACCOUNTS: Final = 10
RING_MARGIN: Final = 4.0
"""What a ring under 20 accounts needs above its bar: there are many more small families than large ones."""
UNCLEAR_MARGIN: Final = 4.0
COORDINATED_BITS: Final = 10.0
ITEM_SHARE: Final = 0.5
WANDERING_LOC: Final = 0.1
TOOL_ELICITATION: Final = 0.5


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    """What the rules read; shares are 0 to 1, effects NaN when they could not be judged.

    n_accused       Accounts that pass attribution.
    n_exchanges     Their exchanges.
    ownership       Who owns these accounts.
    """

    score_bits: float
    coordination_bits: float
    n_accused: int
    n_exchanges: int
    ownership: Ownership
    ti: float
    hi: float
    loc: float
    item: float
    elicitation_share: float


def judge_family(facts: FamilyFacts, bar: float) -> tuple[Verdict, tuple[Reason, ...]] | None:
    """Verdict with its reasons, or None when the family is ordinary and not worth a person's time."""
    score = Reason("score", facts.score_bits, bar)
    coordination = Reason("coordination", facts.coordination_bits, COORDINATED_BITS)
    coordinated = facts.coordination_bits >= COORDINATED_BITS
    alarmed = facts.score_bits >= bar
    if not coordinated and facts.score_bits < bar - UNCLEAR_MARGIN:
        return _uncoordinated(facts, score, coordination)
    explained = _explained(facts)
    if explained is not None and (alarmed or coordinated):
        return explained[0], (explained[1], score, coordination)
    if alarmed:
        return _alarmed(facts, bar, score, coordination)
    if facts.score_bits >= bar - UNCLEAR_MARGIN:
        return Verdict.UNCLEAR, (Reason("near-bar", facts.score_bits, bar), coordination)
    unowned = facts.ownership.one_owner < MAJORITY
    if facts.loc >= WANDERING_LOC and max(facts.ti, facts.hi) < WANDERING_LOC and unowned:
        return Verdict.RELAY, (Reason("wandering", facts.loc, WANDERING_LOC), coordination, score)
    return None


def _uncoordinated(
    facts: FamilyFacts, score: Reason, coordination: Reason
) -> tuple[Verdict, tuple[Reason, ...]] | None:
    """People who adopted one template that words its questions as a harvest would; shown so that nobody wonders."""
    if facts.elicitation_share < TOOL_ELICITATION or facts.n_accused < MIN_HARVEST_ACCOUNTS:
        return None
    return Verdict.TOOL, (Reason("unrelated-people", facts.coordination_bits, COORDINATED_BITS), score, coordination)


def _explained(facts: FamilyFacts) -> tuple[Verdict, Reason] | None:
    """A verified relation or a benchmark's item list explains coordination."""
    owned = facts.ownership
    if owned.verified_fleets >= OWNED_SHARE:
        return Verdict.RELATED, Reason("verified-owners", owned.verified_fleets, OWNED_SHARE)
    if owned.declared >= OWNED_SHARE:
        return Verdict.RELATED, Reason("declared-and-verified", owned.declared, OWNED_SHARE)
    if facts.item >= ITEM_SHARE:
        return Verdict.EVALUATION, Reason("item-list", facts.item, ITEM_SHARE)
    return None


def _alarmed(
    facts: FamilyFacts, bar: float, score: Reason, coordination: Reason
) -> tuple[Verdict, tuple[Reason, ...]] | None:
    accounts = Reason("accounts", facts.n_accused, MIN_HARVEST_ACCOUNTS)
    exchanges = Reason("exchanges", facts.n_exchanges, MIN_HARVEST_EXCHANGES)
    if facts.ownership.one_owner >= MAJORITY:
        owner = Reason("one-unverified-owner", facts.ownership.one_owner, MAJORITY)
        return Verdict.UNCLEAR, (score, owner, coordination, accounts, exchanges)
    if facts.n_exchanges >= MIN_HARVEST_EXCHANGES and facts.n_accused >= MIN_RING_ACCOUNTS:
        if facts.n_accused >= MIN_HARVEST_ACCOUNTS:
            return Verdict.HARVEST, (score, coordination, accounts, exchanges)
        if facts.score_bits >= bar + RING_MARGIN:
            return Verdict.HARVEST, (Reason("ring", facts.score_bits, bar + RING_MARGIN), coordination, exchanges)
    return Verdict.UNCLEAR, (score, Reason("small", facts.n_accused, MIN_HARVEST_ACCOUNTS), coordination, exchanges)
