"""Traffic of unrelated accounts, drawn from stated nulls: what an e-value must not win against."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["INFRASTRUCTURE_NULLS", "TURN_NULLS", "InfrastructureNull", "TurnNull", "habitual_turns"]

Turns = tuple[NDArray[np.int32], NDArray[np.int64]]
Shared = tuple[NDArray[np.uint64], NDArray[np.float64]]
_HOUR_US: Final = 3.6e9


class TurnNull(NamedTuple):
    """Unrelated people who take turns; `is_in_grid` when the channel's null holds it as one of its members."""

    name: str
    is_in_grid: bool
    draw: Callable[[np.random.Generator, int], Turns]


class InfrastructureNull(NamedTuple):
    """Unrelated accounts with attributes; `is_in_grid` when the background given is the one they were drawn from."""

    name: str
    is_in_grid: bool
    draw: Callable[[np.random.Generator, int], Shared]


def habitual_turns(
    rng: np.random.Generator, n: int, theta: float, discount: float, habit: float, memory_hours: float = 0.3
) -> Turns:
    """People who adopt something and come back: Pitman-Yor by exchanges, and the last one goes on while it is fresh.

    n           Exchanges; gaps are log-normal around 0.1 hours.
    habit       Probability that the last account goes on, fading as exp(-gap / memory_hours).
    References  Pitman and Yor (1997), Ann. Probab. 25, 855-900.
    """
    gap_hours = rng.lognormal(np.log(0.1), 1.5, n)
    account, counts = np.zeros(n, np.int32), [1.0]
    for t in range(1, n):
        if rng.random() < habit * np.exp(-gap_hours[t] / memory_hours):
            account[t] = account[t - 1]
        else:
            k = len(counts)
            weights = np.array([*(c - discount for c in counts), theta + discount * k])
            account[t] = rng.choice(k + 1, p=weights / weights.sum())
        if account[t] == len(counts):
            counts.append(1.0)
        else:
            counts[account[t]] += 1
    return account, np.cumsum(gap_hours * _HOUR_US).astype(np.int64)


def _ordered(account: NDArray[np.int64], time_us: NDArray[np.int64]) -> Turns:
    """In order of time, accounts numbered by first appearance."""
    order = np.argsort(time_us, kind="stable")
    _, first, code = np.unique(account[order], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return rank[code], time_us[order]


def _daily(rng: np.random.Generator, n: int) -> Turns:
    """People with sessions of a few exchanges around hours of their own, over two weeks; volumes are log-normal."""
    n_people = max(5, n // 6)
    weight = rng.lognormal(0.0, 1.2, n_people)
    length = np.minimum(rng.geometric(0.35, n), 12)
    session = np.repeat(np.arange(n), length)[:n]
    who = rng.choice(n_people, n, p=weight / weight.sum())
    start = rng.integers(0, 14, n) * 24 + rng.normal(rng.uniform(0, 24, n_people)[who], 2.5)
    return _ordered(who[session], ((start[session] + rng.exponential(0.15, n) + 24) * _HOUR_US).astype(np.int64))


def _punctual(rng: np.random.Generator, n: int) -> Turns:
    """People who come alone at the same minute every day, one exchange a visit: a rota that nobody wrote."""
    n_people = max(5, n // 14)
    who, day = np.divmod(np.arange(n), 14)
    at = day * 24 + rng.uniform(0, 24, n_people + 1)[who] + rng.exponential(0.1, n)
    return _ordered(who, (at * _HOUR_US).astype(np.int64))


def _quotas(rng: np.random.Generator, n: int) -> Turns:
    """An equal-quota batch: every account sends its share in one run, then the next."""
    n_accounts = max(5, n // 8)
    who = np.arange(n) * n_accounts // n
    return _ordered(who, np.cumsum(rng.exponential(20e6, n)).astype(np.int64))


def _crowd(rng: np.random.Generator, n: int) -> Turns:
    """A wave: nearly everybody comes once."""
    who = np.where(rng.random(n) < 0.9, np.arange(n), rng.integers(0, n, n))
    return _ordered(who, np.sort(rng.gamma(2.0, 6.0, n) * _HOUR_US).astype(np.int64))


TURN_NULLS: Final[tuple[TurnNull, ...]] = (
    TurnNull("Pitman-Yor 16, .3", True, lambda rng, n: habitual_turns(rng, n, 16.0, 0.3, 0.0)),
    TurnNull("Pitman-Yor 4, .6, habit .9", True, lambda rng, n: habitual_turns(rng, n, 4.0, 0.6, 0.9)),
    TurnNull("Pitman-Yor 40, .45, habit .7", False, lambda rng, n: habitual_turns(rng, n, 40.0, 0.45, 0.7, 0.6)),
    TurnNull("people with hours of their own", False, _daily),
    TurnNull("people as punctual as clocks", False, _punctual),
    TurnNull("equal-quota batch", False, _quotas),
    TurnNull("a wave of newcomers", False, _crowd),
)


def _zipf(n_values: int) -> NDArray[np.float64]:
    share = 1 / np.arange(1, n_values + 1) ** 1.1
    return np.asarray(share / share.sum())


def _independent(rng: np.random.Generator, k: int) -> Shared:
    """Three attributes, each drawn from a background that is known."""
    parts = [(_zipf(n), rng.choice(n, k, p=_zipf(n))) for n in (3_000, 400, 60)]
    values = np.column_stack([drawn + 1 for _, drawn in parts]).astype(np.uint64)
    return values, np.column_stack([share[drawn] for share, drawn in parts])


def _dependent(rng: np.random.Generator, k: int) -> Shared:
    """A network fixes its AS number, as real ones do; both backgrounds are known."""
    share = _zipf(3_000)
    prefix = rng.choice(3_000, k, p=share)
    asn_of = np.arange(3_000) % 300
    asn_share = np.bincount(asn_of, weights=share)
    values = np.column_stack([prefix + 1, asn_of[prefix] + 1]).astype(np.uint64)
    return values, np.column_stack([share[prefix], asn_share[asn_of[prefix]]])


def _estimated(rng: np.random.Generator, k: int) -> Shared:
    """The background is counted among 500 other accounts, plus one in n, as a scan does it."""
    share = _zipf(3_000)
    inside, outside = rng.choice(3_000, k, p=share), rng.choice(3_000, 500, p=share)
    count = np.bincount(outside, minlength=3_000)
    return (inside[:, None] + 1).astype(np.uint64), ((count[inside] + 1) / 501)[:, None]


INFRASTRUCTURE_NULLS: Final[tuple[InfrastructureNull, ...]] = (
    InfrastructureNull("independent, background known", True, _independent),
    InfrastructureNull("network fixes AS number", True, _dependent),
    InfrastructureNull("background of 500 accounts", False, _estimated),
)
