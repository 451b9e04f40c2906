"""When people act: sessions at their own hours, conversations of several turns, weekends."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stillwatch.simulate.arrays import FloatArray, IntArray

__all__ = ["Activity", "Habits", "act", "habits"]

_DAY_S = 86_400.0
_RESUMED = 0.08


@dataclass(frozen=True, slots=True)
class Habits:
    """How each of some people uses a model; arrays by person.

    count             Exchanges in the window, at least 1.
    session_length    Exchanges per session on average.
    turns             User turns per conversation on average.
    gap_s             Median pause inside a session, seconds.
    hour, spread_h    Centre of the person's day, UTC hours, and its standard deviation.
    first_day, last_day    Days between which they act, counted from the start of the window.
    weekend           How active weekends are compared with weekdays, 0 to 1.
    """

    count: IntArray
    session_length: FloatArray
    turns: FloatArray
    gap_s: FloatArray
    hour: FloatArray
    spread_h: FloatArray
    first_day: FloatArray
    last_day: FloatArray
    weekend: FloatArray


class Activity(NamedTuple):
    """Exchanges of people, person by person.

    person          Index into the habits.
    time_s          Seconds since the start of the window.
    session, conversation    Numbered from 0 within this activity.
    turn            1 opens a conversation.
    """

    person: IntArray
    time_s: FloatArray
    session: IntArray
    conversation: IntArray
    turn: IntArray


def habits(rng: np.random.Generator, count: IntArray, days: float) -> Habits:
    """Habits of unrelated people with the given numbers of exchanges."""
    n = len(count)
    return Habits(
        count=count,
        session_length=1.0 + rng.gamma(2.0, 2.2, n),
        turns=1.0 + rng.gamma(1.2, 1.1, n),
        gap_s=rng.lognormal(np.log(75.0), 0.6, n),
        hour=rng.uniform(0.0, 24.0, n),
        spread_h=rng.gamma(6.0, 0.45, n),
        first_day=np.where(rng.random(n) < 0.25, rng.uniform(0.0, days, n), 0.0),
        last_day=np.full(n, days),
        weekend=rng.beta(1.5, 1.5, n),
    )


def _since(starts: IntArray, n: int) -> IntArray:
    """For each of `n` rows, the latest start at or before it."""
    return np.repeat(starts, np.diff(np.append(starts, n)))


def _session_starts(rng: np.random.Generator, who: IntArray, person: Habits) -> FloatArray:
    """Start of each session, seconds; sessions of a person are not in order."""
    first, last = person.first_day[who], person.last_day[who]
    day = np.floor(first + rng.random(len(who)) * (last - first))
    weekend = np.isin(day % 7, (5, 6)) & (rng.random(len(who)) > person.weekend[who]) & (last - first > 2)
    day = np.where(weekend, np.clip(day - rng.integers(1, 5, len(who)), np.floor(first), None), day)
    hour = person.hour[who] + person.spread_h[who] * rng.standard_normal(len(who))
    return day * _DAY_S + (hour % 24.0) * 3600.0


def act(rng: np.random.Generator, person: Habits, days: float) -> Activity:
    """Everything the people do in a window of `days`; now and then a session takes an old conversation up again."""
    who = np.repeat(np.arange(len(person.count)), person.count)
    n = len(who)
    first = np.ones(n, bool)
    first[1:] = who[1:] != who[:-1]
    opens = first | (rng.random(n) < 1.0 / person.session_length[who])
    heads = np.flatnonzero(opens)
    start = _session_starts(rng, who[heads], person)
    gap = np.where(opens, 0.0, rng.lognormal(np.log(person.gap_s[who]), 0.9))
    elapsed = np.cumsum(gap)
    elapsed = elapsed - elapsed[_since(heads, n)]
    session = np.cumsum(opens) - 1
    length = np.maximum.reduceat(elapsed, heads) if n else elapsed
    # a person's sessions in order of time; who they belong to stays as it is
    start = start[np.lexsort((start, who[heads]))]
    start = np.clip(start, 0.0, np.maximum(days * _DAY_S - 1.0 - length, 0.0))
    resumed = opens & ~first & (rng.random(n) < _RESUMED)
    fresh = (opens & ~resumed) | (~opens & (rng.random(n) < 1.0 / person.turns[who]))
    conversation = np.cumsum(fresh) - 1
    turn = np.arange(n) - _since(np.flatnonzero(fresh), n) + 1
    return Activity(who, start[session] + elapsed, session, conversation, turn)
