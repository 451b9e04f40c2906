"""What one member may tell the others of a campaign: enums, buckets and keyed tags, nothing that names anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

__all__ = [
    "BAND_COUNT",
    "GAP_BINS",
    "LEVELS",
    "PROFILE_HOURS",
    "Behaviour",
    "Confidence",
    "Indicator",
    "InformationGrade",
    "Share",
    "Sighting",
    "SightingAnswer",
    "SignalKind",
    "SourceGrade",
    "Tag",
    "Technique",
    "Tlp",
    "share_bucket",
]

PROFILE_HOURS: Final = 168
"""Hours of the week, Monday 00:00 UTC first."""
GAP_BINS: Final = 16
"""Octaves of the time between two exchanges of one account: under 2 s, 2 to 4 s, ..., the last one open."""
LEVELS: Final = 8
"""Steps that a share is quantised to: 0 nothing, 7 the largest of its histogram."""
BAND_COUNT: Final = 8
"""Tags of one template: bands of two MinHashes each; equal bands mean similar text."""


class SignalKind(StrEnum):
    """What a tag stands for; its value crosses only as the output of a keyed function that nobody evaluates alone."""

    ADDRESS = "address"
    NETWORK = "network"
    EMAIL_DOMAIN = "email-domain"
    PAYMENT = "payment"
    TLS = "tls"
    BAND = "band"


class Technique(StrEnum):
    """How a campaign collects; a closed list."""

    TEMPLATED_PROMPTS = "templated-prompts"
    LIST_SPLIT = "list-split"
    REASONING_ELICITATION = "reasoning-elicitation"
    GRADING_ELICITATION = "grading-elicitation"
    REWRITING = "rewriting"
    TRAINING_FORMAT = "training-format"
    FIXED_OUTPUT_FORMAT = "fixed-output-format"
    TURN_DISPATCH = "turn-dispatch"
    SHARED_PAYMENT = "shared-payment"
    SHARED_NETWORKS = "shared-networks"
    ADDRESS_ROTATION = "address-rotation"
    RELAYED_TRAFFIC = "relayed-traffic"
    MODEL_FOLLOWING = "model-following"


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0: who may see it."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"


class SourceGrade(StrEnum):
    """Admiralty code: how reliable the source has been. F: not known."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class InformationGrade(StrEnum):
    """Admiralty code: how credible the information itself is. 6: not known."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    FIVE = "5"
    SIX = "6"


class Share(StrEnum):
    """Bucket of a share: nothing, under a tenth, up to half, more."""

    NONE = "none"
    LITTLE = "little"
    PART = "part"
    MOST = "most"


def share_bucket(share: float) -> Share:
    """Bucket of a share, 0 to 1; under one in a thousand is none.

    >>> [share_bucket(x).value for x in (0.0, 0.05, 0.3, 0.9)]
    ['none', 'little', 'part', 'most']
    """
    if share < 1e-3:
        return Share.NONE
    if share < 0.1:
        return Share.LITTLE
    return Share.PART if share <= 0.5 else Share.MOST


@dataclass(frozen=True, slots=True)
class Confidence:
    """Two judgements that are not to be mixed: of who says it, and of what is said."""

    source: SourceGrade
    information: InformationGrade


@dataclass(frozen=True, slots=True)
class Tag:
    """A value nobody can read: equal for equal values of one kind in one epoch.

    epoch   Number of the key's epoch; tags of different epochs cannot be compared.
    value   32 bytes as 64 lower-case hexadecimal digits.
    """

    kind: SignalKind
    epoch: int
    value: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a campaign acts, coarse enough to be told in clear.

    elicitation     Share of exchanges that ask so, by elicitation class; classes that are not there are not known.
    capabilities    Share of exchanges by capability: an elicitation class, tools or plain.
    temperature, top_p, max_tokens  Bucket of the request's parameter, as text; None is not known or mixed.
    logprobs        Whether log probabilities are asked for; None is not known or mixed.
    builds          Names of client libraries with their major version: ``openai-python/2``; at most 8.
    week            168 levels 0 to 7: exchanges by hour of the week, the busiest hour is 7; empty is not known.
    gaps            16 levels 0 to 7: times between exchanges of an account by octave; empty is not known.
    """

    elicitation: Mapping[str, Share]
    capabilities: Mapping[str, Share]
    temperature: str | None = None
    top_p: str | None = None
    max_tokens: str | None = None
    logprobs: bool | None = None
    builds: tuple[str, ...] = ()
    week: tuple[int, ...] = ()
    gaps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """A shareable description of a campaign.

    indicator_id    UUID; chosen at random, so that it tells nothing of the campaign's own id.
    group_id        UUID of the operation as its originator sees it: several indicators may be of one.
    created, modified, valid_from, valid_until  UTC; milliseconds at most.
    tags            What of it can be matched privately; at most 10,000.
    quiet_until     Advice not to act visibly before; at most 72 hours after `created`; it binds nobody. None: no such.
    """

    indicator_id: str
    group_id: str
    created: datetime
    modified: datetime
    valid_from: datetime
    valid_until: datetime
    tlp: Tlp
    confidence: Confidence
    techniques: tuple[Technique, ...]
    behaviour: Behaviour
    tags: tuple[Tag, ...]
    quiet_until: datetime | None = None


class SightingAnswer(StrEnum):
    """What a member's search came to."""

    SEEN = "seen"
    LOOKED_NOT_SEEN = "looked-not-seen"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A member's answer to an indicator.

    days            Days of traffic that were searched, at least 1.
    coverage        Share of these days' traffic that carried what was searched for, 0 to 1 in steps of 0.05.
    tag_kinds       Kinds whose tags were compared.
    benign_rate     Share of verified, unaccused accounts that carry the indicator's tags, with noise; None: not told.
    """

    sighting_id: str
    indicator_id: str
    created: datetime
    answer: SightingAnswer
    days: int
    coverage: float
    tag_kinds: tuple[SignalKind, ...]
    benign_rate: float | None = None
