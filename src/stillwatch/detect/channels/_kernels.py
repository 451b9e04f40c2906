"""Hot loops of the coordination channels; `_twins.py` has the readable versions."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["infrastructure_log2", "turns_log2"]

_FLUSH = 16
"""Exchanges between two logarithms: null probabilities are above 1e-8, so a product of sixteen is no underflow."""


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
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
    k_max = 0
    for t in range(n):
        k_max = max(k_max, account[t] + 1)
    n_habits, n_theta, n_discount = habit.shape[0], theta.shape[0], discount.shape[0]
    n_totals, n_sticky, n_fresh = total.shape[0], sticky.shape[0], fresh.shape[0]
    widths = np.unique(company)
    n_widths = widths.shape[0]
    deepest = max(widths[-1], sticky_company.max())

    exchanges = np.zeros(k_max, np.int64)
    visits = np.zeros((n_widths, k_max), np.int64)
    n_visits = np.zeros(n_widths, np.int64)
    last_turn = np.zeros(k_max, np.int64)
    recent = np.full(deepest, -1, np.int64)
    null_log2 = np.zeros((n_habits, n_theta, n_discount))
    null_product = np.ones((n_habits, n_theta, n_discount))
    weight = prior / prior.sum()
    predicted = np.empty(prior.shape[0])
    mixture_log2 = 0.0
    best = 0.0
    k = 0
    n_once = 0
    n_idle = 0
    swept = 0

    for t in range(n):
        a = account[t]
        is_new = a == k
        rank = -1
        for place in range(min(deepest, k)):
            if recent[place] == a:
                rank = place
                break
        if t > 0:
            keep_null = math.exp(-gap_hours[t] / memory_hours[0])
            keep_relay = math.exp(-gap_hours[t] / memory_hours[1])
            # Null grid.
            for i in range(n_habits):
                width = max(1, min(company[i], k // 4))
                same = 1.0 / width if 0 <= rank < width else 0.0
                s = habit[i] * keep_null
                if counting[i] < 0:
                    seen, times = float(t), float(exchanges[a])
                else:
                    seen, times = float(n_visits[counting[i]]), float(visits[counting[i], a])
                for j in range(n_theta):
                    scale = (1.0 - s) / (theta[j] + seen)
                    for m in range(n_discount):
                        if is_new:
                            null_product[i, j, m] *= scale * (theta[j] + discount[m] * k)
                        else:
                            null_product[i, j, m] *= scale * (times - discount[m]) + s * same
            # Mixture: idle accounts are those unused for more than k/2 turns; the border only moves forward.
            while swept < t - 0.5 * k:
                if last_turn[account[swept]] == swept:
                    n_idle += 1
                swept += 1
            is_idle = (not is_new) and last_turn[a] < swept
            surprise = 1.0 / (t + 2.0)
            for i in range(n_totals):
                unseen = total[i] - k
                floor = 0.0
                if unseen < 1e-9:
                    unseen = 0.0
                    floor = surprise
                share_new = max(unseen / total[i], surprise)
                predicted[i] = share_new if is_new else (1.0 - share_new) / k
                waiting = n_idle + unseen
                if waiting > 0.0:
                    if is_new:
                        rotation = (1.0 - floor) * (1.0 - slack) * unseen / waiting + floor
                    else:
                        rotation = (1.0 - floor) * ((1.0 - slack) * is_idle / waiting + slack / k)
                else:
                    rotation = floor if is_new else (1.0 - floor) / k
                predicted[n_totals + i] = rotation
                for m in range(n_sticky):
                    width = max(1, min(sticky_company[m], k // 4))
                    same = 1.0 / width if 0 <= rank < width else 0.0
                    s = sticky[m] * keep_relay
                    predicted[(2 + m) * n_totals + i] = (1.0 - s) * rotation + s * same
            at = (2 + n_sticky) * n_totals
            for i in range(n_fresh):
                predicted[at + i] = fresh[i] if is_new else (1.0 - fresh[i]) / k
            share_new = (n_once + 0.5) / (t + 1.0)
            predicted[at + n_fresh] = share_new if is_new else (1.0 - share_new) / k
            evidence = 0.0
            for i in range(predicted.shape[0]):
                weight[i] *= predicted[i]
                evidence += weight[i]
            mixture_log2 += math.log2(evidence)
            for i in range(predicted.shape[0]):
                weight[i] /= evidence
        # What the next turn may know. A visit begins when the account is not among those of its company.
        for i in range(n_widths):
            if is_new or rank < 0 or rank >= max(1, min(widths[i], k // 4)):
                visits[i, a] += 1
                n_visits[i] += 1
        if is_new:
            k += 1
            n_once += 1
        else:
            if exchanges[a] == 1:
                n_once -= 1
            if last_turn[a] < swept:
                n_idle -= 1
        exchanges[a] += 1
        last_turn[a] = t
        place = rank if rank >= 0 else deepest - 1
        while place > 0:
            recent[place] = recent[place - 1]
            place -= 1
        recent[0] = a
        if t % _FLUSH == _FLUSH - 1 or t == n - 1:
            least = np.inf
            for i in range(n_habits):
                for j in range(n_theta):
                    for m in range(n_discount):
                        null_log2[i, j, m] += math.log2(null_product[i, j, m])
                        null_product[i, j, m] = 1.0
                        least = min(least, mixture_log2 - null_log2[i, j, m])
            best = max(best, least)
    return mixture_log2, null_log2.ravel(), best


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def infrastructure_log2(
    value: NDArray[np.int64],
    p_background: NDArray[np.float64],
    stake: NDArray[np.float64],
    concentration: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log2 wealth (attributes, stakes) of each attribute alone, and (1 + attributes, stakes) of all, then all but one.

    value   Code of the attribute's value, 0 to its number of values - 1, -1 unknown. Shape (accounts, attributes).
    """
    k, n_attributes = value.shape
    n_stakes = stake.shape[0]
    alone = np.zeros((n_attributes, n_stakes))
    spread = np.zeros((1 + n_attributes, n_stakes))
    seen = np.zeros(n_attributes, np.int64)
    times = np.zeros((n_attributes, value.max() + 1 if k > 0 else 1), np.int64)
    ratio = np.empty(n_attributes)
    for i in range(k):
        any_known = False
        for a in range(n_attributes):
            x = value[i, a]
            ratio[a] = 1.0
            if x >= 0:
                any_known = True
                ratio[a] = (times[a, x] / p_background[i, a] + concentration) / (seen[a] + concentration)
                times[a, x] += 1
                seen[a] += 1
        if not any_known:
            continue
        for w in range(n_stakes):
            total = 0.0
            for a in range(n_attributes):
                bet = 1.0 + stake[w] * (ratio[a] - 1.0)
                total += bet
                alone[a, w] += math.log2(bet)
            spread[0, w] += math.log2(total / n_attributes)
            for a in range(n_attributes):
                if n_attributes > 1:
                    rest = total - (1.0 + stake[w] * (ratio[a] - 1.0))
                    spread[1 + a, w] += math.log2(rest / (n_attributes - 1))
    return alone, spread
