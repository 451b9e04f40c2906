"""When things happen: machines by an intensity over the window, people in sessions of their own hours."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["DAY_US", "HOURS", "HOUR_US", "Ints", "job", "people", "turns_of", "within"]

Ints = NDArray[np.int64]
HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
_BIN_US: Final = 600_000_000
HOURS: Final = ("continuous", "nightly", "bursts", "throttled", "office", "deadline")
_DAYTIME: Final = np.array([1, 1, 1, 1, 1, 1, 2, 5, 8, 9, 9, 8, 7, 8, 9, 9, 8, 7, 7, 8, 9, 7, 4, 2], float)
_OFFICE: Final = np.array([0, 0, 0, 0, 0, 0, 0.2, 2, 7, 9, 9, 8, 4, 8, 9, 9, 7, 3, 0.6, 0.3, 0.2, 0.1, 0, 0], float)
_EVENING: Final = np.array([3, 2, 1, 0.3, 0.1, 0, 0.3, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5, 7, 8, 9, 9, 7, 5], float)
_RHYTHM: Final = {"human": _DAYTIME, "office": _OFFICE, "evening": _EVENING}


def within(times: Ints, start_us: int, end_us: int) -> Ints:
    """Fold what runs over either edge back into the window."""
    span = max(1, end_us - start_us)
    return np.where((times < start_us) | (times > end_us), start_us + (times - start_us) % span, times)


def _shape(rng: np.random.Generator, hours: str, bins: int) -> NDArray[np.float64]:
    """Rate of each ten-minute bin."""
    at = np.arange(bins)
    hour = (at // 6 + rng.integers(0, 24)) % 24
    if hours == "nightly":
        long = rng.integers(2, 8)
        night: NDArray[np.float64] = rng.gamma(8.0, 1.0, bins // 144 + 1)
        return np.where(hour < long, night[at // 144], 0.0)
    if hours == "bursts":
        edges = np.cumsum(rng.exponential(rng.uniform(6, 60), bins)) + rng.uniform(0, 6)
        on = np.searchsorted(edges, at) % 2 == 0
        return np.where(on, rng.gamma(4.0, 1.0, bins), 0.003)
    if hours == "office":
        worked = np.where((at // 144 + rng.integers(0, 7)) % 7 < 5, 1.0, 0.08)
        return np.asarray(_OFFICE[hour] * worked + 0.01)
    if hours == "deadline":
        return np.asarray(np.exp(3.5 * at / bins) * _EVENING[hour])
    rough = 40.0 if hours == "throttled" else 5.0
    rate: NDArray[np.float64] = rng.gamma(rough, 1.0, bins)
    pauses = rng.random(bins // 36 + 1) < 0.06
    return np.where(pauses[at // 36], 0.02, rate)


def job(rng: np.random.Generator, hours: str, n: int, start_us: int, end_us: int) -> Ints:
    """`n` sorted times of a machine's job.

    hours   One of `HOURS`; throttled spaces requests as a rate limit does, with little jitter.
    """
    bins = max(6, int((end_us - start_us) // _BIN_US))
    shape = _shape(rng, hours, bins)
    mass = np.concatenate([[0.0], np.cumsum(shape)])
    even = (np.arange(n) + rng.uniform(0.2, 0.8, n)) / max(n, 1)
    draws = even if hours == "throttled" else np.sort(rng.random(n))
    place = np.interp(draws * mass[-1], mass, np.arange(bins + 1))
    times = start_us + (place / bins * (end_us - start_us)).astype(np.int64)
    return np.sort(within(times + rng.integers(0, 999_999, n), start_us, end_us))


def people(
    rng: np.random.Generator, person: Ints, rhythm: str, start_us: int, end_us: int, *, reply_s: float = 75.0
) -> tuple[Ints, Ints]:
    """Times of people's exchanges, and the sitting each belongs to.

    person  Whose each exchange is, grouped: a person's exchanges stand together.
    rhythm  human, office or evening; each person has a time zone, favourite days and a pace.
    reply_s Median seconds between a person's exchanges in one sitting.
    """
    n, count = len(person), int(person.max()) + 1 if len(person) else 0
    pace = np.exp(rng.normal(np.log(reply_s), 0.5, count))
    new = (rng.random(n) < rng.uniform(0.12, 0.5, count)[person]) | (np.diff(person, prepend=-1) != 0)
    sitting = np.cumsum(new) - 1
    owner = person[new]
    k = len(owner)
    zone, days = rng.integers(0, 24, count), max(1, int(np.ceil((end_us - start_us) / DAY_US)))
    favourite = rng.dirichlet(np.full(days, 0.8), count).cumsum(1)
    day = (rng.random(k)[:, None] > favourite[owner]).sum(1)
    if rhythm == "office":
        day = np.where((day % 7 >= 5) & (rng.random(k) < 0.93), (day + 2) % days, day)
    hour = rng.choice(24, k, p=_RHYTHM[rhythm] / _RHYTHM[rhythm].sum())
    opened = start_us + (day * 24 + (hour + zone[owner]) % 24) * HOUR_US + rng.integers(0, HOUR_US, k)
    gap = np.where(new, 0, (np.exp(rng.normal(0, 0.9, n)) * pace[person] * 1e6).astype(np.int64))
    since = np.cumsum(gap)
    offset = since - since[new][sitting]
    return within(opened[sitting] + offset, start_us, end_us), sitting


def turns_of(times: Ints, sitting: Ints) -> Ints:
    """Place of each exchange in its sitting, from 1."""
    n = len(times)
    order = np.lexsort((times, sitting))
    starts = np.flatnonzero(np.diff(sitting[order], prepend=-1) != 0)
    turn = np.empty(n, np.int64)
    turn[order] = np.arange(n) - np.repeat(starts, np.diff([*starts, n])) + 1
    return turn
