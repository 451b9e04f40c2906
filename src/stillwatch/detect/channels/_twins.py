"""Readable versions of the kernels, for tests and readers: everything is counted anew from the past at every turn."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.channels.dispatch import TurnModel

__all__ = ["alternative_probabilities", "batch_probability", "infrastructure_wealth", "null_probability", "turn_bits"]


def null_probability(
    past: Sequence[int], a: int, gap_hours: float, model: TurnModel, null: tuple[int, int, int]
) -> float:
    """Probability of account a (or of a new one, a = number seen) after `past`, under null (habit, theta, discount)."""
    habit, theta, discount = null
    k = len(set(past))
    width = _width(int(model.company[habit]), k)
    by_visits = model.counting[habit] >= 0
    counted = [b for t, b in enumerate(past) if not by_visits or b not in _latest(past[:t], int(model.company[habit]))]
    s = model.habit[habit] * math.exp(-gap_hours / model.memory_hours[0])
    strength, d = model.theta[theta], model.discount[discount]
    mass = strength + d * k if a == k else counted.count(a) - d
    stay = 1 / width if a in _latest(past, int(model.company[habit])) else 0.0
    return float((1 - s) * mass / (strength + len(counted)) + s * stay)


def alternative_probabilities(past: Sequence[int], a: int, gap_hours: float, model: TurnModel) -> list[float]:
    """Probability of account a after `past` under each component, in the order of `TurnModel.prior`."""
    t, k = len(past), len(set(past))
    uniform = [_even(max(1 - k / total, 1 / (t + 2)), a, k) for total in model.total]
    rotation = [_rotation(past, a, total, model.slack) for total in model.total]
    sticky = []
    for strength, company in zip(model.sticky, model.sticky_company, strict=True):
        s = strength * math.exp(-gap_hours / model.memory_hours[1])
        stay = 1 / _width(int(company), k) if a in _latest(past, int(company)) else 0.0
        sticky += [(1 - s) * p + s * stay for p in rotation]
    once = sum(past.count(b) == 1 for b in set(past))
    rates = [*model.fresh, (once + 0.5) / (t + 1)]
    return [float(p) for p in (*uniform, *rotation, *sticky, *(_even(rate, a, k) for rate in rates))]


def batch_probability(past: Sequence[int], a: int, quota: int, at_once: int, slack: float) -> float:
    """Probability of account a (or of a new one) after `past` in an equal-quota batch."""
    k = len(set(past))
    unfinished = {b for b in past if past.count(b) < quota}
    seats = max(at_once, len(unfinished))
    planned = (seats - len(unfinished)) / seats if a == k else (a in unfinished) / seats
    return (1 - slack) * planned + slack / (k + 1)


def turn_bits(
    account: Sequence[int], gap_hours: Sequence[float], model: TurnModel
) -> tuple[float, NDArray[np.float64]]:
    """Log2 likelihood under the mixture and under each null."""
    mixture = np.log2(model.prior / model.prior.sum())
    grid = list(np.ndindex(model.habit.size, model.theta.size, model.discount.size))
    nulls = np.zeros(len(grid))
    for t in range(1, len(account)):
        past, a, gap = account[:t], account[t], gap_hours[t]
        mixture += np.log2(alternative_probabilities(past, a, gap, model))
        nulls += np.log2([null_probability(past, a, gap, model, (i, j, m)) for i, j, m in grid])
    return float(np.logaddexp2.reduce(mixture)), nulls


def infrastructure_wealth(
    attributes: NDArray[np.uint64], p_background: NDArray[np.float64], stake: float, concentration: float
) -> NDArray[np.float64]:
    """Bets (accounts, attributes) of one stake, 1 where the value is unknown."""
    bets = np.ones(attributes.shape)
    for i, a in np.argwhere(attributes != 0):
        known = attributes[:i, a][attributes[:i, a] != 0]
        p = p_background[i, a]
        predicted = ((known == attributes[i, a]).sum() + concentration * p) / (known.size + concentration)
        bets[i, a] = 1 - stake + stake * predicted / p
    return bets


def _width(company: int, k: int) -> int:
    return max(1, min(company, k // 4))


def _latest(past: Sequence[int], company: int) -> list[int]:
    """Return the last accounts, each once, latest first, as many as the company has room for."""
    order = list(dict.fromkeys(reversed(past)))
    return order[: _width(company, len(order))]


def _even(share_new: float, a: int, k: int) -> float:
    return share_new if a == k else (1 - share_new) / k


def _rotation(past: Sequence[int], a: int, total: float, slack: float) -> float:
    t, k = len(past), len(set(past))
    latest_turn = {b: u for u, b in enumerate(past)}
    idle = {b for b, u in latest_turn.items() if t - u > k / 2}
    unseen = max(total - k, 0)
    floor = 0.0 if unseen else 1 / (t + 2)
    if not len(idle) + unseen:
        return _even(floor, a, k)
    if a == k:
        return float((1 - floor) * (1 - slack) * unseen / (len(idle) + unseen) + floor)
    return float((1 - floor) * ((1 - slack) * (a in idle) / (len(idle) + unseen) + slack / k))
