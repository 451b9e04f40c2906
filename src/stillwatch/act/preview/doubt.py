"""How many may be touched wrongly: three ways to look at it, none of which is the truth about anybody.

- What the bar promises, from the calibration: how often a legitimate unit like the reference's reaches it. It speaks of
  families, and only of such as the reference knows.
- A control: legitimate accounts carry some signs (verified by a person, old, a declared use) at a known rate, that of
  all accounts of no accused stream. If those touched wrongly carry a sign at least as often, their share is at most the
  rate among the touched over that rate: were it more, more of the touched would carry it. Nothing is assumed about the
  others: where accounts of a campaign carry the sign too, the ceiling is only higher than it need be.
- Appeals that a person has decided about. Who does not object is not counted, so it says nothing about the others.

References
----------
Clopper and Pearson (1934), Biometrika 26, 404-413: the intervals. Elkan and Noto (2008), KDD 08, 213-220: the ratio,
with the sign as the label that some legitimate accounts carry.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.act.policy.limits import TENURED_DAYS
from stillwatch.act.preview.cells import Cells
from stillwatch.act.preview.figures import Control, Doubt, Objections, Promised
from stillwatch.act.preview.judge import Judged
from stillwatch.model.calibration import Bar
from stillwatch.model.decision import AccountFacts
from stillwatch.stats.tails import clopper_pearson

__all__ = ["Evidence", "control", "doubt_of", "promised"]

_FEW: Final = 20
"""Others that carry a sign, below which its rate among them is too rough to divide by."""
_PERSON: Final = 2
_TWO_SIDED: Final = 0.9
"""Its upper end is exceeded in one of twenty cases."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known besides the traffic.

    bars            Of the calibration that the findings rest on; empty when nobody told.
    n_families      Families that the scan scored.
    decided, upheld Appeals against rules of the policy's names.
    """

    bars: Sequence[Bar] = ()
    n_families: int = 0
    is_simulated: bool = False
    decided: int = 0
    upheld: int = 0


def doubt_of(judged: Judged, cells: Cells, evidence: Evidence) -> Doubt:
    """All that can be said."""
    touched = np.unique(cells.columns["account"][cells.is_touched])
    others = np.setdiff1d(np.arange(len(judged.accounts)), cells.columns["account"])
    objections = None
    if evidence.decided:
        low, high = clopper_pearson(evidence.upheld, evidence.decided)
        objections = Objections(evidence.decided, evidence.upheld, low, high)
    return Doubt(promised(evidence), tuple(_controls(judged.accounts, touched, others)), objections)


def promised(evidence: Evidence) -> Promised | None:
    """What the bar that lets most pass promises; None when nobody told.

    >>> found = promised(Evidence([Bar(10, None, 11.7, 1204, 1204, 0, 1 / 1205)], 300))
    >>> [round(one, 3) for one in found.expected]
    [0.249, 0.0, 0.918]
    """
    if not evidence.bars:
        return None
    bar = max(evidence.bars, key=lambda one: one.alpha)
    low, high = clopper_pearson(bar.n_above, bar.n_units) if bar.n_units else (0.0, 1.0)
    return Promised(bar.n_units, bar.n_above, bar.alpha, low, high, evidence.n_families, evidence.is_simulated)


def control(sign: str, n_touched: int, touched: int, n_others: int, others: int) -> Control:
    """One control from its counts.

    >>> found = control("verified", 200, 2, 1000, 100)
    >>> round(found.most, 3), round(found.most_high, 3)
    (0.1, 0.311)
    """
    if not n_touched or others < _FEW:
        return Control(sign, n_touched, touched, n_others, others, None, None)
    rate = others / n_others
    high = clopper_pearson(touched, n_touched, _TWO_SIDED)[1]
    return Control(
        sign, n_touched, touched, n_others, others, *(min(1.0, s / rate) for s in (touched / n_touched, high))
    )


def _verified(account: AccountFacts) -> bool | None:
    return None if account.verified_level is None else account.verified_level >= _PERSON


def _tenured(account: AccountFacts) -> bool | None:
    return None if account.age_days is None else account.age_days >= TENURED_DAYS


_SIGNS: Final[tuple[tuple[str, Callable[[AccountFacts], bool | None]], ...]] = (
    ("verified", _verified),
    ("tenured", _tenured),
    ("declared", lambda account: account.declared_use is not None),
)


def _controls(accounts: Sequence[AccountFacts], touched: NDArray[Any], others: NDArray[Any]) -> Iterator[Control]:
    for sign, of in _SIGNS:
        told = [[of(accounts[code]) for code in codes.tolist()] for codes in (touched, others)]
        known = [[one for one in group if one is not None] for group in told]
        yield control(sign, len(known[0]), sum(known[0]), len(known[1]), sum(known[1]))
