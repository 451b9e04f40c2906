"""Words of this room: what enums of the exchange mean to people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["SAID"]

SAID: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "tlp": {
            "clear": "no limit: anybody may see it",
            "green": "the community of members and their partners",
            "amber": "the members and those of their customers who need it to protect themselves",
            "amber+strict": "the members alone",
            "red": "the people who receive it, and nobody else",
        },
        "kind": {
            "address": "network address",
            "network": "network",
            "email-domain": "e-mail domain",
            "payment": "payment",
            "tls": "TLS client",
            "band": "template",
        },
        "answer": {
            "seen": "seen here",
            "looked-not-seen": "looked, not seen",
            "nothing": "nothing to compare",
        },
        "source": {
            "A": "completely reliable",
            "B": "usually reliable",
            "C": "fairly reliable",
            "D": "not usually reliable",
            "E": "unreliable",
            "F": "not known",
        },
        "information": {
            "1": "confirmed by independent sources",
            "2": "probably true",
            "3": "possibly true",
            "4": "doubtful",
            "5": "improbable",
            "6": "cannot be judged",
        },
        "technique": {
            "templated-prompts": "prompts follow a template",
            "list-split": "a list of questions is split over accounts",
            "reasoning-elicitation": "asks for reasoning",
            "grading-elicitation": "asks for grades",
            "rewriting": "asks for rewrites",
            "training-format": "asks for the form of training data",
            "fixed-output-format": "asks for one fixed form of output",
            "turn-dispatch": "turns of one conversation go to different accounts",
            "shared-payment": "accounts share a payment",
            "shared-networks": "accounts share networks",
            "address-rotation": "addresses rotate",
            "relayed-traffic": "traffic is relayed",
            "model-following": "follows from model to model",
        },
        "reason": {
            "shared-network": "the network is shared by many unrelated people",
            "popular-template": "many unrelated people use the template",
            "research": "it is research or evaluation that was agreed",
            "one-owner": "the accounts are one owner’s declared fleet",
            "mistaken-match": "the tags matched by accident",
        },
        "grounds": {
            "shared-address": "shared address",
            "mistaken-identity": "mistaken identity",
            "legitimate-use": "legitimate use",
            "evaluation": "evaluation",
            "stale": "stale",
        },
        "share": {
            "none": "none",
            "little": "under a tenth",
            "part": "a tenth to half",
            "most": "more than half",
        },
        "object": {
            "indicator": "How the campaign acts",
            "infrastructure": "Networks, domains and payments, as tags",
            "campaign": "The operation",
            "identity": "The member’s pseudonym",
            "relationship": "Link",
        },
        "document": {
            "fits": "It is kept, and it is what the entry commits to.",
            "forgotten": "It was forgotten, with its salt: the entry still verifies, and tells nothing of it.",
            "wrong": "What is kept beside the entry is not what it commits to.",
            "unseen": "The forum keeps it; an entry tells nothing of it.",
        },
    }
)
