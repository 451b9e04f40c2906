"""Who sends what part of a campaign when: conversations, turns, failed attempts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.second_hand.attacks.plan import Plan, Size
from stillwatch.bench.second_hand.attacks.stock import keys_of
from stillwatch.bench.second_hand.clock import Habits, Sessions, cut, queue, sessions, unfold
from stillwatch.bench.second_hand.keypool import Keys, assign
from stillwatch.bench.second_hand.tradecraft import Craft

__all__ = ["Schedule", "schedule"]

Ints = NDArray[np.int64]

_FAILURES: Final = (429, 429, 429, 529, 500)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rows of a campaign, ascending in time.

    job     Number of the job a row belongs to, counted in order of time; a failed attempt and what repeats it share it.
    talk    Conversation; turn counts from 1 in it.
    status  HTTP status.
    keys    The accounts in use; each has at least one row.
    """

    time_us: Ints
    account: Ints
    job: Ints
    talk: Ints
    turn: Ints
    status: Ints
    keys: Keys


def schedule(rng: np.random.Generator, plan: Plan, craft: Craft, size: Size, span: tuple[int, int]) -> Schedule:
    """Exactly `size.exchanges` rows."""
    retry = 0.0 if plan.daily == 0 or plan.human else craft.retry
    failed = int(size.exchanges * retry)
    n = size.exchanges - failed
    drawn = _people(rng, craft, n, size.accounts, span) if plan.human else _machine(rng, plan, craft, n, span)
    time_us, talk, turn = drawn.time_us, drawn.session, drawn.turn
    opens = np.flatnonzero(turn == 1)
    keys = keys_of(rng, plan, craft, size.accounts, time_us)
    account = drawn.person if plan.human else _owners(rng, plan, craft, time_us[opens], keys)[_rank(talk[opens])[talk]]
    job = np.arange(n)
    again = rng.choice(n, failed, replace=False)
    wait = (rng.lognormal(np.log(8e6), 1.0, failed)).astype(np.int64) + 400_000
    other = np.where(
        rng.random(failed) < 0.6, account[np.clip(again + rng.integers(-40, 40, failed), 0, n - 1)], account[again]
    )
    rows = np.concatenate([time_us, np.maximum(time_us[again] - wait, span[0])])
    order = np.argsort(rows, kind="stable")
    used, compact = np.unique(np.concatenate([account, other]), return_inverse=True)
    status = np.concatenate([np.full(n, 200), rng.choice(_FAILURES, failed)])
    return Schedule(
        rows[order],
        compact[order],
        np.concatenate([job, job[again]])[order],
        np.concatenate([talk, talk[again]])[order],
        np.concatenate([turn, turn[again]])[order],
        status[order],
        Keys(keys.from_us[used], keys.to_us[used], keys.weight[used]),
    )


def _rank(talk: Ints) -> Ints:
    """Place of each conversation among those in order of time."""
    place = np.empty(len(talk), np.int64)
    place[talk] = np.arange(len(talk))
    return place


def _people(rng: np.random.Generator, craft: Craft, n: int, n_accounts: int, span: tuple[int, int]) -> Sessions:
    """Every account plays one person; the better the operator, the less alike they are."""
    habits = Habits(mean_turns=3.5, evenness=0.35 + 0.5 * (1 - craft.skill), zones=24 if craft.skill > 0.3 else 4)
    return sessions(rng, n, n_accounts, span, habits)


def _machine(rng: np.random.Generator, plan: Plan, craft: Craft, n: int, span: tuple[int, int]) -> Sessions:
    """A queue of conversations; whose they are is settled later."""
    turns = _lengths(rng, plan, n)
    heads = queue(rng, len(turns), span, craft.pace)
    pause_s = 11.0 if plan.turns == "trajectory" else 35.0
    return unfold(rng, heads, np.arange(len(turns)), turns, pause_s=pause_s, end_us=span[1])


def _owners(rng: np.random.Generator, plan: Plan, craft: Craft, heads: Ints, keys: Keys) -> Ints:
    if plan.daily == 0:
        return rng.permutation(len(heads))
    policy = "weighted" if plan.uneven else "rotate" if plan.daily < 1 else craft.policy
    return assign(rng, policy, heads, keys)


def _lengths(rng: np.random.Generator, plan: Plan, n: int) -> Ints:
    """Turns of each conversation; they add up to n."""
    if plan.turns == "padded":
        drawn = 1 + rng.integers(1, 5, n)
    elif plan.turns == "trajectory":
        drawn = np.clip(3 + rng.geometric(1 / 9, n), 4, 40)
    else:
        return np.ones(n, np.int64)
    return cut(drawn, n)
