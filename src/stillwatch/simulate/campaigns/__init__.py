"""Planted campaigns, one file each: those a run plants when nobody names any, further ones, then evasions."""

from stillwatch.simulate.campaign import Campaign
from stillwatch.simulate.campaigns.agentic_harvest import AgenticHarvest
from stillwatch.simulate.campaigns.ban_evasion import BanEvasion
from stillwatch.simulate.campaigns.bare_questions import BareQuestions
from stillwatch.simulate.campaigns.big_summer import BigSummer
from stillwatch.simulate.campaigns.camouflage import Camouflage
from stillwatch.simulate.campaigns.client_key_per_account import ClientKeyPerAccount
from stillwatch.simulate.campaigns.fake_repeats import FakeRepeats
from stillwatch.simulate.campaigns.multi_provider import MultiProvider
from stillwatch.simulate.campaigns.one_per_account import OnePerAccount
from stillwatch.simulate.campaigns.padded_turns import PaddedTurns
from stillwatch.simulate.campaigns.paraphrase import Paraphrase
from stillwatch.simulate.campaigns.pivot_harvest import PivotHarvest
from stillwatch.simulate.campaigns.reasoning_harvest import ReasoningHarvest
from stillwatch.simulate.campaigns.relay_like_cover import RelayLikeCover
from stillwatch.simulate.campaigns.relay_mixed import RelayMixed
from stillwatch.simulate.campaigns.shards_as_people import ShardsAsPeople
from stillwatch.simulate.campaigns.slow_drip import SlowDrip
from stillwatch.simulate.campaigns.small_ring import SmallRing
from stillwatch.simulate.campaigns.sorted_list import SortedList
from stillwatch.simulate.campaigns.uneven_load import UnevenLoad

__all__ = ["CAMPAIGNS", "DEFAULT", "EVASIONS"]

CAMPAIGNS: tuple[Campaign, ...] = (
    ReasoningHarvest(),
    BareQuestions(),
    SlowDrip(),
    Camouflage(),
    RelayMixed(),
    AgenticHarvest(),
    PivotHarvest(),
    BigSummer(),
    Paraphrase(),
    BanEvasion(),
    OnePerAccount(),
    MultiProvider(),
    SortedList(),
    PaddedTurns(),
    UnevenLoad(),
    FakeRepeats(),
    SmallRing(),
    ShardsAsPeople(),
    ClientKeyPerAccount(),
    RelayLikeCover(),
)

DEFAULT: tuple[str, ...] = tuple(campaign.name for campaign in CAMPAIGNS[:5])
"""What a run of a stated number of exchanges plants when nobody names any."""

EVASIONS: tuple[str, ...] = tuple(campaign.name for campaign in CAMPAIGNS[12:])
"""Campaigns that are built to defeat one idea of detection each."""
