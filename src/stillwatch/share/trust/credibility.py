"""How credible the information itself is: who knew it independently, who contradicts it, what one sees oneself.

Everything is counted in bits, log2 of how many times likelier the signal is right than wrong, from even odds:

- an origin vouches with the least odds of its source grade (`GRADE_BITS`; nothing for an unknown source, F);
- members that searched shares c of their traffic and saw nothing weigh log2(1 + sum of c) together: how many of the
  others a campaign visits is not known, and were each number as likely, none of m would see it with chance 1/(m + 1);
- an opinion that it is false weighs what its source's grade would have weighed for it;
- what a member measures itself counts as an origin of grade B once it passes the member's own bar, and as its bits.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import InformationGrade, SourceGrade
from stillwatch.share.trust.posterior import GRADE_BITS

__all__ = ["HIGH", "Against", "Weighed", "information_grade", "origin_bits", "weigh"]

HIGH: Final = frozenset({InformationGrade.ONE, InformationGrade.TWO})
"""Grades that are high confidence: confirmed by others, probably true."""

_RELIABLE: Final = frozenset({SourceGrade.A, SourceGrade.B, SourceGrade.C})
_UNRELIABLE_BITS: Final = -4.0
_LOCAL_BITS: Final = 4.0
"""What local evidence may add at most: as much as the best source."""


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks against a signal, by owner; an owner's word counts once.

    looked      Share of its traffic that an owner searched without seeing it, 0 to 1.
    opinions    Source grade of owners that hold it to be false.
    """

    looked: Mapping[str, float]
    opinions: Mapping[str, SourceGrade]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a signal's information grade rests on.

    n_reliable  Independent origins whose source is known and better than a coin, local evidence included.
    """

    n_origins: int
    n_reliable: int
    bits_for: float
    bits_against: float
    n_against: int


def origin_bits(grade: SourceGrade) -> float:
    """Bits that an origin of a grade vouches with; negative from a source that is mostly wrong.

    >>> [origin_bits(grade) for grade in SourceGrade]
    [4.0, 2.0, 0.0, -2.0, -4.0, 0.0]
    """
    return 0.0 if grade is SourceGrade.F else GRADE_BITS.get(grade, _UNRELIABLE_BITS)


def weigh(
    origins: Iterable[tuple[str, SourceGrade]], against: Against | None = None, local_bits: float = 0.0
) -> Weighed:
    """Count up what is for and against a signal.

    origins     Owners that knew it independently (`independence.origins`) with their source grade; none twice.
    local_bits  What the member's own evidence passes its own bar by; 0 or less when it does not.
    Raises      InvalidInput if an owner is there twice or a share is not one.
    """
    known = tuple(origins)
    if len({owner for owner, _ in known}) != len(known):
        msg = f"each owner is one origin at most, got one twice among {len(known)}"
        raise InvalidInput(msg)
    local = min(max(local_bits, 0.0), _LOCAL_BITS)
    against = against or Against({}, {})
    return Weighed(
        n_origins=len(known) + (local > 0),
        n_reliable=sum(grade in _RELIABLE for _, grade in known) + (local > 0),
        bits_for=math.fsum(origin_bits(grade) for _, grade in known) + local,
        bits_against=_bits_against(against),
        n_against=len(against.looked.keys() | against.opinions),
    )


def _bits_against(against: Against) -> float:
    """Bits of opinions, and of the searches of those whose opinion does not say more."""
    opinions = {owner: max(origin_bits(grade), 0.0) for owner, grade in against.opinions.items()}
    looked = [coverage for owner, coverage in against.looked.items() if not opinions.get(owner)]
    wrong = [coverage for coverage in against.looked.values() if not 0 <= coverage <= 1]
    if wrong:
        msg = f"coverage must be in [0, 1], got {wrong[0]}"
        raise InvalidInput(msg)
    return math.fsum(opinions.values()) + math.log2(1 + math.fsum(looked))


def information_grade(weighed: Weighed) -> InformationGrade:
    """Grade of the information, 1 to 6; 1 and 2 need two independent origins that are known to be reliable.

    1: 4 bits or more in its favour; 2: 2 bits; 3: even odds or better from a reliable origin; 4: worse than even;
    5: 4 bits against; 6: nobody who is known says anything for or against it.

    >>> a, b, f = ("one", SourceGrade.A), ("two", SourceGrade.B), ("three", SourceGrade.F)
    >>> [information_grade(weigh(known)).value for known in ([a, b], [a], [f], [f, ("four", SourceGrade.E)])]
    ['1', '3', '6', '5']
    """
    bits = weighed.bits_for - weighed.bits_against
    if bits < 0:
        return InformationGrade.FIVE if bits <= _UNRELIABLE_BITS else InformationGrade.FOUR
    if weighed.n_reliable >= 2 and bits >= GRADE_BITS[SourceGrade.B]:
        return InformationGrade.ONE if bits >= GRADE_BITS[SourceGrade.A] else InformationGrade.TWO
    return InformationGrade.THREE if weighed.n_reliable else InformationGrade.SIX
