"""Whether two descriptions of behaviour can be of one campaign: no further apart than two halves of one would be.

Levels are compared by the mean of their squared differences. Two halves of one campaign differ by rounding (1/12 of a
level squared each) and by counting: a level k of 7 over n exchanges in the busiest bin has the variance 7k/n. With 49
exchanges in the busiest hour, 99 % of halves of one campaign are within 1.7, whatever their week looks like; with 1,000
exchanges, 99 % are within 1.1 in their gaps (simulated in the tests). Smaller campaigns are told from nothing by these.

Shares come in buckets: two halves on either side of a border are one bucket apart, so one bucket is no difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stillwatch.model.indicator import Behaviour, Share

__all__ = ["GAPS_APART", "WEEK_APART", "BehaviourMatch", "compare_behaviour"]

WEEK_APART: Final = 1.7
GAPS_APART: Final = 1.1
"""Mean squared difference of levels that 99 % of halves of one campaign are within."""

_STEPS: Final = {share: step for step, share in enumerate(Share)}
_MUCH: Final = _STEPS[Share.PART]


@dataclass(frozen=True, slots=True)
class BehaviourMatch:
    """What agrees of two behaviours; None where one of them does not say, or says nothing of weight."""

    week: bool | None
    gaps: bool | None
    elicitation: bool | None
    capabilities: bool | None
    builds: bool | None

    @property
    def n_agree(self) -> int:
        """How many agree."""
        return sum(one is True for one in self._all)

    @property
    def n_differ(self) -> int:
        """How many do not."""
        return sum(one is False for one in self._all)

    @property
    def agrees(self) -> bool:
        """At least two agree, and at most one in four does not: five that each hold with 99 % seldom fail twice."""
        return self.n_agree >= 2 and 3 * self.n_differ <= self.n_agree

    @property
    def _all(self) -> tuple[bool | None, ...]:
        return self.week, self.gaps, self.elicitation, self.capabilities, self.builds


def compare_behaviour(one: Behaviour, other: Behaviour) -> BehaviourMatch:
    """What agrees of two behaviours; the same either way round."""
    return BehaviourMatch(
        week=_levels(one.week, other.week, WEEK_APART),
        gaps=_levels(one.gaps, other.gaps, GAPS_APART),
        elicitation=_shares(one.elicitation, other.elicitation),
        capabilities=_shares(one.capabilities, other.capabilities),
        builds=bool(set(one.builds) & set(other.builds)) if one.builds and other.builds else None,
    )


def _levels(one: Sequence[int], other: Sequence[int], apart: float) -> bool | None:
    if not one or len(one) != len(other):
        return None
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / len(one) <= apart


def _shares(one: Mapping[str, Share], other: Mapping[str, Share]) -> bool | None:
    """Whether no class that both know is two buckets apart; None unless one of these is more than little."""
    steps = [(_STEPS[one[name]], _STEPS[other[name]]) for name in one.keys() & other.keys()]
    if not any(max(pair) >= _MUCH for pair in steps):
        return None
    return all(abs(a - b) <= 1 for a, b in steps)
