"""Which rules rest on partners: by their own condition or through a tier."""

from dataclasses import replace

from tests.act.decide.made import active, rule

from stillwatch.act.decide.partner import PartnerRules
from stillwatch.act.policy.policy import Tier
from stillwatch.model.decision import Action

OWN = rule("own", Action.BLOCK)
THEIRS = rule("theirs", Action.BLOCK, "partner.n_indicators > 0.0")
BY_TIER = rule("by-tier", Action.BLOCK, "risk.tier == 'high'")
POLICY = active(OWN, THEIRS, BY_TIER).policy


def test_a_condition_that_reads_partners_rests_on_them() -> None:
    """The member's own evidence does not."""
    rules = PartnerRules()
    assert [rules.hold(POLICY, one) for one in POLICY.rules] == [False, True, False]


def test_a_tier_that_reads_partners_hands_it_on() -> None:
    """A rule about the tier then rests on them, too; the next policy is looked at afresh."""
    rules = PartnerRules()
    assert not rules.hold(POLICY, BY_TIER)
    tiers = (Tier("high", THEIRS.when, "partners say so"),)
    assert rules.hold(replace(POLICY, version="v2", tiers=tiers), BY_TIER)
