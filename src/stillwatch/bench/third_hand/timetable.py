"""When people who were given the same questions take them up: homework, labs, runs, queues, studies."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.third_hand.clock import DAY_US, HOUR_US, Ints, job, within
from stillwatch.bench.third_hand.exercises import Visits

__all__ = ["taken_up"]

_COURSES: Final = ("homework", "labs", "mixed")
_RUNS: Final = ("release", "spread", "ci")
_STUDIES: Final = ("sitting", "diary")
_LAB_US: Final = 2 * HOUR_US
_AFTER_SCHOOL: Final = np.array([4, 2, 1, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 4, 6, 8, 8, 7, 8, 10, 11, 9, 6], float)


def _offsets(rng: np.random.Generator, new: NDArray[np.bool_], pace_s: NDArray[np.float64]) -> Ints:
    """Time since each sitting was opened."""
    gap = np.where(new, 0, (np.exp(rng.normal(0, 0.7, len(new))) * pace_s * 1e6).astype(np.int64))
    since = np.cumsum(gap)
    return np.asarray(since - since[new][np.cumsum(new) - 1])


def _squeezed(offset: Ints, sitting: Ints, room: Ints) -> Ints:
    """Sittings that would run over their room are worked off faster."""
    longest = np.zeros(len(room), np.int64)
    np.maximum.at(longest, sitting, offset)
    return (offset * np.minimum(1.0, room / np.maximum(1, longest))[sitting]).astype(np.int64)


def _course(rng: np.random.Generator, how: str, visits: Visits, start: int, end: int) -> tuple[Ints, Ints]:
    """Sheets of exercises one after another; each group of the class has its own lab and its own due date."""
    person, item = visits.person, visits.item
    sheets = int(np.clip(round((end - start) / DAY_US / 7), 1, max(1, visits.questions // 3)))
    period, groups = (end - start) // sheets, int(rng.integers(1, 6))
    sheet = item * sheets // visits.questions
    turned = (np.diff(person, prepend=-1) != 0) | (np.diff(sheet, prepend=-1) != 0)
    later = rng.random(len(item)) < np.where(visits.attempt > 0, 0.6, 0.15)
    new = turned | later
    sitting = np.cumsum(new) - 1
    owner, part, k = person[new], sheet[new], int(new.sum())
    group, zone = owner % groups, int(rng.integers(0, 24)) * HOUR_US
    lab = (turned[new] & (rng.random(k) < {"labs": 0.95, "homework": 0.0, "mixed": 0.5}[how])).astype(np.bool_)
    released = start + part * period
    day = released // DAY_US * DAY_US + zone
    slot = rng.integers(0, max(1, period // DAY_US), groups) * DAY_US + rng.integers(8, 18, groups) * HOUR_US
    in_class = day + slot[group] + rng.integers(0, HOUR_US // 4, k)
    lead = np.minimum(rng.exponential(rng.uniform(0.8, 2.5), k) * DAY_US, period * 0.95).astype(np.int64)
    handed_in = released + period - rng.integers(0, DAY_US, groups)[group]
    hour = rng.choice(24, k, p=_AFTER_SCHOOL / _AFTER_SCHOOL.sum())
    at_home = (handed_in - lead) // DAY_US * DAY_US + zone + hour * HOUR_US + rng.integers(0, HOUR_US, k)
    opened = np.where(lab, in_class, at_home)
    pace = np.exp(rng.normal(np.log(240), 0.5, int(person.max()) + 1))[person]
    room = np.where(lab, _LAB_US - HOUR_US // 4, 6 * HOUR_US)
    return opened[sitting] + _squeezed(_offsets(rng, new, pace), sitting, room), sitting


def _runs(rng: np.random.Generator, how: str, visits: Visits, start: int, end: int) -> tuple[Ints, Ints]:
    """Accounts that each work a list off on their own: after a release, at any time, or night by night."""
    n = len(visits.person)
    starts = np.append(np.flatnonzero(np.diff(visits.person, prepend=-1) != 0), n)
    times = np.empty(n, np.int64)
    pace = rng.lognormal(np.log(12), 0.9)
    for i, j in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if how == "ci":
            times[i:j] = job(rng, "nightly", j - i, start, end)
            continue
        length = min(int((j - i) * pace * rng.lognormal(0.0, 0.5) * 1e6), end - start)
        room = (end - start - length) // (5 if how == "release" else 1)
        began = start + int(rng.integers(0, room + 1))
        times[i:j] = job(rng, str(rng.choice(["throttled", "bursts", "continuous"])), j - i, began, began + length)
    return times, np.arange(n)


def _study(rng: np.random.Generator, how: str, visits: Visits, start: int, end: int) -> tuple[Ints, Ints]:
    """Participants who come in waves and do all tasks at once, or some every day."""
    person, n = visits.person, len(visits.person)
    count, days = int(person.max()) + 1, max(1, (end - start) // DAY_US)
    first = np.diff(person, prepend=-1) != 0
    place = np.arange(n) - np.flatnonzero(first)[np.cumsum(first) - 1]
    rank = place * days // max(1, int(place.max()) + 1) if how == "diary" else np.zeros(n, np.int64)
    new = first | (np.diff(rank, prepend=-1) != 0)
    sitting = np.cumsum(new) - 1
    launch = start + rng.integers(0, max(1, end - start - DAY_US // 3), int(rng.integers(1, 5)))
    came = rng.choice(launch, count) + (rng.exponential(rng.uniform(0.5, 8), count) * HOUR_US).astype(np.int64)
    usual = start + rng.integers(0, DAY_US, count)
    owner = person[new]
    drift = rng.normal(0, 1.5, len(owner)) * HOUR_US
    opened = np.where(how == "diary", usual[owner] + rank[new] * DAY_US + drift.astype(np.int64), came[owner])
    pace = np.exp(rng.normal(np.log(110), 0.5, count))[person]
    return opened[sitting] + _offsets(rng, new, pace), sitting


def _queue(rng: np.random.Generator, how: str, visits: Visits, start: int, end: int) -> tuple[Ints, Ints]:
    """Candidates arrive one by one, and the judges of a panel take each up soon after."""
    arrival = job(rng, how, visits.questions, start, end)
    lag = rng.exponential(rng.uniform(0.5, 40) * 60e6, len(visits.item)).astype(np.int64)
    return arrival[visits.item] + lag, np.arange(len(visits.item))


def taken_up(rng: np.random.Generator, how: str, visits: Visits, start_us: int, end_us: int) -> tuple[Ints, Ints]:
    """Time of each visit, and the sitting it belongs to.

    how     homework, labs or mixed; release, spread or ci; sitting or diary; one of `HOURS` for a queue.
    """
    ways = {**dict.fromkeys(_COURSES, _course), **dict.fromkeys(_RUNS, _runs), **dict.fromkeys(_STUDIES, _study)}
    times, sitting = ways.get(how, _queue)(rng, how, visits, start_us, end_us)
    return within(times, start_us, end_us), sitting
