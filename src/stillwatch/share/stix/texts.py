"""Every sentence that crosses. There is no other prose on the wire: the guard compares with these."""

from enum import StrEnum
from typing import Final

__all__ = [
    "CAMPAIGN_NAME",
    "FALSE_POSITIVE_TEXTS",
    "INDICATOR_NAME",
    "INDICATOR_TEXT",
    "INFRASTRUCTURE_NAME",
    "OPINION_TEXT",
    "FalsePositive",
]

CAMPAIGN_NAME: Final = "Collection of model outputs"
INFRASTRUCTURE_NAME: Final = "Keyed tags of a campaign"
INDICATOR_NAME: Final = "Behaviour of a campaign"
INDICATOR_TEXT: Final = "How a campaign acts, in buckets and levels; every member looks for itself and decides alone."
OPINION_TEXT: Final = "The indicator also describes traffic that the member holds to be legitimate."


class FalsePositive(StrEnum):
    """Why a member holds an indicator to be wrong; a closed list."""

    SHARED_NETWORK = "shared-network"
    POPULAR_TEMPLATE = "popular-template"
    RESEARCH = "research"
    ONE_OWNER = "one-owner"
    MISTAKEN_MATCH = "mistaken-match"


FALSE_POSITIVE_TEXTS: Final = {
    FalsePositive.SHARED_NETWORK: "False positive: the network is shared by many unrelated people.",
    FalsePositive.POPULAR_TEMPLATE: "False positive: the prompts follow a template that many unrelated people use.",
    FalsePositive.RESEARCH: "False positive: the traffic is research or evaluation that was agreed.",
    FalsePositive.ONE_OWNER: "False positive: the accounts are one owner's declared fleet.",
    FalsePositive.MISTAKEN_MATCH: "False positive: the tags matched by accident.",
}
