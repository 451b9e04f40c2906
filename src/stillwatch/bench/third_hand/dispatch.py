"""Which key serves which request: what an operator's queue in front of many accounts does."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.third_hand.clock import DAY_US, Ints
from stillwatch.bench.third_hand.spinning import draw_keys

__all__ = ["DISPATCHERS", "dispatch", "generations"]

DISPATCHERS: Final = ("uniform", "weighted", "least-recent", "leases", "drain", "workers", "rota")


def _weighted(rng: np.random.Generator, available: Ints, skew: float) -> NDArray[np.float64]:
    most = int(available.max())
    load = np.cumsum(rng.lognormal(0.0, skew, most))
    return np.searchsorted(load / load[-1], rng.random(len(available))) / most


def _least_recent(rng: np.random.Generator, available: Ints) -> Ints:
    """A ring that is a little out of order, as answers come back at different times."""
    slack = rng.uniform(0.5, 6.0)
    return np.argsort(np.argsort(np.arange(len(available)) + rng.normal(0, slack, len(available)))) % available


def _leases(rng: np.random.Generator, times: Ints, available: Ints) -> Ints:
    """Workers that stay on one key for a lease, then ask for another."""
    slots = int(available.max())
    workers = int(np.clip(slots * rng.uniform(0.1, 0.6), 3, 4000))
    lease = int(rng.choice([10, 30, 60, 180]) * 60e6)
    worker = rng.integers(0, workers, len(times))
    phase = rng.integers(0, lease, workers)
    turn = (times + phase[worker]) // lease
    key = draw_keys(turn * 8191 + worker, int(rng.integers(2**40)))
    return (key % available.astype(np.uint64)).astype(np.int64)


def _drain(rng: np.random.Generator, times: Ints, available: Ints) -> Ints:
    """A key until its quota of the day, then the next; a few run side by side."""
    lanes = int(rng.integers(1, 6))
    day = (times - times[0]) // DAY_US
    first = np.searchsorted(day, day)
    rank = (np.arange(len(times)) - first) // lanes
    busiest = int(np.bincount(day).max())
    quota = max(3, round(busiest / int(available.max()) * rng.uniform(1.0, 1.6)))
    jitter = (draw_keys(day, int(rng.integers(2**40))) % np.uint64(97)).astype(np.int64)
    return np.asarray((jitter + rank // quota * lanes + np.arange(len(times)) % lanes) % available)


def _workers(rng: np.random.Generator, available: Ints) -> Ints:
    """Threads that each own a few keys and their stripe of the queue."""
    slots = int(available.max())
    own = int(rng.integers(2, 8))
    threads = max(1, slots // own)
    thread = rng.integers(0, threads, len(available))
    return np.asarray((thread * own + rng.integers(0, own, len(available))) % available)


def dispatch(rng: np.random.Generator, how: str, times: Ints, available: Ints, skew: float = 0.7) -> Ints:
    """Slot of each request.

    how         One of `DISPATCHERS`.
    times       Sorted.
    available   Slots there are at that time, at least 1.
    skew        Spread of the loads when weighted.
    """
    if how == "weighted":
        return np.minimum((_weighted(rng, available, skew) * available).astype(np.int64), available - 1)
    ways: dict[str, Callable[[], Ints]] = {
        "least-recent": lambda: _least_recent(rng, available),
        "leases": lambda: _leases(rng, times, available),
        "drain": lambda: _drain(rng, times, available),
        "workers": lambda: _workers(rng, available),
        "rota": lambda: np.arange(len(times)) % available,
        "uniform": lambda: (rng.random(len(times)) * available).astype(np.int64),
    }
    return ways[how]()


def generations(rng: np.random.Generator, times: Ints, slot: Ints, life_days: float, most: int = 8) -> Ints:
    """How often each slot's account had been closed and replaced before each time."""
    slots = int(slot.max()) + 1
    closed = times[0] + np.cumsum(rng.exponential(life_days * DAY_US, (slots, most - 1)), 1).astype(np.int64)
    born = np.zeros(len(times), np.int64)
    for i in range(most - 1):
        born += times >= closed[slot, i]
    return born
