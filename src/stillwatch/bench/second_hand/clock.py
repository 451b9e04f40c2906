"""When things are sent: job queues of machines, sessions of people, deadlines of both."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.second_hand.scene import DAY_US, HOUR_US

__all__ = [
    "Habits",
    "Pace",
    "Sessions",
    "cut",
    "deadline",
    "lengths",
    "nightly",
    "queue",
    "sessions",
    "singles",
    "unfold",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BIN_US: Final = HOUR_US // 6


@dataclass(frozen=True, slots=True)
class Pace:
    """How a factory is run.

    runs        Times it is started.
    nights_off  The queue is tended by a person who sleeps eight hours.
    jitter      0 for evenly paced workers, 1 for gaps as random as can be.
    """

    runs: int
    nights_off: bool
    jitter: float


def queue(rng: np.random.Generator, n: int, span: tuple[int, int], pace: Pace) -> Ints:
    """Times of n jobs that workers pull from a queue, ascending.

    The operator starts several runs; each ramps up, drifts with the provider's rate limits and now and then stalls.
    """
    start_us, end_us = span
    n_bins = max(1, (end_us - start_us) // _BIN_US)
    level = np.zeros(n_bins)
    for _ in range(pace.runs):
        at = int(rng.integers(0, n_bins))
        length = max(3, int(rng.lognormal(np.log(1.4 * n_bins / pace.runs), 0.7)))
        run = rng.lognormal(0, 0.5) * np.minimum(1.0, np.arange(1, length + 1) / 6)
        level[at : at + length] += run[: n_bins - at]
    drift = np.exp(np.convolve(rng.normal(0, 0.35, n_bins + 11), np.ones(12) / 2, "valid")[:n_bins] / 2)
    level = (level + 1e-9) * drift * (rng.random(n_bins) > 0.02)
    if pace.nights_off:
        asleep = (np.arange(n_bins) * _BIN_US // HOUR_US + int(rng.integers(24))) % 24 < 8
        level = np.where(asleep, level * 0.03, level)
    return _in_bins(rng, n, level, start_us, pace.jitter)


def _in_bins(rng: np.random.Generator, n: int, level: Floats, start_us: int, jitter: float) -> Ints:
    """N times spread over bins by their level, paced inside each."""
    share = level / level.sum() if level.sum() > 0 else np.full(len(level), 1 / len(level))
    count = rng.multinomial(n, share)
    bins = np.repeat(np.arange(len(level)), count)
    rank = np.arange(n) - np.repeat(np.cumsum(count) - count, count)
    paced = (rank + rng.random(n)) / np.maximum(1, np.repeat(count, count))
    inside = (1 - jitter) * paced + jitter * rng.random(n)
    return np.sort(start_us + ((bins + inside) * _BIN_US).astype(np.int64))


@dataclass(frozen=True, slots=True)
class Habits:
    """How people work.

    mean_turns  Turns of a session.
    office      Share of people who keep office hours.
    zones       Time zones people live in; 1 puts all in one.
    pause_s     Median seconds between two turns.
    evenness    0: some use it a hundred times more than others; 1: all alike.
    """

    mean_turns: float = 2.5
    office: float = 0.5
    zones: int = 24
    pause_s: float = 90.0
    evenness: float = 0.0


@dataclass(frozen=True, slots=True)
class Sessions:
    """Rows of people at work, ascending in time: who, in which session, which turn of it (from 1)."""

    time_us: Ints
    person: Ints
    session: Ints
    turn: Ints


def lengths(rng: np.random.Generator, n: int, mean_turns: float) -> Ints:
    """Turns of each session; they add up to n."""
    drawn = rng.geometric(1 / mean_turns, max(n, 1))
    return cut(drawn, n)


def cut(drawn: Ints, n: int) -> Ints:
    """The first of the drawn lengths that add up to n, the last one shortened."""
    if n == 0:
        return np.empty(0, np.int64)
    total = np.cumsum(drawn)
    last = int(np.searchsorted(total, n))
    kept = drawn[: last + 1].astype(np.int64)
    kept[-1] -= total[last] - n
    return kept


def unfold(
    rng: np.random.Generator, start_us: Ints, person: Ints, turns: Ints, *, pause_s: float, end_us: int
) -> Sessions:
    """Sessions that start then and have so many turns, as rows in order of time.

    pause_s     Median seconds between two turns; nothing comes after `end_us`.
    """
    session = np.repeat(np.arange(len(turns)), turns)
    turn = np.arange(len(session)) - np.repeat(np.cumsum(turns) - turns, turns) + 1
    pause = np.where(turn == 1, 0, rng.lognormal(np.log(pause_s), 0.8, len(turn))) * 1e6
    elapsed = np.cumsum(pause)
    opens = elapsed[np.flatnonzero(turn == 1)]
    time_us = np.minimum(start_us[session] + (elapsed - opens[session]).astype(np.int64), end_us - 1)
    order = np.lexsort((turn, time_us))
    return Sessions(time_us[order], person[session][order], session[order], turn[order])


def singles(time_us: Ints, person: Ints) -> Sessions:
    """Rows that each stand alone; times ascend."""
    return Sessions(time_us, person, np.arange(len(time_us)), np.ones(len(time_us), np.int64))


def sessions(
    rng: np.random.Generator, n: int, n_people: int, span: tuple[int, int], habits: Habits | None = None
) -> Sessions:
    """Exchanges of people with hours of their own, n in all; everyone sends at least one when n allows.

    span    First and last moment, microseconds.
    """
    (start_us, end_us), habits = span, habits or Habits()
    turns = lengths(rng, n, habits.mean_turns)
    weight = rng.lognormal(0, 1.1 * (1 - habits.evenness) + 0.05, n_people)
    person = rng.choice(n_people, len(turns), p=weight / weight.sum())
    everyone = rng.permutation(n_people)[: len(turns)]
    person[: len(everyone)] = everyone
    start = start_us + _hours(rng, person, n_people, (end_us - start_us) / DAY_US, habits)
    return unfold(rng, start, person, turns, pause_s=habits.pause_s, end_us=end_us)


def _hours(rng: np.random.Generator, person: Ints, n_people: int, days: float, habits: Habits) -> Ints:
    """Offset of each session from the start of the window, by its person's habits."""
    works = rng.random(n_people) < habits.office
    centre = np.where(works, rng.normal(13.0, 1.2, n_people), rng.normal(20.0, 2.0, n_people))
    zone = rng.integers(0, habits.zones, n_people) if habits.zones > 1 else np.full(n_people, rng.integers(24))
    width = np.where(works, 2.6, 3.4) * rng.lognormal(0, 0.25, n_people)
    day = rng.random((len(person), 2)) * days
    weekend = (day.astype(np.int64) % 7) >= 5
    rest = np.where(works, 0.12, 0.9)[person]
    keep = np.where(weekend[:, 0] & (rng.random(len(person)) > rest), day[:, 1], day[:, 0])
    hour = (rng.normal(centre[person], width[person]) - zone[person]) % 24
    whole = np.floor(keep)
    offset = (whole + hour / 24) * DAY_US
    return np.where(offset < days * DAY_US, offset, keep * DAY_US).astype(np.int64)


def deadline(rng: np.random.Generator, n: int, due_us: int, *, spread_h: float, earliest_us: int) -> Ints:
    """Times of n efforts that crowd before a deadline, ascending; some are late."""
    before = rng.exponential(spread_h, n) * HOUR_US
    late = rng.random(n) < 0.04
    when = due_us - np.where(late, -before * 0.05, before)
    too_early = when < earliest_us
    when = np.where(too_early, earliest_us + rng.random(n) * max(1, due_us - earliest_us), when)
    return np.sort(when.astype(np.int64))


def nightly(rng: np.random.Generator, n: int, start_us: int, end_us: int, *, at_h: float, hours: float) -> Ints:
    """Times of n jobs that cron starts every night at the same hour and workers finish evenly, ascending."""
    nights = np.arange(start_us + int(at_h * HOUR_US), end_us - int(hours * HOUR_US), DAY_US)
    if not len(nights):
        nights = np.array([start_us], np.int64)
    load = rng.lognormal(0, 0.3, len(nights))
    night = np.repeat(np.arange(len(nights)), rng.multinomial(n, load / load.sum()))
    inside = rng.beta(1.1, 1.4, n) * hours * HOUR_US
    return np.sort(np.minimum(nights[night] + inside.astype(np.int64), end_us - 1))
