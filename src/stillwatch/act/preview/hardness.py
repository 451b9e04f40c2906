"""Which touched streams a person should look at first: those that come closest to not being touched.

Five marks, each from 0 to 1 on a scale of its own, so that a stream's marks do not depend on what else is touched:

- margin: 1 at the bar, 0 at ten bits over it, a thousand times the evidence
- attribution: 1 at no bits, 0 at ten
- tenure: 1 from two years on
- verified: level 0 is 0, level 2, by a person, is 1
- other: the share of the account's exchanges that is not accused

What is not known speaks for the customer, as in conditions: an unknown age is old; an unknown level is 1, half.
Hardness is the mean of the marks. It is an order to read in, not a chance of being wrong: nothing is there that would
weigh the marks against each other, and in simulated traffic some streams of legitimate accounts have no high mark.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from stillwatch.act.preview.cells import Cells
from stillwatch.act.preview.codes import paired
from stillwatch.act.preview.figures import HardCase
from stillwatch.act.preview.judge import ACTIONS, Judged
from stillwatch.model.decision import AccountFacts, StreamFacts

__all__ = ["MOST_CASES", "hardest", "marks_of"]

MOST_CASES: Final = 10
_FAR_BITS: Final = 10.0
_OLD_DAYS: Final = 730.0
_PERSON: Final = 2


def marks_of(account: AccountFacts, stream: StreamFacts) -> dict[str, float]:
    """Marks of a stream.

    >>> from datetime import UTC, datetime
    >>> from stillwatch.model.campaign import Verdict
    >>> now = datetime(2026, 11, 27, tzinfo=UTC)
    >>> marks_of(AccountFacts(365.0), StreamFacts("c", Verdict.HARVEST, 25, 20, 10, 0.75, 9, 9, now, now))
    {'margin': 0.5, 'attribution': 0.0, 'tenure': 0.5, 'verified': 0.5, 'other': 0.25}
    """
    age_days = _OLD_DAYS if account.age_days is None else account.age_days
    level = 1 if account.verified_level is None else account.verified_level
    return {
        "margin": _held(1 - (stream.bits - stream.bar_bits) / _FAR_BITS),
        "attribution": _held(1 - stream.attribution_bits / _FAR_BITS),
        "tenure": _held(age_days / _OLD_DAYS),
        "verified": _held(level / _PERSON),
        "other": _held(1 - stream.share_of_account),
    }


def _held(mark: float) -> float:
    """Within 0 to 1; what is no number speaks for the customer."""
    return min(1.0, max(0.0, mark)) if mark == mark else 1.0  # noqa: PLR0124


def hardest(judged: Judged, cells: Cells, most: int = MOST_CASES) -> tuple[HardCase, ...]:
    """Touched streams of the highest hardness, then those whose action is harshest, then the largest."""
    rows = np.flatnonzero(cells.is_touched)
    columns = [cells.columns[name][rows] for name in ("campaign", "account")]
    firsts, inverse = np.unique(paired(*columns), return_index=True, return_inverse=True)[1:]
    harshest = np.zeros(len(firsts), np.int64)
    np.maximum.at(harshest, inverse, cells.columns["action"][rows].astype(np.int64))
    n, refused = (np.bincount(inverse, sums[rows], len(firsts)).astype(int) for sums in (cells.n, cells.refused))
    keys = list(zip(*(column[firsts].tolist() for column in columns), strict=True))
    marks = [_marks(judged, *key) for key in keys]
    order = sorted(range(len(keys)), key=lambda i: (-_mean(marks[i]), -harshest[i], -n[i], keys[i]))
    found = []
    for i in order[:most]:
        at = rows[(inverse == i) & (cells.columns["action"][rows] == harshest[i])][0]
        told = int(harshest[i]), int(cells.columns["rule"][at]), int(n[i]), int(refused[i])
        found.append(_case(judged, keys[i], marks[i], told))
    return tuple(found)


def _marks(judged: Judged, campaign: int, account: int) -> dict[str, float]:
    stream = judged.streams[campaign, account]
    return {} if stream is None else marks_of(judged.accounts[account], stream)


def _mean(marks: Mapping[str, float]) -> float:
    return sum(marks.values()) / len(marks) if marks else 0.0


def _case(
    judged: Judged, key: tuple[int, int], marks: Mapping[str, float], told: tuple[int, int, int, int]
) -> HardCase:
    action, rule, n, refused = told
    stream, account = judged.streams[key], judged.accounts[key[1]]
    if stream is None:
        raise AssertionError  # nothing is done without facts of the stream: the guard against other traffic
    return HardCase(
        campaign_id=stream.campaign_id,
        account_id=judged.seen.totals.account_ids[key[1]],
        organisation_id=judged.seen.owners[key[1]],
        verdict=stream.verdict,
        action=ACTIONS[action],
        rule=judged.policy.rules[rule].name,
        hardness=_mean(marks),
        marks=marks,
        bits_over_bar=stream.bits - stream.bar_bits,
        attribution_bits=stream.attribution_bits,
        share_of_account=stream.share_of_account,
        age_days=account.age_days,
        verified_level=account.verified_level,
        programme=account.programme,
        declared_use=account.declared_use,
        n_exchanges=n,
        refused=refused,
    )
