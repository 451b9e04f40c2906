"""Planted campaigns, one file each."""

from stillwatch.simulate.campaign import Campaign
from stillwatch.simulate.campaigns.bare_questions import BareQuestions
from stillwatch.simulate.campaigns.camouflage import Camouflage
from stillwatch.simulate.campaigns.reasoning_harvest import ReasoningHarvest
from stillwatch.simulate.campaigns.relay_mixed import RelayMixed
from stillwatch.simulate.campaigns.slow_drip import SlowDrip

__all__ = ["CAMPAIGNS"]

CAMPAIGNS: tuple[Campaign, ...] = (ReasoningHarvest(), BareQuestions(), SlowDrip(), Camouflage(), RelayMixed())
