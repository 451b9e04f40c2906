"""An operator at work: which request goes when through which account, cover and warm-up included."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stillwatch.bench.third_hand.clock import DAY_US, HOUR_US, Ints, job, people, turns_of, within
from stillwatch.bench.third_hand.dispatch import dispatch, generations
from stillwatch.bench.third_hand.operator import Operator, Pool
from stillwatch.bench.third_hand.scene import Scene
from stillwatch.bench.third_hand.spinning import draw_keys

__all__ = ["Plan", "plan"]

_GENERATIONS: Final = 8
_COLUMNS: Final = ("time", "account", "conversation", "item", "template", "turn", "status", "person", "wording")


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests in order of time; `person` is -1 for the harvest, else whose ordinary question the row carries."""

    time: Ints
    account: Ints
    conversation: Ints
    item: Ints
    template: Ints
    turn: Ints
    status: Ints
    person: Ints
    wording: Ints
    accounts: int


Rows = dict[str, Ints]


def _available(rng: np.random.Generator, operator: Operator, times: Ints) -> Ints:
    """Slots bought so far: all from the start, or in steps."""
    if operator.signup == "aged" or operator.trait.marks & {"once"} or rng.random() < 0.4:
        return np.full(len(times), operator.accounts)
    steps = int(rng.integers(2, 6))
    done = (times - operator.start_us) / max(1, operator.end_us - operator.start_us)
    share = np.minimum(1.0, (np.floor(done * steps * 1.3) + 1) / steps)
    return np.maximum(1, (operator.accounts * share).astype(np.int64))


def _as_people(rng: np.random.Generator, operator: Operator, n: int) -> tuple[Ints, Ints]:
    """Accounts that each work off a shard of the list in the hours of a person; conversations by account and time."""
    load = rng.lognormal(0.0, 0.8, operator.accounts)
    account = np.sort(
        np.concatenate([np.arange(operator.accounts), rng.choice(operator.accounts, n, p=load / load.sum())])[:n]
    )
    times, _ = people(rng, account, "human", operator.start_us, operator.end_us)
    order = np.lexsort((times, account))
    return times[order], account[order]


def _conversations(rng: np.random.Generator, operator: Operator, pool: Pool) -> Rows:
    """Time, account and item of each conversation."""
    trait = operator.trait
    n = max(1, round(operator.n / operator.turns))
    if trait.marks & {"shards"}:
        times, account = _as_people(rng, operator, n)
    else:
        times = job(rng, operator.hours, n, operator.start_us, operator.end_us)
        skew = rng.uniform(1.2, 2.2) if "skewed" in trait.marks else rng.uniform(0.3, 1.0)
        account = dispatch(rng, operator.dispatch, times, _available(rng, operator, times), skew)
    if operator.life:
        order = np.argsort(times, kind="stable")
        born = np.empty(n, np.int64)
        born[order] = generations(rng, times[order], account[order], operator.life, _GENERATIONS)
        account = account * _GENERATIONS + born
    again = np.arange(n) // operator.samples if rng.random() < 0.6 else np.arange(n) % max(1, n // operator.samples)
    share = np.cumsum(operator.share)
    template = np.minimum(np.searchsorted(share, rng.random(n) * share[-1]), len(share) - 1)
    return {"time": times, "account": account, "item": again % len(pool), "template": template}


def _turns(rng: np.random.Generator, operator: Operator, started: Rows) -> Rows:
    """Every turn of every conversation."""
    n = len(started["time"])
    length = 1 + rng.poisson(operator.turns - 1, n)
    whose = np.repeat(np.arange(n), length)
    turn = np.arange(len(whose)) - np.repeat(np.cumsum(length) - length, length) + 1
    wait = np.where(turn > 1, (rng.lognormal(np.log(rng.uniform(3, 40)), 0.7, len(whose)) * 1e6).astype(np.int64), 0)
    elapsed = np.cumsum(wait)
    first = (elapsed[turn == 1])[whose]
    rows = {name: column[whose] for name, column in started.items()}
    rows["time"] = rows["time"] + elapsed - first
    none = np.full(len(whose), -1)
    return {
        **rows,
        "conversation": whose,
        "turn": turn,
        "status": none + 201,
        "person": none,
        "wording": whose * 64 + turn,
    }


def _some(rows: Rows, at: Ints) -> Rows:
    return {name: column[at] for name, column in rows.items()}


def _joined(parts: list[Rows]) -> Rows:
    return {name: np.concatenate([p[name] for p in parts]) for name in _COLUMNS}


def _failed(rng: np.random.Generator, operator: Operator, rows: Rows) -> Rows:
    """Requests that were turned away and came again a moment later, some through another account."""
    failing = np.flatnonzero(rng.random(len(rows["time"])) < operator.failing)
    lost = _some(rows, failing)
    lost["time"] = lost["time"] - (rng.exponential(20.0, len(failing)) * 1e6).astype(np.int64) - 500_000
    lost["status"] = rng.choice([429, 529, 500], len(failing), p=[0.8, 0.1, 0.1])
    if rng.random() < 0.5 and len(failing):
        lost["account"] = rng.permutation(lost["account"])
    return lost


def _repeats(rng: np.random.Generator, rows: Rows) -> Rows:
    """What the operator sends once more to look like people who ask again."""
    again = np.flatnonzero((rng.random(len(rows["time"])) < rng.uniform(0.15, 0.45)) & (rows["turn"] == 1))
    more = _some(rows, again)
    more["time"] = more["time"] + (rng.exponential(5.0, len(again)) * HOUR_US).astype(np.int64)
    more["conversation"] = more["conversation"] + int(rows["conversation"].max()) + 1
    if rng.random() < 0.5:
        more["wording"] = more["wording"] + 32
    return more


def _ordinary(rng: np.random.Generator, operator: Operator, rows: Rows) -> Rows:
    """Cover: each account plays one person, or, through a relay, many people's sittings share the accounts."""
    relay = "relay" in operator.trait.marks
    n = round(operator.cover * len(rows["time"]))
    held = np.unique(rows["account"])
    crowd = max(1, int(n / rng.uniform(15, 50))) if relay else len(held)
    load = rng.lognormal(0.0, 0.9, crowd)
    person = np.sort(rng.choice(crowd, n, p=load / load.sum()))
    times, sitting = people(rng, person, str(rng.choice(["human", "evening"])), operator.start_us, operator.end_us)
    account = held[person] if not relay else held[draw_keys(sitting, 71).astype(np.int64) % len(held)]
    return _chat(person, times, account, sitting)


def _chat(person: Ints, times: Ints, account: Ints, sitting: Ints) -> Rows:
    zero = np.zeros(len(times), np.int64)
    return {
        "time": times,
        "account": account,
        "conversation": sitting + 2**40,
        "item": zero,
        "template": zero,
        "turn": turns_of(times, sitting),
        "status": zero + 200,
        "person": person,
        "wording": np.arange(len(times)),
    }


def _warm_up(rng: np.random.Generator, scene: Scene, rows: Rows) -> Rows:
    """A few harmless questions before an account's first work, where the window reaches back so far."""
    held, at = np.unique(rows["account"], return_index=True)
    first = np.full(len(held), 2**62)
    np.minimum.at(first, np.searchsorted(held, rows["account"]), rows["time"])
    whose = np.sort(np.repeat(np.arange(len(held)), rng.integers(0, 6, len(held))))
    times = first[whose] - (rng.exponential(1.2, len(whose)) * DAY_US).astype(np.int64) - HOUR_US // 2
    kept = times > scene.start_us
    whose, times = whose[kept], times[kept]
    return _chat(whose + 10**7, times, held[whose], np.arange(len(whose)) + 2**38 + len(at))


def plan(rng: np.random.Generator, operator: Operator, pool: Pool, scene: Scene) -> Plan:
    """All requests of one operation."""
    rows = _turns(rng, operator, _conversations(rng, operator, pool))
    parts = [rows, _failed(rng, operator, rows)]
    if "repeats" in operator.trait.marks:
        parts.append(_repeats(rng, rows))
    if operator.cover:
        parts.append(_ordinary(rng, operator, rows))
    if rng.random() < 0.4 and operator.trait.cover[1]:
        parts.append(_warm_up(rng, scene, rows))
    whole = _joined(parts)
    whole["time"] = within(whole["time"], scene.start_us, scene.end_us)
    order = np.argsort(whole["time"], kind="stable")
    whole = _some(whole, order)
    held, whole["account"] = np.unique(whole["account"], return_inverse=True)
    return Plan(**whole, accounts=len(held))
