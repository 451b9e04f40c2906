"""Hot loops of the dispatch channel; `_twins.py` has the readable version.

Sums run lane by lane, in an order that no vector width changes: every machine finds the same bits.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["turns_log2"]

_FLUSH = 16
"""Turns between two looks at the peak. Null probabilities are above 2^-31: a product of sixteen loses 496 bits."""
_SCALE_BITS = 512
_SCALE = 2.0**_SCALE_BITS


@njit(nogil=True, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]  # numba publishes no types
def turns_log2(  # noqa: PLR0917 - a kernel takes arrays, not objects
    account: NDArray[np.int32],
    gap_hours: NDArray[np.float64],
    theta: NDArray[np.float64],
    discount: NDArray[np.float64],
    habit: NDArray[np.float64],
    company: NDArray[np.int64],
    counting: NDArray[np.int64],
    total: NDArray[np.float64],
    sticky: NDArray[np.float64],
    sticky_company: NDArray[np.int64],
    fresh: NDArray[np.float64],
    prior: NDArray[np.float64],
    memory_hours: NDArray[np.float64],
    slack: float,
) -> tuple[float, NDArray[np.float64], float]:
    """Log2 likelihood of the turns under the mixture and under each null, and the largest log2 ratio on the way."""
    n = account.shape[0]
    widths = np.unique(np.concatenate((company, sticky_company)))
    n_widths = widths.shape[0]
    habit_width, sticky_width = np.searchsorted(widths, company), np.searchsorted(widths, sticky_company)
    # Habits are alike that count the same and keep the same company; only the strength tells them apart.
    pair = np.where(counting < 0, 0, 1 + habit_width) * n_widths + habit_width
    pairs = np.unique(pair)
    alike, counted, width_of = np.searchsorted(pairs, pair), pairs // n_widths, pairs % n_widths
    thetas = np.repeat(theta, discount.shape[0])
    discounts = discount[np.arange(thetas.shape[0]) % discount.shape[0]]

    sent = np.zeros((account.max() + 1, 1 + n_widths), np.int64)
    seen = np.zeros(1 + n_widths, np.int64)
    last_turn = np.zeros(sent.shape[0], np.int64)
    recent = np.full(widths[-1], -1, np.int64)
    stay = np.empty(n_widths)
    share = np.empty((pairs.shape[0], thetas.shape[0]))
    null, scales = np.ones((habit.shape[0], thetas.shape[0])), np.zeros((habit.shape[0], thetas.shape[0]))
    moved, left = np.ones(share.shape), np.ones(habit.shape[0])
    weight = prior / prior.sum()
    n_dealt = (2 + sticky.shape[0]) * total.shape[0]
    dealt, opening = weight[:n_dealt].reshape(2 + sticky.shape[0], total.shape[0]), weight[n_dealt:]
    uniform, rotation, lanes = np.empty(total.shape[0]), np.empty(total.shape[0]), np.empty(total.shape[0])
    evidence, product, mixture_log2, best = 1.0, 1.0, 0.0, 0.0
    k, n_once, n_idle, swept = 0, 0, 0, 0

    for t in range(n):
        a = account[t]
        is_new = a == k
        rank = -1 if is_new else _rank(recent, last_turn, a, k)
        if t > 0:
            _stays(stay, rank, widths, k)
            _shares(share, counted, is_new, k, sent, a, seen, thetas, discounts)
            keep = math.exp(-gap_hours[t] / memory_hours[0])
            for i in range(habit.shape[0]):
                s, p_stay = habit[i] * keep, stay[habit_width[i]]
                if p_stay > 0.0:
                    _multiply(null, i, share, alike[i], 1.0 - s, s * p_stay)
                else:
                    left[i] *= 1.0 - s
            # A turn that leaves the company is as likely for all alike, but for their strength.
            for i in range(pairs.shape[0]):
                if stay[width_of[i]] == 0.0:
                    _multiply(moved, i, share, i, 1.0, 0.0)
            # Idle are accounts unused for more than k/2 turns; the border only moves forward.
            while swept < t - 0.5 * k:
                n_idle += last_turn[account[swept]] == swept
                swept += 1
            is_idle = not is_new and last_turn[a] < swept
            _uniform(uniform, is_new, k, t, total)
            _rotation(rotation, is_new, is_idle, k, t, n_idle, total, slack)
            keep, scale = math.exp(-gap_hours[t] / memory_hours[1]), 1.0 / evidence
            lanes[:] = 0.0
            _advance(dealt, 0, uniform, scale, 0.0, lanes)
            _advance(dealt, 1, rotation, scale, 0.0, lanes)
            for i in range(sticky.shape[0]):
                s = sticky[i] * keep
                _advance(dealt, 2 + i, rotation, (1.0 - s) * scale, s * stay[sticky_width[i]] * scale, lanes)
            evidence = lanes.sum()
            for i in range(opening.shape[0]):
                rate = fresh[i] if i < fresh.shape[0] else (n_once + 0.5) / (t + 1.0)
                opening[i] *= scale * (rate if is_new else (1.0 - rate) / k)
                evidence += opening[i]
            product *= evidence
        # What the next turn may know. A visit begins when the account is not among those of its company.
        sent[a, 0] += 1
        seen[0] += 1
        for i in range(n_widths):
            if rank < 0 or rank >= _width(widths[i], k):
                sent[a, 1 + i] += 1
                seen[1 + i] += 1
        if is_new:
            k += 1
            n_once += 1
        else:
            n_once -= sent[a, 0] == 2
            n_idle -= last_turn[a] < swept
        last_turn[a] = t
        _to_front(recent, rank, a)
        if t % _FLUSH == _FLUSH - 1 or t == n - 1:
            mixture_log2 += math.log2(product)
            product = 1.0
            for i in range(habit.shape[0]):
                _multiply(null, i, moved, alike[i], left[i], 0.0)
            moved[:], left[:] = 1.0, 1.0
            _rescale(null, scales)
            best = max(best, mixture_log2 - _largest_log2(null, scales))
    return mixture_log2, (np.log2(null) - _SCALE_BITS * scales).ravel(), best


_inlined = njit(nogil=True, error_model="numpy")


@_inlined  # type: ignore[untyped-decorator]
def _width(company: int, k: int) -> int:
    """Accounts of a company: no more than a quarter of those seen."""
    return max(1, min(company, k // 4))


@_inlined  # type: ignore[untyped-decorator]
def _rank(recent: NDArray[np.int64], last_turn: NDArray[np.int64], a: int, k: int) -> int:
    """Place of account a among the last ones, -1 when it is not there."""
    if k >= recent.shape[0] and last_turn[a] < last_turn[recent[-1]]:
        return -1
    for place in range(min(recent.shape[0], k)):
        if recent[place] == a:
            return place
    return -1


@_inlined  # type: ignore[untyped-decorator]
def _to_front(recent: NDArray[np.int64], rank: int, a: int) -> None:
    """Account a, which was at `rank`, is the last one now."""
    for place in range(rank if rank >= 0 else recent.shape[0] - 1, 0, -1):
        recent[place] = recent[place - 1]
    recent[0] = a


@_inlined  # type: ignore[untyped-decorator]
def _stays(stay: NDArray[np.float64], rank: int, widths: NDArray[np.int64], k: int) -> None:
    """Probability of the account given that the turn stays in the company, for each width."""
    for i in range(widths.shape[0]):
        width = _width(widths[i], k)
        stay[i] = 1.0 / width if 0 <= rank < width else 0.0


@_inlined  # type: ignore[untyped-decorator]
def _shares(  # noqa: PLR0917
    share: NDArray[np.float64],
    counted: NDArray[np.int64],
    is_new: bool,  # noqa: FBT001
    k: int,
    sent: NDArray[np.int64],
    a: int,
    seen: NDArray[np.int64],
    thetas: NDArray[np.float64],
    discounts: NDArray[np.float64],
) -> None:
    """Pitman-Yor probability of the account, by what is counted and by theta and discount."""
    for i in range(share.shape[0]):
        times, total = sent[a, counted[i]], seen[counted[i]]
        for x in range(share.shape[1]):
            mass = thetas[x] + discounts[x] * k if is_new else times - discounts[x]
            share[i, x] = mass / (thetas[x] + total)


@_inlined  # type: ignore[untyped-decorator]
def _multiply(product: NDArray[np.float64], i: int, p: NDArray[np.float64], j: int, away: float, stay: float) -> None:
    """Row i of the products times `away` p + `stay`, row j of p."""
    for x in range(product.shape[1]):
        product[i, x] *= away * p[j, x] + stay


@_inlined  # type: ignore[untyped-decorator]
def _advance(
    weight: NDArray[np.float64],
    i: int,
    p: NDArray[np.float64],
    away: float,
    stay: float,
    lanes: NDArray[np.float64],
) -> None:
    """Row i of the weights times `away` p + `stay`, added to the lanes."""
    for x in range(p.shape[0]):
        weight[i, x] *= away * p[x] + stay
        lanes[x] += weight[i, x]


@_inlined  # type: ignore[untyped-decorator]
def _uniform(p: NDArray[np.float64], is_new: bool, k: int, t: int, total: NDArray[np.float64]) -> None:  # noqa: FBT001
    """Probability of the account when each of so many is as likely; a total that is exceeded grows."""
    for i in range(total.shape[0]):
        share_new = max((total[i] - k) / total[i], 1.0 / (t + 2.0))
        p[i] = share_new if is_new else (1.0 - share_new) / k


@_inlined  # type: ignore[untyped-decorator]
def _rotation(  # noqa: PLR0917
    p: NDArray[np.float64],
    is_new: bool,  # noqa: FBT001
    is_idle: bool,  # noqa: FBT001
    k: int,
    t: int,
    n_idle: int,
    total: NDArray[np.float64],
    slack: float,
) -> None:
    """Probability of the account when turns go round among those idle and those never used."""
    for i in range(total.shape[0]):
        unseen = max(total[i] - k, 0.0)
        floor = 0.0 if unseen > 0.0 else 1.0 / (t + 2.0)
        waiting = n_idle + unseen
        in_turn = (1.0 - slack) / waiting if waiting > 0.0 else 0.0
        astray = slack / k if waiting > 0.0 else 1.0 / k
        p[i] = (1.0 - floor) * in_turn * unseen + floor if is_new else (1.0 - floor) * (in_turn * is_idle + astray)


@_inlined  # type: ignore[untyped-decorator]
def _rescale(product: NDArray[np.float64], scales: NDArray[np.float64]) -> None:
    """Bring products back to where sixteen more turns are no underflow, and count how often."""
    for i in range(product.shape[0]):
        for x in range(product.shape[1]):
            is_small = product[i, x] < 1.0 / _SCALE
            product[i, x] *= _SCALE if is_small else 1.0
            scales[i, x] += 1.0 if is_small else 0.0


@_inlined  # type: ignore[untyped-decorator]
def _largest_log2(product: NDArray[np.float64], scales: NDArray[np.float64]) -> float:
    """Log2 of the largest product that `_rescale` left: one scaled less often is larger."""
    fewest, largest = scales[0].copy(), np.zeros(product.shape[1])
    for i in range(product.shape[0]):
        for x in range(product.shape[1]):
            fewest[x] = min(fewest[x], scales[i, x])
    least = fewest.min()
    for i in range(product.shape[0]):
        for x in range(product.shape[1]):
            p = product[i, x] if scales[i, x] == least else 0.0
            largest[x] = max(largest[x], p)
    return float(math.log2(largest.max()) - _SCALE_BITS * least)
