"""Whose turn it is: how software that sits on many keys picks one for each job."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.second_hand.marks import pick

__all__ = ["POLICIES", "Keys", "assign", "chains"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_EPOCHS: Final = 4000
"""Changes of the pool that are followed one by one; of more, every so manieth."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Accounts in the pool: in use from and to, microseconds, and the weight an operator gave each."""

    from_us: Ints
    to_us: Ints
    weight: Floats

    def __len__(self) -> int:
        """How many there are."""
        return len(self.from_us)


def _weighted(rng: np.random.Generator, n: int, keys: Ints, weight: Floats) -> Ints:
    """Random by weight, as one-api chooses among channels of one priority."""
    at: Ints = rng.choice(keys, n, p=weight[keys] / weight[keys].sum())
    return at


def _rotate(rng: np.random.Generator, n: int, keys: Ints, weight: Floats) -> Ints:
    """Round robin; several gateway processes each keep a counter of their own."""
    gateways = min(4, max(1, len(keys) // 8))
    rows = np.arange(n)
    starts = rng.integers(0, len(keys), gateways)
    order = rng.permutation(keys)
    del weight
    at: Ints = order[(starts[rows % gateways] + rows // gateways) % len(keys)]
    return at


def _often(n: int, keys: Ints) -> int:
    """Jobs in a row that still let every key have two turns."""
    return max(1, n // (2 * len(keys)))


def _lease(rng: np.random.Generator, n: int, keys: Ints, weight: Floats) -> Ints:
    """Workers hold a key for a batch of jobs, hand it back and take the one that rested longest."""
    workers = max(1, min(len(keys) // 2, int(rng.integers(4, 65))))
    batch = min(int(rng.integers(3, 30)), _often(n, keys))
    order, rows = rng.permutation(keys), np.arange(n)
    del weight
    at: Ints = order[(rows % workers + workers * (rows // workers // batch)) % len(keys)]
    return at


def _drain(rng: np.random.Generator, n: int, keys: Ints, weight: Floats) -> Ints:
    """Use one key until it is rate limited, then the next: a few in parallel."""
    lanes, quota = max(1, min(3, len(keys) // 6)), min(int(rng.integers(8, 60)), _often(n, keys))
    order, rows = rng.permutation(keys), np.arange(n)
    del weight
    at: Ints = order[(rows % lanes + lanes * (rows // lanes // quota)) % len(keys)]
    return at


def _affine(rng: np.random.Generator, n: int, keys: Ints, weight: Floats) -> Ints:
    """The hash of the job says which key, so that retries of a job find its cache."""
    del weight
    return keys[pick(int(rng.integers(1 << 60)), len(keys), np.arange(n))]


POLICIES: Final[dict[str, Callable[[np.random.Generator, int, Ints, Floats], Ints]]] = {
    "weighted": _weighted,
    "rotate": _rotate,
    "lease": _lease,
    "drain": _drain,
    "affine": _affine,
}


def assign(rng: np.random.Generator, policy: str, time_us: Ints, keys: Keys) -> Ints:
    """A key in use at its time for every job.

    time_us     Ascending.
    """
    if not len(time_us):
        return np.empty(0, np.int64)
    if (keys.from_us <= time_us[0]).all() and (keys.to_us >= time_us[-1]).all():
        return POLICIES[policy](rng, len(time_us), np.arange(len(keys)), keys.weight)
    changes = np.unique(np.concatenate([keys.from_us, keys.to_us]))
    changes = changes[:: -(-len(changes) // _EPOCHS)]
    inside = changes[(changes > time_us[0]) & (changes <= time_us[-1])]
    edges = np.concatenate([time_us[:1], inside, time_us[-1:] + 1])
    bounds = np.searchsorted(time_us, edges)
    owner = np.empty(len(time_us), np.int64)
    for i in range(len(edges) - 1):
        rows = slice(bounds[i], bounds[i + 1])
        n = rows.stop - rows.start
        if n:
            owner[rows] = POLICIES[policy](rng, n, _alive(keys, edges[i], edges[i + 1]), keys.weight)
    return owner


def _alive(keys: Keys, start_us: int, end_us: int) -> Ints:
    """Keys in use during a while; when there is none, the one whose use is nearest."""
    found = np.flatnonzero((keys.from_us < end_us) & (keys.to_us > start_us))
    if len(found):
        return found
    return np.array([np.argmin(np.abs(keys.from_us - start_us))])


def chains(rng: np.random.Generator, n_keys: int, life: float) -> tuple[Floats, Floats]:
    """Keys that are banned after a while and replaced: each takes over where another ends.

    life    Of one key on average, as a share of the whole operation.
    Returns from and to as shares of the operation.
    """
    slots = max(2, round(n_keys * life))
    lasts = rng.gamma(1.6, 1 / 1.6, n_keys)
    begin, end = np.zeros(n_keys), np.zeros(n_keys)
    for slot in range(slots):
        mine = np.arange(slot, n_keys, slots)
        until = np.cumsum(lasts[mine]) / lasts[mine].sum()
        end[mine] = until
        begin[mine] = until - lasts[mine] / lasts[mine].sum()
    return begin, end
