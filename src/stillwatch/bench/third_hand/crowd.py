"""Who asks when through which account: people with their own hours, jobs, and groups with the same list."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stillwatch.bench.third_hand.clock import DAY_US, HOUR_US, HOURS, Ints, job, people, within
from stillwatch.bench.third_hand.exercises import Visits, assigned
from stillwatch.bench.third_hand.kinds import Kind
from stillwatch.bench.third_hand.relay import routed
from stillwatch.bench.third_hand.scene import Scene
from stillwatch.bench.third_hand.timetable import taken_up

__all__ = ["Crowd", "gathered"]

_FEWEST_OF_ONE: Final = 4
"""Exchanges of a relay's customer on average, where a small budget cannot feed more customers."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Rows of a unit before they have texts, sorted by time.

    item        Place in the list that everybody was given; 0 where people ask their own things.
    attempt     How often that person had taken it up before.
    nth         Turn about that question; above 1 follows it up.
    fronts      Shops that people come through, person by person.
    """

    time: Ints
    account: Ints
    person: Ints
    sitting: Ints
    item: Ints
    attempt: Ints
    nth: Ints
    accounts: int
    fronts: int = 1


def _weekend(scene: Scene, start_us: int, length_us: int) -> int:
    """Start of the Saturday after a time, where the window still has room for it."""
    day = start_us // DAY_US
    saturday = int(day + (5 - (day + 3) % 7) % 7) * DAY_US
    return saturday if scene.start_us <= saturday <= scene.end_us - length_us else start_us


def _span(rng: np.random.Generator, kind: Kind, scene: Scene) -> tuple[int, int]:
    """Days on which the unit is active."""
    start, end = scene.start_us, scene.end_us
    if not kind.span[1]:
        return start, end
    length = min(end - start, int(rng.uniform(*kind.span) * DAY_US))
    start += int(rng.integers(0, end - start - length + 1))
    if kind.system == "project":
        start = _weekend(scene, start, length)
    return start, start + length


def _people(rng: np.random.Generator, kind: Kind, accounts: int, n: int) -> Ints:
    """Whose each exchange is, grouped; some ask far more than others."""
    count = max(accounts, kind.crowd and round(accounts * kind.crowd * rng.uniform(*kind.varies)))
    if kind.fronts[1]:
        count = max(accounts, min(count, n // _FEWEST_OF_ONE))
    load = rng.lognormal(0.0, rng.uniform(0.4, 1.1), count)
    extra = rng.choice(count, max(0, n - min(n, count)), p=load / load.sum())
    return np.sort(np.concatenate([np.arange(min(n, count)), extra]))


def _own(rng: np.random.Generator, kind: Kind, scene: Scene, accounts: int, n: int) -> Crowd:
    """People or a job with questions of their own."""
    start, end = _span(rng, kind, scene)
    rhythm = str(rng.choice(kind.rhythm))
    person = _people(rng, kind, accounts, n)
    if rhythm in HOURS and rhythm != "office":
        times = job(rng, rhythm, n, start, end)
        queued = kind.listed and rng.random() < 0.5
        person = person if queued else rng.permutation(person)
        sitting = np.arange(n) if kind.listed else person * 64 + (times - start) // (6 * HOUR_US)
    else:
        times, sitting = people(rng, person, rhythm, start, end)
    order = np.argsort(times, kind="stable")
    times, person, sitting = times[order], person[order], sitting[order]
    account, fronts = person % accounts, 1
    if kind.router:
        fronts = max(1, int(rng.integers(kind.fronts[0], kind.fronts[1] + 1)))
        account = routed(rng, str(rng.choice(kind.router)), person, sitting, (accounts, fronts))
    zero = np.zeros(n, np.int64)
    return Crowd(times, account, person, sitting, zero, zero, zero + 1, accounts, fronts)


def _given(rng: np.random.Generator, kind: Kind, scene: Scene, accounts: int, n: int) -> Crowd:
    """Everybody takes up the same list, with follow-ups right after."""
    start, end = _span(rng, kind, scene)
    turns = rng.uniform(*kind.turns)
    visits: Visits = assigned(rng, kind, accounts, n / turns)
    times, sitting = taken_up(rng, str(rng.choice(kind.rhythm)), visits, start, end)
    count = len(times)
    anew = (rng.random(accounts) < 0.6)[visits.person] if kind.replies else np.ones(count, np.bool_)
    conversation = np.where(anew, np.arange(count), sitting + count)
    length = 1 + rng.poisson(turns - 1, count)
    whose = np.repeat(np.arange(count), length)
    nth = np.arange(len(whose)) - np.repeat(np.cumsum(length) - length, length) + 1
    wait = np.where(nth > 1, (rng.lognormal(np.log(70), 0.8, len(whose)) * 1e6).astype(np.int64), 0)
    elapsed = np.cumsum(wait)
    time = within(times[whose] + elapsed - elapsed[nth == 1][whose], scene.start_us, scene.end_us)
    order = np.argsort(time, kind="stable")
    at = whose[order]
    person = visits.person[at]
    return Crowd(
        time[order], person, person, conversation[at], visits.item[at], visits.attempt[at], nth[order], accounts
    )


def gathered(rng: np.random.Generator, kind: Kind, scene: Scene, accounts: int, n: int) -> Crowd:
    """About `n` exchanges of a unit of so many accounts."""
    return _given(rng, kind, scene, accounts, n) if kind.asks else _own(rng, kind, scene, accounts, n)
