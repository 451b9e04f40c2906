"""How reliable a member has been: what audits found of its earlier signals, as a Beta posterior and a grade.

The prior is Jeffreys', Beta(1/2, 1/2): bounds of its posterior are confidence bounds too, to the second order, so a
grade means the same to who believes in priors and to who does not. An operation counts once, however many signals
were told of it, and as wrong when one of them was: a flood earns nothing, and an error cannot be buried in it.

References
----------
Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science 16, 101-133.
NATO STANAG 2511 (2003), Intelligence reports: annex A, the Admiralty code.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from scipy.special import betaincinv

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, SourceGrade

__all__ = [
    "GRADE_BITS",
    "HALF_LIFE",
    "AuditOutcome",
    "Audited",
    "Posterior",
    "posterior",
    "source_grade",
]

_PRIOR: Final = 0.5
_TAIL: Final = 0.05
"""Chance that the reliability is below the bound that a grade rests on."""

HALF_LIFE: Final = timedelta(days=180)
"""After half a year an outcome counts half: detectors, rules and the people behind them have changed by then."""

GRADE_BITS: Final = {SourceGrade.A: 4.0, SourceGrade.B: 2.0, SourceGrade.C: 0.0, SourceGrade.D: -2.0}
"""Least log2 odds that a signal of the source is right. Odds of independent sources multiply, so steps of two bits make
the word of two sources of grade B worth that of one of grade A, and two of grade C worth no more than a coin."""

_ENOUGH: Final = 9.0
"""Operations from which on a spotless record is grade B: with fewer, nobody can tell B from D yet."""


class AuditOutcome(StrEnum):
    """What an audit found of a signal."""

    CONFIRMED = "confirmed"
    WRONG = "wrong"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Audited:
    """One signal that was looked at afterwards.

    kind        What of the signal was judged; what is told of behaviour in clear counts as bands.
    operation   Which operation it was of, as the audit sees it: the originator's own `group_id` will not do, since who
                floods chooses that. `operations` gives it.
    at          When it was judged, UTC.
    """

    indicator_id: str
    member_id: str
    kind: SignalKind
    operation: str
    outcome: AuditOutcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Posterior:
    """Beta distribution of the chance that the member's next signal is right.

    confirmed, wrong    Operations, each with the weight that time has left of it.
    """

    confirmed: float
    wrong: float

    @property
    def n(self) -> float:
        """Operations that were judged, by weight."""
        return self.confirmed + self.wrong

    @property
    def mean(self) -> float:
        """Chance that the next signal is right."""
        return (self.confirmed + _PRIOR) / (self.n + 2 * _PRIOR)

    def quantile(self, p: float) -> float:
        """Reliability that is exceeded with probability 1 - p.

        >>> round(Posterior(9.0, 0.0).quantile(0.05), 3)
        0.813
        """
        if not 0 < p < 1:
            msg = f"p must be in (0, 1), got {p}"
            raise InvalidInput(msg)
        return float(betaincinv(self.confirmed + _PRIOR, self.wrong + _PRIOR, p))


def posterior(
    outcomes: Iterable[Audited], kinds: Iterable[SignalKind], now: datetime, half_life: timedelta = HALF_LIFE
) -> Posterior:
    """What one member's audited signals say of its next one of these kinds.

    outcomes    Of one member; those of other kinds, those not judged and those dated after `now` count nothing.
    """
    wanted = frozenset(kinds)
    judged: dict[str, tuple[bool, datetime]] = {}
    for audited in outcomes:
        if audited.kind not in wanted or audited.outcome is AuditOutcome.NOT_JUDGED or audited.at > now:
            continue
        is_right = audited.outcome is AuditOutcome.CONFIRMED
        judged[audited.operation] = _worse(judged.get(audited.operation), (is_right, audited.at))
    weights = [(is_right, 0.5 ** ((now - at) / half_life)) for is_right, at in judged.values()]
    return Posterior(
        math.fsum(w for is_right, w in weights if is_right), math.fsum(w for is_right, w in weights if not is_right)
    )


def _worse(one: tuple[bool, datetime] | None, other: tuple[bool, datetime]) -> tuple[bool, datetime]:
    """A wrong outcome before a right one; of two the last wrong and the first right: repeating renews no merit."""
    if one is None:
        return other
    if one[0] != other[0]:
        return other if one[0] else one
    return min(one, other) if one[0] else max(one, other)


def source_grade(record: Posterior) -> SourceGrade:
    """Grade of what can be vouched for: the lower credible bound, in bits of odds; F while nothing can be told.

    Nothing can be told while even odds are credible and the operations are fewer than a spotless record needs for B.

    >>> [source_grade(Posterior(n, wrong)).value for n, wrong in ((0, 0), (3, 0), (9, 0), (32, 0), (0, 3), (6, 6))]
    ['F', 'C', 'B', 'A', 'E', 'D']
    """
    low, high = record.quantile(_TAIL), record.quantile(1 - _TAIL)
    if low < 0.5 < high and record.n < _ENOUGH:
        return SourceGrade.F
    bits = math.log2(low / (1 - low)) if 0 < low < 1 else math.inf * (low - 0.5)
    return next((grade for grade, least in GRADE_BITS.items() if bits >= least), SourceGrade.E)
