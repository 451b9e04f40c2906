"""The correlated-activity check: search one's own recent traffic for an indicator, and answer what was looked at."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from stillwatch.model.indicator import Behaviour, Indicator, Sighting, SightingAnswer, SignalKind
from stillwatch.share.answers.findings import Finding, LocalEvidence, PartnerWord
from stillwatch.share.answers.index import TagIndex
from stillwatch.share.answers.innocents import Innocents
from stillwatch.share.answers.matching import FamilyMatch, match_families
from stillwatch.share.answers.values import Values
from stillwatch.share.life.decay import live_tags
from stillwatch.share.trust.benign import match_bits, pooled_rate

__all__ = ["SIGHTING_BITS", "Answer", "Memory", "check", "sighting_of"]

SIGHTING_BITS: Final = 10.0
"""A match must be beyond a chance of one in a thousand over all families of the member together."""
_STEP: Final = 20
"""Coverage is told in steps of a twentieth."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a member remembers of its recent traffic.

    behaviour       Of its families, by number.
    evidence        Its own evidence on a family; a family that its scan has not judged gives zero bits.
    innocents       Accounts that nobody suspects, by their tags; None: not known, and no benign rate is told.
    values          What its tags stand for; None: not known, and no request is recognised by what matched.
    """

    index: TagIndex
    behaviour: Mapping[int, Behaviour]
    evidence: Callable[[int], LocalEvidence]
    innocents: Innocents | None = None
    values: Values | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the search came to.

    answer      None when nothing could be compared: that is no negative answer.
    coverage    Least coverage of the kinds compared, rounded down to 0.05: nobody claims to have looked further.
    findings    Stays with the member.
    """

    answer: SightingAnswer | None
    days: int
    coverage: float
    tag_kinds: tuple[SignalKind, ...]
    findings: tuple[Finding, ...]
    matches: tuple[FamilyMatch, ...] = ()


def check(indicator: Indicator, memory: Memory, now: datetime, benign_rates: Sequence[float] = ()) -> Answer:
    """Search for an indicator's live tags and behaviour; every family beyond chance opens a finding.

    What answers is a match in traffic, not a judgement of it: who sees a campaign need not call it one.

    benign_rates    Shares of innocent accounts that carry its tags, as members told; bands apart, no tag is taken to be
                    rarer.
    """
    index = memory.index
    weights = {
        tag: weight
        for tag, weight in live_tags(indicator, now).items()
        if tag.epoch == index.epoch and index.coverage.get(tag.kind, 0.0) > 0
    }
    kinds = tuple(kind for kind in SignalKind if any(tag.kind is kind for tag in weights))
    coverage = min((index.coverage[kind] for kind in kinds), default=0.0)
    coverage = math.floor(coverage * _STEP + 1e-9) / _STEP
    if coverage == 0:
        return Answer(None, index.days, 0.0, (), ())
    least = SIGHTING_BITS + math.log2(max(index.n_families, 1))
    rate = pooled_rate(benign_rates)
    most_bits = match_bits(rate) if rate > 0 else math.inf
    matches = match_families(index, weights, indicator.behaviour, memory.behaviour, most_bits)
    matches = tuple(match for match in matches if match.bits >= least)
    findings = tuple(_finding(indicator, match, memory) for match in matches)
    answer = SightingAnswer.SEEN if findings else SightingAnswer.LOOKED_NOT_SEEN
    return Answer(answer, index.days, coverage, kinds, findings, matches)


def _finding(indicator: Indicator, match: FamilyMatch, memory: Memory) -> Finding:
    word = PartnerWord(indicator.indicator_id, indicator.confidence, match.bits, match.kinds, match.behaviour)
    return Finding(memory.evidence(match.family), (word,))


def sighting_of(
    answer: Answer, indicator_id: str, sighting_id: str, created: datetime, benign_rate: float | None = None
) -> Sighting | None:
    """What crosses of an answer; None when nothing could be compared. Findings stay behind."""
    if answer.answer is None:
        return None
    return Sighting(
        sighting_id,
        indicator_id,
        created,
        answer.answer,
        answer.days,
        answer.coverage,
        answer.tag_kinds,
        benign_rate,
    )
