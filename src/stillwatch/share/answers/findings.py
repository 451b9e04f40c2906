"""What a hit opens: a finding that keeps the member's own evidence and another member's word apart.

A verdict is made of `LocalEvidence` and of nothing else: `verdict_of` takes no word of a partner, there is no way from
a `PartnerWord` to `LocalEvidence`, and neither is a part of the other. Words decide what an analyst looks at first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import Confidence, InformationGrade, SignalKind, SourceGrade
from stillwatch.share.answers.behaviour import BehaviourMatch

__all__ = ["Bars", "Finding", "LocalEvidence", "PartnerWord", "attention", "joined", "verdict_of"]


@dataclass(frozen=True, slots=True)
class LocalEvidence:
    """What the member's own detector measured of a family in its own traffic.

    verdict             What its own scan calls the campaign of the family; None when it was not called anything.
    coordination_bits   log2 of the e-value against unrelated people.
    score_bits          Joint likelihood ratio against legitimate automation.
    """

    family: int
    verdict: Verdict | None
    coordination_bits: float
    score_bits: float
    n_accounts: int
    n_exchanges: int


@dataclass(frozen=True, slots=True)
class PartnerWord:
    """What another member told, and how it matches here. It is a reason to look, and no evidence.

    match_bits  How much the match of tags and behaviour is beyond chance.
    tag_kinds   Kinds whose tags matched.
    """

    indicator_id: str
    confidence: Confidence
    match_bits: float
    tag_kinds: tuple[SignalKind, ...]
    behaviour: BehaviourMatch | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A local family that others' words point to.

    words       In the order of their indicators' ids, each indicator once.
    """

    local: LocalEvidence
    words: tuple[PartnerWord, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """What the member's own calibration asks of own evidence before it calls anything by a name."""

    coordination_bits: float
    score_bits: float


_SOURCE_RANK: Final = {grade: rank for rank, grade in enumerate("ABCFDE")}
_INFORMATION_RANK: Final = {grade: rank for rank, grade in enumerate("123645")}


def verdict_of(local: LocalEvidence, bars: Bars) -> Verdict | None:
    """What a finding may be called: what the member's own scan calls it, once its own evidence passes both bars.

    None is a lead: something to look at, which has no name yet.

    >>> own = LocalEvidence(7, Verdict.HARVEST, 31.0, 9.0, 40, 12_000)
    >>> verdict_of(own, Bars(20.0, 6.0)).value, verdict_of(own, Bars(20.0, 12.0))
    ('harvest', None)
    """
    passes = local.coordination_bits >= bars.coordination_bits and local.score_bits >= bars.score_bits
    return local.verdict if passes else None


def joined(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding a family with all words of it; of two words of one indicator the better match, the first evidence."""
    local: dict[int, LocalEvidence] = {}
    words: dict[int, dict[str, PartnerWord]] = {}
    for finding in findings:
        local.setdefault(finding.local.family, finding.local)
        known = words.setdefault(finding.local.family, {})
        for word in finding.words:
            before = known.get(word.indicator_id)
            known[word.indicator_id] = word if before is None or word.match_bits > before.match_bits else before
    return tuple(
        Finding(evidence, tuple(words[family][key] for key in sorted(words[family])))
        for family, evidence in local.items()
    )


def attention(finding: Finding) -> tuple[float, ...]:
    """Key to sort an analyst's queue by, the first to look at first: own bits, then the best word, then its match.

    Nothing but the order follows from it.
    """
    best = min((_rank(word) for word in finding.words), default=(_worst(), 0.0))
    return (-max(finding.local.score_bits, 0.0), *best)


def _rank(word: PartnerWord) -> tuple[float, float]:
    rank = _INFORMATION_RANK[word.confidence.information.value] + _SOURCE_RANK[word.confidence.source.value]
    return float(rank), -word.match_bits


def _worst() -> float:
    return float(len(InformationGrade) + len(SourceGrade))
