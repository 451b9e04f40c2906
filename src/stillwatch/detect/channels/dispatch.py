"""Dispatch: whose turn is it? People come back by habit; a dispatcher evens out, rotates or opens new accounts.

The evidence is a likelihood ratio of the sequence of turns, so its expectation is at most 1 under every member of the
null grid, whatever the accounts are called and whenever the exchanges come.

Null        P(a) = (1 - s) PitmanYor(theta, d) + s 1[a among the last c accounts] / c, with s = lambda exp(-gap / 0.3 h)
            and c at most a quarter of the accounts seen. c = 1 is a person who goes on; c > 1 are people whose sessions
            overlap. Counts are exchanges, or visits: a visit begins when the account is not among the last c. A prompt
            that goes round, where nearly everybody sends it once, is the member with d near 1, exchanges counted.
            An equal-quota batch: w accounts at work at a time, any of them next, each until it has sent the quota, then
            a new one in its seat; one turn in fifty follows no plan. w is at most a quarter of the accounts, the quota
            is the most that any account sent. Keys that take turns are no batch: somebody deals.
Alternative Mixture of uniform turns over a total of accounts (grid of totals; a total that is exceeded grows with what
            is seen), rotation among accounts unused for more than k/2 turns, rotation with sticky sessions of about an
            hour as public relay software does, and a high rate of new accounts.
Bits        log2 of the least ratio over the null grid.

References
----------
Pitman and Yor (1997), Ann. Probab. 25, 855-900. Ramdas, Grünwald, Vovk and Shafer (2023), Stat. Sci. 38, 576-601.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels_quota import batch_log2
from stillwatch.detect.channels._kernels_turns import turns_log2
from stillwatch.detect.channels._kernels_visits import codes_in_order, visit_starts
from stillwatch.errors import InvalidInput

__all__ = ["MAX_EXCHANGES", "TURN_MODEL", "TurnModel", "Turns", "dispatch_bits", "dispatch_turns", "visits"]

MAX_EXCHANGES = 20_000
"""Only the first exchanges of a family, and its first visits, are read: the evidence is decided by then."""

_FIRST_LOOK = 2_048
_HOPELESS_BITS = -256.0
"""What a family has against it after its first turns from which on nobody waits for the others. A stopping rule that
looks at nothing but the past leaves an e-value one (Ville)."""

_US_PER_HOUR = 3.6e9
_SILENCE_US = 1_800_000_000
_BATCHES = 12
_ASTRAY = 0.02
_BY_EXCHANGES = -1


class TurnModel(NamedTuple):
    """Grids of the null and the alternative; arrays in the order the kernel takes them.

    theta, discount     Pitman-Yor strength and discount.
    habit, company, counting   One entry per kind of habit: lambda, c, and what is counted (-1 exchanges, else the
                        index of c among the distinct values of `company`, for visits).
    total               Totals of accounts a dispatcher may have.
    sticky, sticky_company     Relay sessions: probability of staying, and among how many sessions at once.
    fresh               Rates of new accounts.
    prior               Weight of each component: uniform by total, rotation by total, each sticky kind by total, fresh,
                        and one uniform component that learns the rate of new accounts (Good-Turing).
    memory_hours        How fast habits and relay sessions fade.
    slack               Share of turns a rotation does not follow.
    """

    theta: NDArray[np.float64]
    discount: NDArray[np.float64]
    habit: NDArray[np.float64]
    company: NDArray[np.int64]
    counting: NDArray[np.int64]
    total: NDArray[np.float64]
    sticky: NDArray[np.float64]
    sticky_company: NDArray[np.int64]
    fresh: NDArray[np.float64]
    prior: NDArray[np.float64]
    memory_hours: NDArray[np.float64]
    slack: float


def _turn_model() -> TurnModel:
    companies = (1, 2, 4, 8, 16, 32, 64)
    habits = [(0.0, 1, _BY_EXCHANGES)]
    habits += [(strength, 1, _BY_EXCHANGES) for strength in (0.5, 0.9, 0.99)]
    habits += [(strength, c, companies.index(c)) for strength, c in itertools.product((0.5, 0.9, 0.99), companies)]
    total = np.round(8.0 * 2.0 ** (np.arange(27) / 2.0))
    sticky = list(itertools.product((0.5, 0.9), companies))
    fresh = np.array([0.5, 0.8, 0.95, 0.99])
    shares = [(0.3, total.size), (0.3, total.size), (0.2, total.size * len(sticky)), (0.1, fresh.size), (0.1, 1)]
    return TurnModel(
        theta=np.array([1.0, 4.0, 16.0, 64.0, 256.0, 1024.0]),
        discount=np.array([0.0, 0.3, 0.6, 0.9, 0.99, 0.999]),
        habit=np.array([h[0] for h in habits]),
        company=np.array([h[1] for h in habits], dtype=np.int64),
        counting=np.array([h[2] for h in habits], dtype=np.int64),
        total=total,
        sticky=np.array([s[0] for s in sticky]),
        sticky_company=np.array([s[1] for s in sticky], dtype=np.int64),
        fresh=fresh,
        prior=np.concatenate([np.full(size, share / size) for share, size in shares]),
        memory_hours=np.array([0.3, 1.0]),
        slack=0.1,
    )


TURN_MODEL = _turn_model()
"""The grids every family is judged with: 900 nulls, 437 alternatives."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Evidence from the turns of one family.

    bits        log2 of the e-value after the last exchange read.
    peak_bits   Largest value on the way without the batches, whose quota is only known at the end, looked at every 16
                exchanges; by Ville's inequality it reaches b under the
                null with probability at most 2^-b, but it is not itself an e-value.
    """

    bits: float
    peak_bits: float


def dispatch_turns(account: NDArray[np.int32], time_us: NDArray[np.int64], model: TurnModel = TURN_MODEL) -> Turns:
    """Evidence that somebody hands out the turns, final and at its peak.

    account     Codes 0 to k-1 in order of first appearance, exchanges in time order. Shape n.
    time_us     Times in microseconds, not descending. Shape n.
    Raises      InvalidInput if codes do not appear in order, or times descend.

    >>> rng = np.random.default_rng(1)
    >>> draws = rng.integers(0, 60, 180)
    >>> order, codes = np.unique(draws, return_index=True)[1], np.unique(draws, return_inverse=True)[1]
    >>> account = np.argsort(np.argsort(order))[codes].astype(np.int32)
    >>> dispatch_turns(account, np.arange(180) * 1_000_000_000).bits > 3
    True
    """
    read = account[:MAX_EXCHANGES]
    when = time_us[:MAX_EXCHANGES]
    _check(read, when)
    if read.size == 0:
        return Turns(0.0, 0.0)
    if read.size > 2 * _FIRST_LOOK:
        soon = dispatch_turns(read[:_FIRST_LOOK], when[:_FIRST_LOOK], model)
        if soon.bits < _HOPELESS_BITS:
            return soon
    gap_hours = np.diff(when, prepend=when[0]) / _US_PER_HOUR
    mixture, nulls, peak = turns_log2(np.ascontiguousarray(read), gap_hours, *model)
    least = float(mixture - max(nulls.max(), _batch(np.ascontiguousarray(read))))
    return Turns(least, float(peak))


def _batch(account: NDArray[np.int32]) -> float:
    """Largest log2 likelihood under equal-quota batches."""
    sent = np.bincount(account)
    return float(batch_log2(account, int(sent.max()), _at_once(len(sent) // 4), _ASTRAY).max())


@lru_cache(maxsize=1_024)
def _at_once(most: int) -> NDArray[np.int64]:
    """Accounts at work at a time, a dozen numbers up to the most."""
    if most <= _BATCHES:
        return np.arange(1, max(most, 1) + 1, dtype=np.int64)
    return np.unique(np.geomspace(1, most, _BATCHES).astype(np.int64))


def dispatch_bits(account: NDArray[np.int32], time_us: NDArray[np.int64]) -> float:
    """Evidence in bits that somebody hands out the turns: the mean of two e-values, of all exchanges and of visits.

    A dispatcher may give an account to one worker for hours, or drain its quota before it takes the next: exchange by
    exchange that looks like a person who goes on. Whose visit comes next is then what is dealt. A visit begins after
    half an hour of silence of its account.

    >>> one_person = np.zeros(50, dtype=np.int32)
    >>> dispatch_bits(one_person, np.arange(50) * 60_000_000) < 0
    True
    """
    _check(account, time_us)
    visit = visits(account, time_us)
    by_exchange = dispatch_turns(account, time_us).bits
    by_visit = by_exchange if visit.all() else dispatch_turns(account[visit], time_us[visit]).bits
    return float(np.logaddexp2(by_exchange, by_visit) - 1)


def visits(account: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which exchanges begin a visit of their account.

    >>> minute = 60_000_000
    >>> visits(np.array([0, 1, 0, 0], np.int32), np.array([0, 5, 20, 60]) * minute).tolist()
    [True, True, False, True]
    """
    return np.asarray(visit_starts(account, time_us, _SILENCE_US), np.bool_)


def _check(account: NDArray[np.int32], time_us: NDArray[np.int64]) -> None:
    if account.shape != time_us.shape or account.ndim != 1:
        message = f"account and time_us must be one array each of equal length, got {account.shape} and {time_us.shape}"
        raise InvalidInput(message)
    if account.size == 0:
        return
    if not codes_in_order(account):
        message = "account codes must be 0, 1, 2, ... in order of first appearance"
        raise InvalidInput(message)
    if (time_us[1:] < time_us[:-1]).any():
        message = f"time_us must not descend, got a step back at row {int(np.argmax(np.diff(time_us) < 0)) + 1}"
        raise InvalidInput(message)
