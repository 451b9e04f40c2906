"""A reseller's router: which of its keys carries which customer's request."""

import heapq
from typing import Final

import numpy as np

from stillwatch.bench.third_hand.clock import HOUR_US, Ints
from stillwatch.bench.third_hand.spinning import draw_keys

__all__ = ["ROUTERS", "restocked", "routed"]

ROUTERS: Final = ("request", "conversation", "customer", "least-loaded", "round-robin")


def _least_loaded(rng: np.random.Generator, n: int, keys: int) -> Ints:
    """The key that has been charged least so far."""
    cost = rng.lognormal(0.0, 1.0, n).tolist()
    waiting = [(float(start), key) for key, start in enumerate(rng.random(keys))]
    heapq.heapify(waiting)
    chosen = np.empty(n, np.int64)
    for i in range(n):
        load, key = waiting[0]
        chosen[i] = key
        heapq.heapreplace(waiting, (load + cost[i], key))
    return chosen


def _one_front(rng: np.random.Generator, how: str, person: Ints, sitting: Ints, keys: int) -> Ints:
    n = len(person)
    if how == "least-loaded":
        return _least_loaded(rng, n, keys)
    if how == "round-robin":
        return np.arange(n) % keys
    if how == "request":
        return rng.integers(0, keys, n)
    return (draw_keys(sitting if how == "conversation" else person, 73) % np.uint64(keys)).astype(np.int64)


def routed(rng: np.random.Generator, how: str, person: Ints, sitting: Ints, size: tuple[int, int]) -> Ints:
    """Key of each request.

    how     One of `ROUTERS`.
    person  In order of time; of `fronts` fronts a customer has the one of the number modulo them.
    size    Keys, and fronts; they share the keys, or each has its own.
    """
    keys, fronts = size
    apart = fronts > 1 and keys >= 4 * fronts and rng.random() < 0.5
    if not apart:
        return _one_front(rng, how, person, sitting, keys)
    chosen = np.empty(len(person), np.int64)
    for front in range(fronts):
        at = np.flatnonzero(person % fronts == front)
        own = len(range(front, keys, fronts))
        chosen[at] = _one_front(rng, how, person[at], sitting[at], own) * fronts + front
    return chosen


def restocked(rng: np.random.Generator, first_us: Ints) -> Ints:
    """When keys were opened that are bought a batch at a time, each batch shortly before its first key is needed."""
    batch = np.empty(len(first_us), np.int64)
    batch[np.argsort(first_us, kind="stable")] = np.arange(len(first_us)) // int(rng.integers(5, 50))
    needed = np.full(int(batch.max()) + 1, 2**62)
    np.minimum.at(needed, batch, first_us)
    bought = needed - (rng.exponential(30, len(needed)) * HOUR_US).astype(np.int64) - HOUR_US
    return np.asarray(bought[batch] - rng.integers(0, HOUR_US // 2, len(first_us)))
